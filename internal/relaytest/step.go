// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package relaytest

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// queries matches the queries in the script of a step.
var queries = regexp.MustCompile(`ni get -p '([^']+)'`)

// Printed returns the output of "ni get -p" in the first step of a workflow file, with
// the secrets of a workflow. If Relay refuses to evaluate the query, the output is empty
// and the second result is Relay's error.
func (r *Reader) Printed(workflow, file, path string) (text, refused string) {
	r.t.Helper()
	a := r.reply(map[string][4]string{"printed": {"workflows/" + workflow, "connections/" + r.Domain, file, path}})
	return string(a.Printed), a.Refused
}

// Received is what a step receives: each value of its spec and env by path, such as
// "spec.aws.connection.accessKeyID". Complete is false if Relay could not resolve a
// reference.
type Received struct {
	Name     string
	Values   map[string]string
	Complete bool
}

// Steps returns what each step of a workflow file receives from Relay's evaluator, with
// the secrets of a workflow and the connections of the reader's Domain. refused is
// Relay's error if a step receives nothing at all.
func (r *Reader) Steps(workflow, file string) (steps []Received, refused string) {
	r.t.Helper()
	a := r.reply(map[string][3]string{"steps": {"workflows/" + workflow, "connections/" + r.Domain, file}})
	for _, s := range a.Steps {
		steps = append(steps, Received{s.Name, texts(s.Values), s.Complete})
	}
	return steps, a.Refused
}

// Step runs a script as the first step of a workflow file, and returns its working
// folder. The script finds an ni that prints the results of Relay's own code.
func (r *Reader) Step(t testing.TB, workflow, file, script string) (dir string) {
	t.Helper()
	programs, results, dir := t.TempDir(), t.TempDir(), t.TempDir()
	for _, query := range queries.FindAllStringSubmatch(script, -1) {
		text, refused := r.Printed(workflow, file, query[1])
		if refused != "" {
			t.Errorf("Relay refuses %s: %s", query[1], refused)
		}
		if err := os.WriteFile(filepath.Join(results, query[1]), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ni := "#!/bin/sh\n[ \"$1 $2\" = 'get -p' ] && exec cat \"$RESULTS/$3\"\nexit 64\n"
	if err := os.WriteFile(filepath.Join(programs, "ni"), []byte(ni), 0o700); err != nil { //nolint:gosec // must be executable
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-euc", script)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + programs + ":/usr/bin:/bin", "RESULTS=" + results}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("run the step: %v\n%s", err, out)
	}
	return dir
}
