// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
)

// watching is the watch of a source's local repository. The zero value watches nothing.
type watching struct {
	// moves receives when the branch may have moved; nil without a watch.
	moves <-chan struct{}
	stop  context.CancelFunc
	repo  *gitsource.Repository
	// silent means that the last move caused no event.
	silent bool
	// problem is the last one, which was logged.
	problem string
}

// works reports whether a move of the branch is noticed at once, as far as the last ones
// showed: network file systems have no events.
func (w *watching) works() bool { return w.moves != nil && !w.silent }

// measure notes that a poll found a move without an event.
func (w *watching) measure(silent bool) { w.silent = w.silent || silent }

// moved notes an event; not open is the end of the watch.
func (w *watching) moved(open bool) {
	if w.silent = false; !open {
		w.moves = nil
	}
}

// rewatch watches the repository of the last poll, in place of one that was there before.
// It reports whether the watch is new. A repository that cannot be watched is polled only.
func (f *follower) rewatch(ctx context.Context) bool {
	w := &f.watch
	if f.repo == nil || f.cfg.IsRemote() || w.moves != nil && w.repo == f.repo {
		return false // without a repository, its folder may appear again where it was
	}
	if w.stop != nil {
		w.stop()
	}
	ctx, w.stop = context.WithCancel(ctx)
	w.repo, w.silent = f.repo, false
	var err error
	if w.moves, err = watch(ctx, f.cfg, f.repo); err != nil {
		w.moves = nil
		w.stop()
		if err.Error() != w.problem {
			w.problem = err.Error()
			f.log.Warn("repository is polled only", "err", err)
		}
		return false
	}
	return true
}
