// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"golang.org/x/sync/errgroup"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
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
	// largeSync is the number of secrets from which a sync gives its memory back at its end:
	// by default Go's runtime keeps some of it until the next sync.
	largeSync = 1000
)

// follow follows every source until ctx ends. Each source has its own loop; none can delay
// another.
func (c *Controller) follow(ctx context.Context, log *slog.Logger) {
	c.warnOfFiles()
	var work errgroup.Group
	work.Go(func() error {
		c.watchToken(ctx, log)
		return nil
	})
	work.Go(func() error {
		c.tidy(ctx, log)
		return nil
	})
	for _, cfg := range c.cfg.Sources {
		work.Go(func() error {
			c.followSource(ctx, cfg, log)
			return nil
		})
	}
	_ = work.Wait()
	<-ctx.Done() // also if every source is suspended
}

// followSource follows one source until ctx ends: a commit is applied when a hint or a poll
// shows it, and an unchanged commit causes requests to Vault only at the source's drift
// interval. A suspended source has no loop. A write under way when ctx ends is finished.
func (c *Controller) followSource(ctx context.Context, cfg config.Source, log *slog.Logger) {
	if cfg.Suspend {
		log.Info("suspended", "source", cfg.Name)
		return
	}
	defer c.startNotifying(ctx, log, cfg.Name)()
	c.metrics.follow(cfg.Name)
	defer c.metrics.leave(cfg.Name)
	f := newFollower(c, cfg, log)
	files := c.cfg.SyncFiles(cfg)
	before := conffile.VersionOf(files...)
	var watch sync.WaitGroup
	defer watch.Wait()
	watch.Go(func() { watchFiles(ctx, before, files, func() { _ = c.Changed([]string{cfg.Name}) }) }) // the source exists
	f.follow(ctx)
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
	wake  *wake
	watch watching
	// logged is the last report in the log.
	logged repeats
	// undone means that the last sync failed, was blocked or has a pending hand-over, or
	// that there was none.
	undone    bool
	approvals approvalWatch
	// chase are the waits until the polls that follow a hint.
	chase []time.Duration
	// before is the status from before the branch could no longer be resolved; nil
	// while it can.
	before *report.Status
}

func newFollower(c *Controller, cfg config.Source, log *slog.Logger) *follower {
	return &follower{controller: c, cfg: cfg, log: log.With("source", cfg.Name), retry: newRetry(), wake: c.wakes[cfg.Name], undone: true}
}

func (f *follower) follow(ctx context.Context) {
	f.wake.begin()
	defer f.wake.end(f.cfg.Name)
	for byTimer := false; ctx.Err() == nil; {
		before := f.done
		wait := f.poll(ctx)
		f.watch.measure(byTimer && before != "" && f.done != before)
		if f.rewatch(ctx) {
			wait = 0 // the branch may have moved before the watch
		}
		f.controller.board.next(f.cfg.Name, time.Now().Add(wait), f.nextSync(wait), f.watch.works())
		byTimer = false
		select {
		case <-ctx.Done():
		case _, open := <-f.watch.moves:
			f.watch.moved(open)
		case <-f.wake.signal:
		case <-time.After(wait):
			byTimer = wait > 0
		}
	}
}

