// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
	"github.com/relay-secrets/terraform-provider-relay/internal/gitcommand"
)

// idleWorld is a repository with one commit, and git to change it with.
func idleWorld(t *testing.T) (r *Repository, head Commit, git func(args ...string) string) {
	t.Helper()
	dir := t.TempDir()
	git = func(args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "git", append([]string{"-C", dir, "-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)...)
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	git("init", "-q", "-b", "main")
	if err := os.WriteFile(filepath.Join(dir, "a.yaml"), []byte("a"), 0o600); err != nil {
		t.Fatal(err)
	}
	git("add", "-A")
	git("commit", "-q", "-m", "one")
	r, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return r, Commit(git("rev-parse", "HEAD")), git
}

// waiting is the process that waits for the next batch.
func (i *idle) waiting() *gitcommand.Process {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.process
}

func files(t *testing.T, r *Repository, c Commit) {
	t.Helper()
	got, err := r.Files(t.Context(), c, []string{"*.yaml"})
	if err != nil || len(got) != 1 {
		t.Fatalf("%d files, %v", len(got), err)
	}
}

func TestBatchesShareOneProcessUntilNoneReads(t *testing.T) {
	t.Parallel()
	r, head, git := idleWorld(t)
	files(t, r, head)
	first := r.idle.waiting()
	git("commit", "-q", "--allow-empty", "-m", "two")
	git("gc", "-q", "--prune=now")
	second := Commit(git("rev-parse", "HEAD"))
	files(t, r, second)
	if answers, err := r.Ancestry(t.Context(), second, head); err != nil || answers[head] != Yes {
		t.Errorf("the ancestry: %v, %v", answers, err)
	}
	if now := r.idle.waiting(); first == nil || now != first {
		t.Error("the batches did not share a process")
	}
	if !await.Until(time.Minute, func() bool { return r.idle.waiting() == nil }) {
		t.Error("the process remains")
	}
}

// TestReadStartsGitAgainAfterItHasEnded: damage would discard a mirror.
func TestReadStartsGitAgainAfterItHasEnded(t *testing.T) {
	t.Parallel()
	r, head, _ := idleWorld(t)
	files(t, r, head)
	r.idle.waiting().Kill()
	files(t, r, head)
}

func TestBatchesAtTheSameTime(t *testing.T) {
	t.Parallel()
	r, head, _ := idleWorld(t)
	var group errgroup.Group
	for range 8 {
		group.Go(func() error {
			for range 5 {
				if _, err := r.Files(t.Context(), head, []string{"*.yaml"}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
}
