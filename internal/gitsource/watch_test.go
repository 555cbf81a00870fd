// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
)

// TestWatchSendsHintForEveryMove makes moves of a branch one after the other, and waits
// for the hint of each: no poll helps here.
func TestWatchSendsHintForEveryMove(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, branch string
		init         []string
		moves        []func(w workspace)
	}{
		{"commits", "main", nil, []func(workspace){commitOn("main"), commitOn("main"), commitOn("main")}},
		{"a commit after gc", "main", nil, []func(workspace){gcThen(commitOn("main")), commitOn("main")}},
		{"a commit after pack-refs", "main", nil, []func(workspace){packThen(commitOn("main")), packThen(commitOn("main"))}},
		{"a nested branch after gc, which removes its folder", "feat/deep/x", nil, []func(workspace){
			commitOn("feat/deep/x"), gcThen(commitOn("feat/deep/x")), commitOn("feat/deep/x"), gcThen(commitOn("feat/deep/x")),
		}},
		{"a branch that is deleted and made again", "side", nil, []func(workspace){
			commitOn("side"), func(w workspace) { w.git("branch", "-D", "side"); commitOn("side")(w) },
		}},
		{"a branch that is reset", "main", nil, []func(workspace){commitOn("main"), func(w workspace) { w.git("reset", "-q", "--hard", "HEAD~1") }}},
		{"a commit in a linked worktree", "side", nil, []func(workspace){
			commitOn("side"),
			func(w workspace) {
				tree := filepath.Join(t.TempDir(), "tree")
				w.git("worktree", "add", "-q", tree, "side")
				w.git("-C", tree, "commit", "-q", "--allow-empty", "-m", "there")
			},
		}},
		{"a SHA-256 repository", "main", []string{"--object-format=sha256"}, []func(workspace){commitOn("main"), gcThen(commitOn("main"))}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t, row.init...)
			w.commit("a", "1")
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			repo, err := gitsource.Open(ctx, w.dir)
			if err != nil {
				t.Fatal(err)
			}
			hints, err := repo.Watch(ctx, row.branch)
			if err != nil {
				t.Fatal(err)
			}
			for i, move := range row.moves {
				drain(hints)
				move(w)
				want := gitsource.Commit(w.git("rev-parse", row.branch))
				for got, err := repo.Resolve(ctx, row.branch); got != want; got, err = repo.Resolve(ctx, row.branch) {
					if _, more := <-hints; !more {
						t.Fatalf("no hint at move %d: the branch is seen at %s (%v), and is at %s", i+1, got, err, want)
					}
				}
				// The hint itself must arrive, too.
				if _, more := <-hints; !more {
					t.Fatalf("move %d caused no hint", i+1)
				}
			}
			cancel()
			for range hints { // ends: the channel is closed
			}
		})
	}
}

// drain takes hints of an earlier move, until none has come for a while: one of
// them must not stand for the next move's.
func drain(hints <-chan struct{}) {
	for {
		select {
		case <-hints:
		case <-time.After(200 * time.Millisecond):
			return
		}
	}
}

// commitOn moves the branch and touches nothing but its ref, as a push does.
func commitOn(branch string) func(workspace) {
	return func(w workspace) {
		parent := "main"
		if w.git("branch", "--list", branch) != "" {
			parent = branch
		}
		commit := w.git("commit-tree", "-p", parent, "-m", "move", parent+"^{tree}")
		w.git("update-ref", "refs/heads/"+branch, commit)
	}
}

func gcThen(move func(workspace)) func(workspace) {
	return func(w workspace) { w.git("gc", "-q", "--prune=now"); move(w) }
}

func packThen(move func(workspace)) func(workspace) {
	return func(w workspace) { w.git("pack-refs", "--all"); move(w) }
}

func TestWatchRejectsInvalidBranch(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	repo, err := gitsource.Open(t.Context(), w.dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := repo.Watch(t.Context(), "../x"); err == nil {
		t.Error("a path was watched as a branch")
	}
}

// TestWatchSendsHintWhenThePathLeadsToAnotherRepository: the caller opens that one then.
func TestWatchSendsHintWhenThePathLeadsToAnotherRepository(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	w.commit("a", "1")
	links := t.TempDir()
	first, second := filepath.Join(links, "first"), filepath.Join(links, "second")
	for _, link := range []string{first, second} {
		if err := os.Symlink(w.dir, link); err != nil {
			t.Fatal(err)
		}
	}
	for _, row := range []struct{ path, moved string }{{first, first}, {second, w.dir}, {second, filepath.Dir(w.dir)}, {w.dir, w.dir}} {
		repo := open(t, row.path)
		hints, err := repo.Watch(t.Context(), "main")
		if err != nil {
			t.Fatal(err)
		}
		drain(hints)
		if repo.Replaced() {
			t.Errorf("%s: replaced already", row.path)
		}
		if err := os.WriteFile(filepath.Join(filepath.Dir(row.moved), "other"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(row.moved, row.moved+".away"); err != nil {
			t.Fatal(err)
		}
		for !repo.Replaced() {
			<-hints
		}
		if _, more := <-hints; !more {
			t.Errorf("%s: no hint", row.path)
		}
		if err := os.Rename(row.moved+".away", row.moved); err != nil {
			t.Fatal(err)
		}
	}
}
