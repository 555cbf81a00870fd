// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestFailingGitWritesNothing replaces the git in PATH. relay-sync reports what failed, and changes
// nothing in Vault; with the real git it goes on.
func TestFailingGitWritesNothing(t *testing.T) {
	t.Parallel()
	real, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	sed, err := exec.LookPath("sed")
	if err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct{ script, want string }{
		"fails":                  {"exit 128", "git"},
		"prints garbage":         {"echo '\x1b[31mgarbage'; exit 0", "git"},
		"is killed":              {"kill -9 $$", "git"},
		"is missing":             {"", "git"},
		"fails after the start":  {`case "$1" in version|--version) exec REAL "$@";; esac; exit 1`, "git"},
		"is killed in the fetch": {`for a; do [ "$a" = fetch ] && kill -9 $$; done; exec REAL "$@"`, "git"},
		"fails to read objects":  {`for a; do [ "$a" = cat-file ] && exit 1; done; exec REAL "$@"`, "git"},
		"reads other objects":    {`for a; do [ "$a" = cat-file ] && { REAL "$@" | SED -u s/ENC/EMC/; exit 0; }; done; exec REAL "$@"`, "does not match the id of object"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := newInstallation(t)
			i.next()
			i.converges()
			i.next()
			i.writes()
			i.path = t.TempDir()
			if row.script != "" {
				script := write(t, i.path, "git", "#!/bin/sh\n"+strings.NewReplacer("REAL", real, "SED", sed).Replace(row.script)+"\n")
				if err := os.Chmod(script, 0o700); err != nil { //nolint:gosec // a program
					t.Fatal(err)
				}
			}
			out, err := i.command("apply").CombinedOutput()
			if err == nil || !strings.Contains(string(out), row.want) || strings.Contains(string(out), "\x1b") {
				t.Errorf("apply: %v\n%s", err, out)
			}
			for _, r := range i.proxy.Requests() {
				if strings.Contains(r.Path, "/data/") || strings.Contains(r.Path, "/delete/") || r.Method == "PATCH" {
					t.Errorf("the request %s %s", r.Method, r.Path)
				}
			}
			i.path = os.Getenv("PATH")
			i.converges()
		})
	}
}
