// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestDaemonFollowsTheFolderOfARepositoryThatIsReplaced has no poll that could help.
func TestDaemonFollowsTheFolderOfARepositoryThatIsReplaced(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		// at is the path in the configuration. replace puts a copy of the repository
		// there, which w.repo is then.
		at      func(w *world) string
		replace func(w *world, at string)
	}{
		{"moved away and cloned again", func(w *world) string { return w.repo }, func(w *world, at string) {
			w.rename(at, at+".away")
			w.clone(at+".away", at)
		}},
		{"a folder above is replaced", func(w *world) string { return w.repo }, func(w *world, at string) {
			above := filepath.Dir(at)
			w.rename(above, above+".away")
			w.clone(filepath.Join(above+".away", filepath.Base(at)), at)
		}},
		{"a link leads elsewhere", func(w *world) string {
			link := filepath.Join(w.t.TempDir(), "current")
			w.link(w.repo, link)
			return link
		}, func(w *world, at string) {
			other := filepath.Join(w.t.TempDir(), "other")
			w.clone(w.repo, other)
			w.link(other, at+".new")
			w.rename(at+".new", at)
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			above := filepath.Join(t.TempDir(), "above")
			if err := os.Mkdir(above, 0o700); err != nil {
				t.Fatal(err)
			}
			w.rename(w.repo, filepath.Join(above, "repo"))
			w.repo = filepath.Join(above, "repo")
			w.localPoll = time.Hour
			w.secretsIn("a.yaml", w.workflow(0), "one")
			w.commit()
			at := row.at(w)
			w.cfg.Sources[0].Repository = at
			d := w.daemon()
			d.until("the commit is applied, and the repository is watched", func() bool {
				s := d.status()["shop"]
				return s.Settled() && s.Watched
			})
			row.replace(w, at)
			for _, name := range []string{"two", "three"} {
				w.secretsIn(name+".yaml", w.workflow(0), name)
				w.commit()
				d.untilRead(w, w.workflow(0), name, "value of "+name)
			}
			d.until("it is watched again", func() bool { return d.status()["shop"].Watched })
		})
	}
}

// clone clones a repository, which is the world's from then on.
func (w *world) clone(from, to string) {
	w.t.Helper()
	w.repo = from
	w.run("git", "clone", "-q", from, to)
	w.repo = to
}

func (w *world) rename(from, to string) {
	w.t.Helper()
	if err := os.Rename(from, to); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) link(to, at string) {
	w.t.Helper()
	if err := os.Symlink(to, at); err != nil {
		w.t.Fatal(err)
	}
}

func TestWatchedIsMeasured(t *testing.T) {
	t.Parallel()
	w := watching{moves: make(chan struct{})}
	if !w.works() {
		t.Error("a new watch does not work")
	}
	if w.measure(true); w.works() {
		t.Error("it works although a poll found a move first")
	}
	if w.measure(false); w.works() {
		t.Error("it works without an event")
	}
	if w.moved(true); !w.works() {
		t.Error("it does not work after an event")
	}
	if w.moved(false); w.works() {
		t.Error("it works after its end")
	}
}

// Network file systems have no events: the commits arrive, by polls, and the status must
// not promise that they are noticed at once.
func TestRepositoryWithoutEventsIsNotWatched(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.secretsIn("a.yaml", w.workflow(0), "one")
	w.commit()
	c := New(w.cfg, "test")
	c.localPoll = 50 * time.Millisecond
	f := newFollower(c, w.cfg.Sources[0], slog.New(slog.DiscardHandler))
	f.poll(t.Context())
	f.watch = watching{moves: make(chan struct{}), repo: f.repo}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f.follow(ctx)
	}()
	defer func() { cancel(); <-ended }()
	d := &daemon{Controller: c, t: t}
	d.until("it is watched", func() bool { return d.status()["shop"].Watched })
	w.secretsIn("b.yaml", w.workflow(0), "two")
	w.commit()
	head := strings.TrimSpace(w.run("git", "rev-parse", "main"))
	d.until("a poll shows that the watch has no events", func() bool {
		s := d.status()["shop"]
		return s.Applied == head && !s.Watched
	})
}
