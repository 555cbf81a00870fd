// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package metadataapi

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func readStep(t *testing.T, file string) *Step {
	t.Helper()
	s, err := ReadStep("w.yaml", []byte(file), "s", nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestReadStepRefusesAFileWithItsLine(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ file, want string }{
		"no steps":       {"apiVersion: v1\n", `w.yaml: step "s": not found` + "\nHint: the steps are without names"},
		"no name":        {"steps:\n- spec: {}\n", `w.yaml: step "s": not found` + "\nHint: the steps are without names"},
		"twice":          {"steps:\n- name: s\n- name: s\n", `w.yaml: duplicate step name "s"`},
		"env list":       {"steps:\n- name: s\n  env:\n  - a\n", `w.yaml:4: step "s": env: must be a map of variables`},
		"variable name":  {"steps:\n- name: s\n  env:\n    a=b: c\n", `w.yaml:4: step "s": env: invalid variable name "a=b"`},
		"expression":     {"steps:\n- name: s\n  spec:\n    a: ${secrets.}\n", "w.yaml: line 4: step s: invalid ${...}"},
		"not a workflow": {"kind: Pod\n", "read w.yaml: not a workflow"},
		"many elements": {
			"steps:\n- name: s\n  spec:\n    a: &a [" + strings.Repeat("x, ", 400) + "x]\n    b: [" + strings.Repeat("*a, ", 400) + "*a]\n",
			`w.yaml: step "s": line 4: spec has more than 100000 elements with its aliases expanded`,
		},
		"aliases": {"steps: &a\n- name: s\n  spec: *a\n", "read w.yaml: line 2: nested deeper"},
	} {
		if _, err := ReadStep("w.yaml", []byte(row.file), "s", nil); err == nil || !strings.HasPrefix(err.Error(), row.want) {
			t.Errorf("%s: got %v, want %s", name, err, row.want)
		}
	}
}

// What Relay does not read can be of any size when its aliases are expanded.
func TestReadStepExpandsNoAliasesOfOtherParts(t *testing.T) {
	t.Parallel()
	var bomb strings.Builder
	bomb.WriteString("description:\n- &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 30; i++ {
		of := fmt.Sprintf("*a%d, ", i-1)
		fmt.Fprintf(&bomb, "- &a%d [%s]\n", i, strings.TrimSuffix(strings.Repeat(of, 10), ", "))
	}
	start := time.Now()
	s := readStep(t, bomb.String()+"steps:\n- name: s\n  spec: {a: b}\n")
	if s.spec == nil || time.Since(start) > time.Minute {
		t.Errorf("read in %s", time.Since(start))
	}
}

func TestUnresolvedHasTheLineOfTheUse(t *testing.T) {
	t.Parallel()
	s := readStep(t, `parameters:
  known: {default: x}
steps:
- &base
  name: base
  spec:
    a: &text ${parameters.b}
    list: [x, {c: !Parameter d}]
- <<: *base
  name: s
  env:
    E: *text
    F: ${parameters.known}
  when:
    - ${parameters.known == 'x'}
    - !Fn.equals [!Parameter g, h]
`)
	err := s.Unresolved(context.Background(), newValues())
	if err == nil {
		t.Fatal("no error")
	}
	var got []string
	for line := range strings.SplitSeq(err.Error(), "\n") {
		if !strings.HasPrefix(line, "Hint: ") {
			got = append(got, strings.TrimSuffix(line, ": not found"))
		}
	}
	want := []string{
		`w.yaml:7: step "s": spec.a: parameter "b"`,
		`w.yaml:8: step "s": spec.list[1].c: parameter "d"`,
		`w.yaml:12: step "s": env.E: parameter "b"`,
		`w.yaml:16: step "s": when[1]: parameter "g"`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParametersHaveTheirDefaultsUnlessGiven(t *testing.T) {
	t.Parallel()
	const file = "parameters:\n  a: {default: {b: [1, x]}}\n  c: {description: d}\n  e:\nsteps:\n- name: s\n  spec: ${parameters}\n"
	s, err := ReadStep("w.yaml", []byte(file), "s", map[string]string{"c": "given"})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"a": map[string]any{"b": []any{1, "x"}}, "c": "given"}
	got := map[string]any{}
	for name, p := range s.parameters {
		got[name] = p.value
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := ReadStep("w.yaml", []byte(file), "s", map[string]string{"d": ""}); err == nil || !strings.Contains(err.Error(), `parameter "d": not declared`) {
		t.Errorf("got %v", err)
	}
}

func TestConditionsDecideAsInRelay(t *testing.T) {
	t.Parallel()
	for when, want := range map[string]Condition{
		"":                                   {Resolved: true, Success: true},
		"when: true":                         {Resolved: true, Success: true, Message: "all checks passed"},
		"when: [true, \"${1 == 1}\"]":        {Resolved: true, Success: true, Message: "all checks passed"},
		"when: \"${1 == 2}\"":                {Resolved: true, Message: "one or more conditions failed"},
		"when: [!Parameter a, false]":        {Resolved: true, Message: "one or more conditions failed"},
		"when: [true, \"${parameters.a}\"]":  {Message: `unresolvable_error: the conditions of step "s" do not resolve`},
		"when: \"${steps.other.succeeded}\"": {Message: `unresolvable_error: the conditions of step "s" do not resolve`},
		"when: !Fn.notEquals [\"${parameters.a}\", x]": {Message: `unresolvable_error: the conditions of step "s" do not resolve`},
	} {
		got, err := readStep(t, "steps:\n- name: s\n  "+when+"\n").Condition(t.Context(), newValues())
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", when, err, diff)
		}
	}
	for _, when := range []string{"when: text", "when: [1]", "when: {a: true}"} {
		if got, err := readStep(t, "steps:\n- name: s\n  "+when+"\n").Condition(t.Context(), newValues()); err == nil {
			t.Errorf("%s: %v", when, got)
		}
	}
}

func TestVariablesOfEnvAreText(t *testing.T) {
	t.Parallel()
	s := readStep(t, `steps:
- name: s
  env: {TEXT: a b, NUMBER: 1000000, BIG: 9007199254740993, YES: true, NOTHING: null, TIME: 2020-01-02T03:04:05Z, LIST: [a, 1], MAP: {b: "<"}, BYTES: !!binary /wA=, LEFT_OUT: !Parameter x}
`)
	got := map[string]string{}
	variables, err := s.Environment(t.Context(), newValues())
	for _, v := range variables {
		got[v.Name] = v.Value
	}
	want := map[string]string{
		"TEXT": "a b", "NUMBER": "1000000", "BIG": "9007199254740993", "YES": "true", "NOTHING": "", "TIME": "2020-01-02T03:04:05Z",
		"LIST": `["a",1]`, "MAP": `{"b":"<"}`, "BYTES": "\xff\x00",
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestOutputsAreLimitedTogether(t *testing.T) {
	t.Parallel()
	o := newOutputs("s")
	set := func(name string, size int) error {
		return o.change(name, size, func(one *output) { one.value = name })
	}
	for i := range 8 {
		if err := set(fmt.Sprint(i), maxOutputs/8-1); err != nil {
			t.Fatal(err)
		}
	}
	if err := set("0", maxOutputs/4); err == nil {
		t.Error("a larger value is accepted")
	}
	if err := set("0", 1); err != nil {
		t.Errorf("a smaller value: %v", err)
	}
	if err := set("1", 0); err != nil || o.set["1"].size != 0 {
		t.Errorf("an empty value: %v, %d", err, o.set["1"].size)
	}
	if err := set("8", maxOutputs/16); err != nil {
		t.Errorf("the free space: %v", err)
	}
	if err := set(strings.Repeat("n", maxOutputs/4), sameValue); err == nil {
		t.Error("a long name is accepted")
	}
}

// A large parameter that the file names often, and an output likewise.
func TestUnresolvedLimitsWhatAnExpressionMultiplies(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("x", 100<<10)
	for name, spec := range map[string]string{
		"one text": "\"" + strings.Repeat("${parameters.p}", 1000) + "\"", "all": "\"" + strings.Repeat("${parameters}", 1000) + "\"",
		"list": "[" + strings.TrimSuffix(strings.Repeat("!Parameter p, ", 1000), ", ") + "]",
	} {
		s := readStep(t, "parameters: {p: {default: "+large+"}}\nsteps:\n- name: s\n  spec: "+spec+"\n")
		if err := s.Unresolved(t.Context(), newValues()); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
