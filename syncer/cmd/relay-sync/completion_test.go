// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/mantest"
)

// TestEachCommandHasAnExample checks that each command in an example is one.
func TestEachCommandHasAnExample(t *testing.T) {
	t.Parallel()
	for _, c := range mantest.Commands(newOptions(&bytes.Buffer{}, &bytes.Buffer{}).rootCommand()) {
		path := c.CommandPath()
		if mantest.NeedsExample(c) && !strings.Contains(c.Example, path) {
			t.Errorf("%s has no example", path)
		}
		for _, line := range regexp.MustCompile(`(?:^|\| |sudo -u relay-sync |  )relay-sync ([^|\n]*)`).FindAllStringSubmatch(c.Example, -1) {
			words := regexp.MustCompile(`'[^']*'|\S+`).FindAllString(line[1], -1)
			checkCommandLine(t, words)
		}
	}
}

// completed are the values that a shell offers for the last word.
func completed(t *testing.T, words ...string) []string {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(t.Context(), append([]string{"__complete"}, words...), &out, &errs); code != 0 {
		t.Fatalf("%v: %s", words, &errs)
	}
	var values []string
	for line := range strings.Lines(out.String()) {
		value, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if !strings.HasPrefix(value, ":") && !strings.HasPrefix(value, "--") { // cobra offers required flags, too
			values = append(values, value)
		}
	}
	return values
}

// TestShellCompletes checks that it offers what the configuration names.
func TestShellCompletes(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "other.yaml")
	text := strings.ReplaceAll(read(t, examples+"systemd/relay-sync.yaml"), "/run/credentials", "/tmp")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	workflows, folders := []string{"deploy-production", "nightly-report"}, []string{"deploy-production/", "nightly-report/"}
	t.Chdir(folder)
	for _, test := range []struct {
		words, want []string
	}{
		{[]string{"plan", "--output", ""}, []string{"text", "json", "markdown"}},
		{[]string{"apply", "--output", ""}, []string{"text", "json"}},
		{[]string{"run", "--log-format", ""}, []string{"text", "json"}},
		{[]string{"plan", "-c", file, "--source", ""}, []string{"platform"}},
		{[]string{"approve", "-c", file, ""}, []string{"platform"}},
		{[]string{"adopt", "-c", file, ""}, folders},
		{[]string{"undelete", "-c", file, ""}, folders},
		{[]string{"secret", "set", "-c", file, ""}, workflows},
		{[]string{"secret", "list", "-c", file, ""}, workflows},
		{[]string{"secret", "set", "-c", file, "deploy-production", ""}, nil},
		{[]string{"policy", "reader", "--secrets-by", ""}, []string{"operator", "approver", "administrator"}},
		{[]string{"plan", "--source", ""}, nil}, // without a configuration
	} {
		if got := completed(t, test.words...); !slices.Equal(got, test.want) {
			t.Errorf("%q completes %q, want %q", test.words, got, test.want)
		}
	}
	t.Setenv(configVariable, file)
	if got := completed(t, "new", ""); !slices.Equal(got, workflows) {
		t.Errorf("with %s: %q", configVariable, got)
	}
	if got := completed(t, "policy", ""); !slices.Contains(got, "controller") || !slices.Contains(got, "reader") {
		t.Errorf("roles: %q", got)
	}
	if got := completed(t, "comp"); !slices.Equal(got, []string{"completion"}) {
		t.Errorf("the command completion is not visible: %q", got)
	}
}

// TestErrorsNameTheArgument checks that an error names what is missing, and does not repeat what could be a value.
func TestErrorsNameTheArgument(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"policy":                  "expected one ROLE, received 0 arguments: must be one of",
		"undelete --reason x":     "no secret given: name at least one as WORKFLOW/NAME",
		"plan hunter2":            "relay-sync plan accepts no arguments, received 1",
		"secret list a hunter2":   "expected one WORKFLOW or none, received 2 arguments",
		"secret delete a b c":     "expected one secret, as WORKFLOW/NAME or WORKFLOW NAME, received 3 arguments",
		"approve":                 "expected one SOURCE, received 0 arguments",
		"new":                     "no workflow given: expected WORKFLOW",
		"doctor hunter2 hunter2":  "relay-sync doctor accepts no arguments, received 2",
		"secret set a b hunter2":  "a value is never an argument",
		"adopt --reason x":        "no secret given: name secrets as WORKFLOW/NAME, or use --unmanaged",
		"version -o yaml":         `invalid --output "yaml": must be text or json`,
		"status hunter2 -o json":  "relay-sync status accepts no arguments, received 1",
		"run --log-format binary": `invalid --log-format "binary": must be text or json`,
	} {
		var out, errs bytes.Buffer
		if code := run(t.Context(), strings.Fields(line), &out, &errs); code != 1 || !strings.Contains(errs.String(), want) || strings.Contains(errs.String(), "hunter2") {
			t.Errorf("relay-sync %s: %d: %s", line, code, &errs)
		}
	}
}
