// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	// quiet is how long nothing must happen before a hint is given: a commit makes
	// a dozen events.
	quiet = 20 * time.Millisecond
	// atLatest is when a hint is given although events keep coming.
	atLatest = time.Second
)

// Watch gives a hint whenever the branch may have moved, until ctx ends; then the channel is closed. Hints are no more
// than that: file systems lose events (network ones have none), so the caller looks at the branch from time to time as
// well. The error says that this repository cannot be watched, as where the system has no watches left.
func (r *Repository) Watch(ctx context.Context, branch string) (<-chan struct{}, error) {
	if err := ValidateBranch(branch); err != nil {
		return nil, err
	}
	return r.watch(ctx, "heads", branch)
}

// WatchTag is Watch for a tag.
func (r *Repository) WatchTag(ctx context.Context, tag string) (<-chan struct{}, error) {
	if err := ValidateTag(tag); err != nil {
		return nil, err
	}
	return r.watch(ctx, "tags", tag)
}

func (r *Repository) watch(ctx context.Context, kind, name string) (<-chan struct{}, error) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watching %s: %w", r.path, err)
	}
	w := &watch{watcher: watcher, folders: r.watched(kind, name), hints: make(chan struct{}, 1)}
	if err := w.add(); err != nil {
		return nil, errors.Join(fmt.Errorf("watching %s: %w", r.path, err), watcher.Close())
	}
	go w.run(ctx)
	return w.hints, nil
}

// watched are the folders in which a move of the ref shows: a ref is a file that is renamed into place, packed-refs
// lies beside refs, and reftable has its tables in a folder.
func (r *Repository) watched(kind, name string) []string {
	folders := []string{r.git.Dir, filepath.Join(r.git.Dir, "reftable"), filepath.Join(r.git.Dir, "refs")}
	folder := filepath.Join(r.git.Dir, "refs", kind)
	parts := strings.Split(name, "/")
	for _, part := range parts {
		folders = append(folders, folder)
		folder = filepath.Join(folder, part)
	}
	return folders
}

type watch struct {
	watcher *fsnotify.Watcher
	folders []string
	hints   chan struct{}
}

// add watches every folder that is there. Git removes empty ones and makes them again (git gc), and a watch goes with
// its folder, so this is repeated after each event; watching twice is once.
func (w *watch) add() error {
	for _, folder := range w.folders {
		if err := w.watcher.Add(folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func (w *watch) run(ctx context.Context) {
	defer close(w.hints)
	defer w.watcher.Close()
	var (
		timer  = time.NewTimer(atLatest)
		since  time.Time // of the first event not hinted at; zero for none
		settle = func() {
			now := time.Now()
			if since.IsZero() {
				since = now
			}
			timer.Reset(min(quiet, time.Until(since.Add(atLatest))))
		}
	)
	timer.Stop()
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case event := <-w.watcher.Events:
			if matters(event) {
				settle()
			}
		case err := <-w.watcher.Errors:
			_ = err // whatever it is, events were lost: look
			settle()
		case <-timer.C:
			since = time.Time{}
			// Before the hint: what happens in a new folder before it is watched is seen by
			// whoever follows the hint. A folder that cannot be watched is polled.
			_ = w.add()
			select {
			case w.hints <- struct{}{}:
			default: // one is waiting already
			}
		}
	}
}

// matters leaves out what git does to its index, and its locks, which are renamed into place when they matter.
func matters(event fsnotify.Event) bool {
	name := filepath.Base(event.Name)
	return event.Op != fsnotify.Chmod && !strings.HasSuffix(name, ".lock") &&
		!strings.HasPrefix(name, "index") && name != "COMMIT_EDITMSG"
}
