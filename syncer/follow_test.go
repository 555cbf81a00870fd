// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// gitLog puts a wrapper around git into PATH that logs each process, and before each that
// reads objects runs a command. The test must not be parallel: PATH belongs to the process.
func gitLog(t *testing.T, beforeRead string) (processes func() []string) {
	t.Helper()
	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	log := filepath.Join(dir, "log")
	script := fmt.Sprintf("#!/bin/sh\necho \"$*\" >> '%s'\ncase \"$*\" in *cat-file*) %s;; esac\nexec '%s' \"$@\"\n", log, beforeRead, git)
	write(t, dir, "git", script)
	if err := os.Chmod(filepath.Join(dir, "git"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	return func() []string {
		data, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(log, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		return strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	}
}

// newTestFollower makes the loop of the world's source.
func newTestFollower(t *testing.T, w *world) *follower {
	t.Helper()
	c := New(w.cfg, "test")
	c.Warn = func(text string) { t.Logf("warning: %s", text) }
	return newFollower(c, w.cfg.Sources[0], slog.New(slog.NewTextHandler(io.Discard, nil)))
}

func (f *follower) status(t *testing.T) report.Status {
	t.Helper()
	s := f.controller.board.get(f.cfg.Name)
	if s.Applied == "" || s.Applied != s.Seen {
		t.Fatalf("the commit is not applied: %+v", s)
	}
	return s
}

func TestDaemonRunsFewGitProcessesForACommit(t *testing.T) {
	w := newWorld(t, 1)
	w.secretsIn("a.yaml", w.workflow(0), "stays", "goes")
	w.commit()
	f := newTestFollower(t, w)
	f.poll(t.Context())
	f.status(t)

	w.secretsIn("a.yaml", w.workflow(0), "stays", "comes")
	w.commit()
	f.repo = nil // opened through the wrapper
	processes := gitLog(t, ":")
	if _, err := f.locate(t.Context()); err != nil {
		t.Fatal(err)
	}
	processes()
	f.poll(t.Context())
	if s := f.status(t); s.Summary.Add != 1 || s.Summary.Delete != 1 {
		t.Fatalf("the commit is not applied: %+v", s)
	}
	// The branch, the sizes of the files, and one that reads all objects, or two on a machine
	// that is so busy that the first one ends between two reads.
	if got := processes(); len(got) > 4 {
		t.Errorf("%d git processes for a commit, want at most 4:\n%s", len(got), strings.Join(got, "\n"))
	}
}

func TestBranchThatMovesDuringASyncDoesNotChangeTheAppliedCommit(t *testing.T) {
	w := newWorld(t, 1)
	w.secretsIn("a.yaml", w.workflow(0), "one")
	w.commit()
	first := strings.TrimSpace(w.run("git", "rev-parse", "HEAD"))
	w.secretsIn("a.yaml", w.workflow(0), "one", "two")
	w.commit()
	second := strings.TrimSpace(w.run("git", "rev-parse", "HEAD"))
	w.run("git", "update-ref", "refs/heads/main", first)

	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	gitLog(t, fmt.Sprintf("'%s' --git-dir='%s/.git' update-ref refs/heads/main %s", git, w.repo, second))
	f := newTestFollower(t, w)
	f.poll(t.Context())
	if s := f.status(t); s.Applied != first || string(f.done) != first {
		t.Errorf("applied %s and noted %s, want %s", s.Applied, f.done, first)
	}
	w.live(w.workflow(0), "one")
	f.poll(t.Context())
	if s := f.status(t); s.Applied != second || string(f.done) != second {
		t.Errorf("applied %s and noted %s, want %s", s.Applied, f.done, second)
	}
	w.live(w.workflow(0), "one", "two")
}
