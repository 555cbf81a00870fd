// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/cenkalti/backoff/v5"
	"golang.org/x/sync/errgroup"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

const (
	// pollInterval is how often a local branch is polled although nothing hinted that it
	// moved.
	pollInterval = 30 * time.Second
	// jitter spreads the polls of several controllers.
	jitter = 0.05
	// firstRetry and lastRetry bound the wait after a sync that failed in a way that may
	// pass.
	firstRetry = 750 * time.Millisecond
	lastRetry  = 15 * time.Minute
)

// follow follows every source until ctx ends: a commit is applied when a hint or a poll
// shows it, and an unchanged commit causes requests to Vault only at the source's drift
// interval. Each source has its own loop; none can delay another. A suspended source
// has none. A write under way when ctx ends is finished.
func (c *Controller) follow(ctx context.Context, log *slog.Logger) {
	c.warnOfFiles()
	stopNotifying := c.startNotifying(ctx, log)
	defer stopNotifying()
	var work errgroup.Group
	for _, cfg := range c.cfg.Sources {
		if cfg.Suspend {
			log.Info("suspended", "source", cfg.Name)
			continue
		}
		f := newFollower(c, cfg, log)
		work.Go(func() error {
			f.follow(ctx)
			return nil
		})
	}
	_ = work.Wait()
	<-ctx.Done() // also if every source is suspended
}

// follower is the loop of one source.
type follower struct {
	controller *Controller
	cfg        config.Source
	log        *slog.Logger
	repo       *gitsource.Repository
	// done is the commit of the last sync, and due when the next sync of it is.
	done  gitsource.Commit
	due   time.Time
	retry *backoff.ExponentialBackOff
	// before is the status from before the branch could no longer be resolved; nil
	// while it can.
	before *report.Status
}

func newFollower(c *Controller, cfg config.Source, log *slog.Logger) *follower {
	retry := backoff.NewExponentialBackOff()
	retry.InitialInterval, retry.MaxInterval, retry.RandomizationFactor = firstRetry, lastRetry, 0.5
	return &follower{controller: c, cfg: cfg, log: log.With("source", cfg.Name), retry: retry}
}

func (f *follower) follow(ctx context.Context) {
	var moves <-chan struct{} // of the watched repository
	for ctx.Err() == nil {
		wait := f.poll(ctx)
		if moves == nil {
			moves = f.watch(ctx)
		}
		f.controller.board.next(f.cfg.Name, time.Now().Add(wait), moves != nil)
		select {
		case <-ctx.Done():
		case _, open := <-moves:
			if !open {
				moves = nil
			}
		case <-f.controller.hints[f.cfg.Name]:
		case <-time.After(wait):
		}
	}
}

// watch returns a channel that receives when the branch may have moved; nil if the
// repository cannot be watched and is polled only.
func (f *follower) watch(ctx context.Context) <-chan struct{} {
	if f.repo == nil || f.cfg.IsRemote() {
		return nil
	}
	moves, err := watch(ctx, f.cfg, f.repo)
	if err != nil {
		f.log.Warn("repository is polled only", "err", err)
		return nil
	}
	return moves
}

// poll runs a sync if one is due, and returns how long to wait at the most. The commit
// that it notes is the one that the sync applies.
func (f *follower) poll(ctx context.Context) time.Duration {
	at, err := f.locate(ctx)
	if err != nil {
		return f.unresolved(ctx, err)
	}
	f.resolved(at.commit)
	if at.commit == f.done && time.Now().Before(f.due) {
		return f.untilNext()
	}
	if at.commit != f.done {
		f.retry.Reset() // the backoff was for another commit
	}
	begun := time.Now()
	r := f.controller.sync(ctx, f.cfg, at, Request{Apply: true}, plan.Adoption{})
	if ctx.Err() != nil {
		return 0
	}
	f.done = at.commit
	if r.Damaged() {
		f.repo = nil
	}
	if retryable(r) {
		f.due = time.Now().Add(f.retry.NextBackOff())
	} else {
		f.retry.Reset()
		f.due = time.Now().Add(spread(f.cfg.DriftInterval))
	}
	f.publish(r, begun)
	return f.untilNext()
}

// locate resolves the branch, in a repository that is opened once and again after a
// failure.
func (f *follower) locate(ctx context.Context) (at location, err error) {
	if f.repo == nil {
		at, err = f.controller.locate(ctx, f.cfg)
	} else if err = f.controller.fetch(ctx, f.cfg); err == nil {
		at, err = resolve(ctx, f.cfg, f.repo)
	}
	if f.repo = at.repo; err != nil {
		f.repo = nil
	}
	return at, err
}

// unresolved publishes that the branch cannot be resolved, and returns how long to
// wait. The time of the next sync stays as it is: Vault is not the cause.
func (f *follower) unresolved(ctx context.Context, err error) time.Duration {
	if f.before == nil {
		before := f.controller.board.get(f.cfg.Name)
		f.before = &before
	}
	r := report.Report{Source: f.cfg.Name, Branch: f.cfg.ShortRef(), Err: err}
	f.controller.discardDamaged(ctx, r)
	f.publish(r, time.Now())
	return min(f.retry.NextBackOff(), f.interval())
}

// resolved notes the commit of the branch. If it is the commit of the last sync again,
// the status of that sync is valid again.
func (f *follower) resolved(commit gitsource.Commit) {
	if f.before != nil {
		f.retry.Reset()
		if commit == f.done {
			f.controller.board.update(f.cfg.Name, func(s *report.Status) { *s = *f.before })
		}
		f.before = nil
	}
	if f.cfg.Tag != "" && f.done != "" && commit != f.done {
		f.log.Warn("the tag was moved", "tag", f.cfg.Tag, "from", string(f.done), "to", string(commit))
	}
}

// publish hands a report to the status, the metrics, the log and the notifications.
func (f *follower) publish(r report.Report, begun time.Time) {
	f.controller.board.post(r)
	f.controller.metrics.observe(r, time.Since(begun))
	logSync(f.log, r)
	f.controller.notify(r)
}

func (f *follower) untilNext() time.Duration {
	return max(min(f.interval(), time.Until(f.due)), 0)
}

// interval is how long to wait at the most until the next poll.
func (f *follower) interval() time.Duration {
	if f.cfg.IsRemote() {
		return spread(f.cfg.Remote.Poll)
	}
	return spread(pollInterval)
}

func spread(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (1 + jitter*(2*rand.Float64()-1))) //nolint:gosec // no secret
}

// retryable reports whether the same sync may succeed without a new commit or a person:
// Vault, git or a key service was unavailable, or another writer wrote at the same time.
func retryable(r report.Report) bool {
	return r.Err != nil || r.Unavailable || report.AnyFailed(r.Results) || r.Damaged() || keyServiceUnavailable(r.Failures)
}
