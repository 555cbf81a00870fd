// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// printedAdvice follows the sentences in the causes of a plan. Their messages are parts
// of the sentences.
var printedAdvice = []advice{
	{message: "take it over first", begin: adviceAbout("owned by OWNER")},
	{message: "; to take it over: ", begin: adviceAbout("unmanaged")},
	{message: "; to write the value again: ", begin: adviceAbout("record not authentic")},
	{message: "; to take it over now: ", begin: adviceAbout("source ... does not give it up")},
	{message: "; to sign the record after a check: ", begin: func(w *world) func() {
		w.cfg.FingerprintKeyFile = write(w.t, w.t.TempDir(), "fingerprint", strings.Repeat("k", 44))
		w.two()
		w.vault.ForgeRecords(w.t, w.workflow(0), "two", w.vault.Write(w.t, w.workflow(0), "two", "foreign"))
		w.remove("two.yaml")
		return func() {
			c := New(w.cfg, "test")
			records, err := c.UnsignedRecords(w.t.Context(), []string{w.workflow(0) + "/two"}, nil)
			if err != nil {
				w.t.Fatal(err)
			}
			c.SignRecords(w.t.Context(), records, "test")
		}
	}},
	{message: "; put the secret into a file again, or approve its deletion", begin: func(w *world) func() {
		w.two()
		two := w.read("two.yaml")
		w.remove("two.yaml")
		w.squash()
		return func() {
			write(w.t, w.repo, "two.yaml", two)
			w.commit()
		}
	}},
	{message: "; put the secret into a file again, or approve its release", begin: func(w *world) func() {
		w.two()
		w.vault.Write(w.t, w.workflow(0), "two", "foreign")
		w.remove("two.yaml")
		w.squash()
		return w.approve
	}},
	{message: "the secret was undeleted by hand; put it into a file again, or approve its deletion", begin: func(w *world) func() {
		w.two()
		w.secretsIn("two.yaml", w.workflow(0))
		w.applied()
		if _, err := New(w.cfg, "test").Undelete(w.t.Context(), []string{w.workflow(0) + "/two"}, nil, "test"); err != nil {
			w.t.Fatal(err)
		}
		return w.approve
	}},
	{message: "the commit contains no manifest (deletes.allow_empty)", begin: func(w *world) func() {
		w.two()
		w.run("git", "rm", "-q", "-r", ".")
		w.commit()
		return func() { w.cfg.Sources[0].Deletes.AllowEmpty = true }
	}},
	{message: "no secret of this workflow would be left (deletes.allow_empty)", begin: adviceAbout("no secret of this workflow would be left")},
	{message: "(deletes.max)", begin: adviceAbout("the plan deletes N secrets, at most M are allowed")},
	{message: "(deletes.max_percent)", begin: func(w *world) func() {
		w.two()
		w.cfg.Sources[0].Deletes.MaxPercent = new(int)
		w.remove("two.yaml")
		return w.approve
	}},
	{message: "Fetch the whole history (git fetch --unshallow)", begin: func(w *world) func() {
		w.two()
		w.secretsIn("two.yaml", w.workflow(0))
		w.run("git", "commit", "-q", "--allow-empty", "-m", "more")
		w.commit()
		shallow := filepath.Join(w.t.TempDir(), "shallow")
		w.run("git", "clone", "-q", "--depth", "1", "file://"+w.repo, shallow)
		w.cfg.Sources[0].Repository, w.repo = shallow, shallow
		return func() { w.run("git", "fetch", "-q", "--unshallow") }
	}},
}

// adviceAbout is what a row of the guide does.
func adviceAbout(message string) func(w *world) func() {
	return func(w *world) func() {
		i := slices.IndexFunc(allAdvice, func(a advice) bool { return a.message == message })
		return allAdvice[i].begin(w)
	}
}

// imperative is what advice in a cause contains.
var imperative = regexp.MustCompile(`take it over|to write the value again|to sign the record|into a file again|approve its|Fetch the whole|\(deletes\.`)

// TestPrintedAdviceLeadsToACleanState goes through every sentence of advice in the causes
// of a plan.
func TestPrintedAdviceLeadsToACleanState(t *testing.T) {
	t.Parallel()
	found := map[string]bool{}
	for _, text := range literals(t, "plan") {
		if !imperative.MatchString(text) {
			continue
		}
		i := slices.IndexFunc(printedAdvice, func(a advice) bool { return strings.Contains(text, a.message) })
		if i < 0 {
			t.Errorf("a cause has advice that no test follows: %q", text)
			continue
		}
		found[printedAdvice[i].message] = true
	}
	for _, a := range printedAdvice {
		t.Run(strings.ReplaceAll(a.message, "/", " "), func(t *testing.T) {
			t.Parallel()
			if !found[a.message] {
				t.Errorf("no cause contains %q", a.message)
			}
			a.follow(t)
		})
	}
}

// literals are the texts in the Go files of a folder, without tests.
func literals(t *testing.T, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(gotoken.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if literal, is := n.(*ast.BasicLit); is && literal.Kind == gotoken.STRING {
				text, _ := strconv.Unquote(literal.Value) // a literal of a parsed file
				out = append(out, text)
			}
			return true
		})
	}
	return out
}
