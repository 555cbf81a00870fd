// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	// quiet is the time without events before a hint, and the shortest time between two: git gc and the like cause many
	// events. Only a move of the ref itself, which is one event, causes a hint at once.
	quiet = 20 * time.Millisecond
	// atLatest is the time after which a hint is sent although events continue.
	atLatest = time.Second
)

// Watch sends a hint whenever the branch may have moved, or the path may lead to another repository (see Replaced), until
// ctx ends; then it closes the channel. It does not follow to the other repository. File systems lose
// events, and network file systems have none, so the caller must also poll the branch. An error means that this
// repository cannot be watched, for example because the system has no watches left.
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
		return nil, fmt.Errorf("watch %s: %w", r.path, err)
	}
	w := &watch{watcher: watcher, folders: r.watched(kind, name), moves: r.moves(kind, name), parents: parents(r.path), hints: make(chan struct{}, 1)}
	if err := w.add(); err != nil {
		return nil, errors.Join(fmt.Errorf("watch %s: %w", r.path, err), watcher.Close())
	}
	go w.run(ctx)
	return w.hints, nil
}

// watched returns the folders with events for a move of the ref: a ref is a file that is renamed into place,
// packed-refs is beside refs, and reftable has its tables in a folder.
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

// moves returns the files that git renames into place to move the ref, after it has written the objects.
func (r *Repository) moves(kind, name string) []string {
	return []string{filepath.Join(r.git.Dir, "refs", kind, filepath.FromSlash(name)), filepath.Join(r.git.Dir, "reftable", "tables.list")}
}

// parents returns the parts of a path, each with the folder that it is in, also behind links: a folder or link that is
// replaced causes an event only in the folder above it.
func parents(path string) map[string]string {
	out := map[string]string{filepath.Join(path, ".git"): path}
	resolved, err := filepath.EvalSymlinks(path)
	if err != nil {
		resolved = path
	}
	for _, part := range []string{path, resolved} {
		for part != filepath.Dir(part) {
			out[part] = filepath.Dir(part)
			part = filepath.Dir(part)
		}
	}
	return out
}

type watch struct {
	watcher *fsnotify.Watcher
	folders []string
	moves   []string // files, see Repository.moves
	// parents are the folders above the repository, by the path in them that matters.
	parents map[string]string
	hints   chan struct{}
}

// add watches every existing folder. Git deletes empty ones and creates them again (git gc), which ends a watch, so add
// runs after each event. A second watch of the same folder has no effect.
func (w *watch) add() error {
	for _, folder := range w.folders {
		if err := w.watcher.Add(folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	for _, folder := range w.parents {
		_ = w.watcher.Add(folder) // one that is missing or forbidden: the caller polls
	}
	return nil
}

func (w *watch) run(ctx context.Context) {
	defer close(w.hints)
	defer w.watcher.Close()
	var (
		timer = time.NewTimer(atLatest)
		since time.Time // of the first event after the last hint; zero for none
		sent  time.Time // of the last hint
	)
	settle := func() {
		if since.IsZero() {
			since = time.Now()
		}
		timer.Reset(min(quiet, time.Until(since.Add(atLatest))))
	}
	send := func() {
		timer.Stop()
		since, sent = time.Time{}, time.Now()
		w.hint()
	}
	timer.Stop()
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case event := <-w.watcher.Events:
			switch {
			case w.isMove(event) && time.Since(sent) >= quiet:
				send()
			case w.matters(event):
				settle()
			}
		case err := <-w.watcher.Errors:
			_ = err // events may be lost: send a hint
			settle()
		case <-timer.C:
			send()
		}
	}
}

func (w *watch) hint() {
	// Before the hint: the receiver of the hint reads what happened in a new folder
	// before its watch. A folder that cannot be watched is polled.
	_ = w.add()
	select {
	case w.hints <- struct{}{}:
	default: // a hint is pending
	}
}

// isMove reports whether an event is a move of the ref.
func (w *watch) isMove(event fsnotify.Event) bool {
	return event.Has(fsnotify.Create) && slices.Contains(w.moves, event.Name)
}

// matters excludes events of the index and of locks, which git renames into place when they take effect, and of what
// else is in the folders above the repository.
func (w *watch) matters(event fsnotify.Event) bool {
	name, folder := filepath.Base(event.Name), filepath.Dir(event.Name)
	if _, part := w.parents[event.Name]; !part && !slices.Contains(w.folders, folder) {
		return slices.Contains(w.folders, event.Name)
	}
	return event.Op != fsnotify.Chmod && !strings.HasSuffix(name, ".lock") &&
		!strings.HasPrefix(name, "index") && name != "COMMIT_EDITMSG"
}
