// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
)

// TestWatchSendsHintAfterOverflow fills the kernel's queue while it is not read, so that
// the event of the move is lost and only the overflow remains. Events of locks, which
// cause no hint, fill the queue.
func TestWatchSendsHintAfterOverflow(t *testing.T) {
	t.Parallel()
	limit, err := os.ReadFile("/proc/sys/fs/inotify/max_queued_events")
	if err != nil {
		t.Fatalf("this test needs Linux: %v", err)
	}
	queue, err := strconv.Atoi(strings.TrimSpace(string(limit)))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	git := func(args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "git", append([]string{"-C", dir, "-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)...)
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
	}
	git("init", "-q", "-b", "main")
	git("commit", "-q", "--allow-empty", "-m", "one")
	r, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		t.Fatal(err)
	}
	w := &watch{watcher: watcher, folders: r.watched("heads", "main"), hints: make(chan struct{}, 1)}
	if err := w.add(); err != nil {
		t.Fatal(err)
	}
	lock := filepath.Join(dir, ".git", "filler.lock")
	for range queue { // each makes several events
		if err := os.WriteFile(lock, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(lock); err != nil {
			t.Fatal(err)
		}
	}
	git("commit", "-q", "--allow-empty", "-m", "two")
	go w.run(t.Context())
	select {
	case <-w.hints:
	case <-time.After(time.Minute):
		t.Error("the move that was lost gave no hint")
	}
}