// poll runs a sync if one is due or asked for, and returns how long to wait at the most.
// The commit that it notes is the one that the sync applies.
func (f *follower) poll(ctx context.Context) time.Duration {
	why := f.wake.take()
	if why.hinted && f.cfg.IsRemote() {
		f.chase = chase
	}
	at, err := f.locate(ctx)
	if err != nil {
		return f.unresolved(ctx, err, why)
	}
	f.resolved(at.commit)
	due := !time.Now().Before(f.due) || len(why.asked) > 0 || why.changed && f.undone || why.commanded || f.approved(ctx)
	if at.commit == f.done && !due {
		return f.untilNext()
	}
	if at.commit != f.done {
		f.retry.Reset() // the backoff was for another commit
		f.chase = nil
	}
	begun := time.Now()
	r := f.controller.sync(ctx, f.cfg, at, Request{Apply: true}, plan.Adoption{})
	if len(r.Results) >= largeSync {
		debug.FreeOSMemory()
	}
	why.answer(r)
	if ctx.Err() != nil {
		return 0
	}
	f.done, f.undone = at.commit, r.Outcome() == report.Failed || r.Summary().PendingHandOver > 0
	if r.Damaged() {
		f.repo = nil
	}
	f.settleApprovals(ctx, r)
	f.schedule(r, time.Since(begun))
	f.controller.board.remember(f.cfg.Name, r.Past(time.Now(), time.Since(begun)))
	f.publish(r, begun, f.due)
	f.controller.readWorkflowFiles(ctx, f.cfg, at, r)
	return f.untilNext()
}

// schedule sets when the next sync of the same commit is due.
func (f *follower) schedule(r report.Report, took time.Duration) {
	if !retryable(r) {
		f.retry.Reset()
		f.due = time.Now().Add(spread(f.cfg.DriftInterval))
		return
	}
	f.due = time.Now().Add(min(f.retry.NextBackOff(), spread(longestRetry(r, took, f.cfg.DriftInterval))))
}

// locate resolves the branch, in a repository that is opened once, and again after a
// failure or when another one is at its path.
func (f *follower) locate(ctx context.Context) (at location, err error) {
	if f.repo == nil || f.repo.Replaced() {
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
func (f *follower) unresolved(ctx context.Context, err error, why reasons) time.Duration {
	first := f.before == nil
	if first {
		before := f.controller.board.get(f.cfg.Name)
		f.before = &before
	}
	begun := time.Now()
	r := report.Report{Source: f.cfg.Name, Branch: f.cfg.ShortRef(), Err: err}
	why.answer(r)
	if ctx.Err() != nil { // the end of this loop, not a failure of the source
		return 0
	}
	f.controller.discardDamaged(ctx, r)
	wait := min(f.retry.NextBackOff(), f.interval(), spread(lastRetry))
	if first { // the next ones would replace the history
		f.controller.board.remember(f.cfg.Name, r.Past(begun, 0))
	}
	f.publish(r, begun, begun.Add(wait))
	return wait
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
func (f *follower) publish(r report.Report, begun, next time.Time) {
	pending := f.controller.pending.after(r, f.cfg, time.Now())
	f.controller.board.post(r, pending, next)
	f.controller.inventory.post(r, time.Now())
	f.controller.metrics.observe(r, time.Since(begun))
	f.controller.metrics.observePending(r.Source, pending)
	if !f.logged.repeated(r, time.Now(), f.cfg.DriftInterval) {
		logSync(f.log, r)
	}
	f.controller.notify(r, pending)
}

// untilNext is how long to wait at the most. After a hint it is the next wait of the
// chase.
func (f *follower) untilNext() time.Duration {
	wait := min(f.interval(), time.Until(f.due))
	if f.approvals.pending != "" {
		wait = min(wait, time.Until(f.approvals.due))
	}
	if len(f.chase) > 0 {
		wait, f.chase = min(wait, f.chase[0]), f.chase[1:]
	}
	return max(wait, 0)
}

// nextSync is when the next sync is, at the latest. While the branch cannot be resolved
// that is the next poll.
func (f *follower) nextSync(wait time.Duration) time.Time {
	if f.before != nil {
		return time.Now().Add(wait)
	}
	return f.due
}

// interval is how long to wait at the most until the next poll.
func (f *follower) interval() time.Duration {
	if f.cfg.IsRemote() {
		return spread(f.cfg.Remote.Poll)
	}
	return spread(f.controller.localPoll)
}

func spread(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (1 + jitter*(2*rand.Float64()-1))) //nolint:gosec // no secret
}
