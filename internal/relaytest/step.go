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

// asked are the queries of a step's script.
var asked = regexp.MustCompile(`ni get -p '([^']+)'`)

// Printed is what "ni get -p" prints in the first step of a workflow file, which has
// the secrets of a workflow. Where Relay refuses to evaluate the query that is nothing,
// and why comes as the second result.
func (r *Reader) Printed(workflow, file, path string) (text, refused string) {
	r.t.Helper()
	a := r.reply(map[string][3]string{"printed": {"workflows/" + workflow, file, path}})
	return string(a.Printed), a.Refused
}

// Step runs a script as the first step of a workflow file would, and returns the
// folder in which it ran. For each query that the script has, the ni that it finds
// prints what Relay's own code answers.
func (r *Reader) Step(t testing.TB, workflow, file, script string) (dir string) {
	t.Helper()
	programs, answers, dir := t.TempDir(), t.TempDir(), t.TempDir()
	for _, query := range asked.FindAllStringSubmatch(script, -1) {
		text, refused := r.Printed(workflow, file, query[1])
		if refused != "" {
			t.Errorf("Relay refuses %s: %s", query[1], refused)
		}
		if err := os.WriteFile(filepath.Join(answers, query[1]), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ni := "#!/bin/sh\n[ \"$1 $2\" = 'get -p' ] && exec cat \"$ANSWERS/$3\"\nexit 64\n"
	if err := os.WriteFile(filepath.Join(programs, "ni"), []byte(ni), 0o700); err != nil { //nolint:gosec // a program has to be one
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-euc", script)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + programs + ":/usr/bin:/bin", "ANSWERS=" + answers}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("the step: %v\n%s", err, out)
	}
	return dir
}
