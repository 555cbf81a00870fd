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
)

const (
	// pollInterval is how often a branch is looked at although nothing hinted at a
	// move of it.
	pollInterval = 30 * time.Second
	// jitter spreads what several controllers do at one time.
	jitter = 0.05
	// firstRetry and lastRetry bound the wait after a round that failed in a way
	// that may pass.
	firstRetry = 750 * time.Millisecond
	lastRetry  = 15 * time.Minute
)

// follow follows every source until ctx ends: a commit is applied when a hint or the
// poll shows it, an unchanged one costs no request to Vault but at the source's
// drift interval. Each source has its own loop; none can hold up another. One that
// is suspended has none. A write under way when ctx ends is finished.
func (c *Controller) follow(ctx context.Context, log *slog.Logger) {
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
	<-ctx.Done() // also where every source is suspended
}

// follower is the loop of one source.
type follower struct {
	controller *Controller
	cfg        config.Source
	log        *slog.Logger
	repo       *gitsource.Repository
	// done is the commit of the last round, and due when there is another one for
	// it all the same.
	done  gitsource.Commit
	due   time.Time
	retry *backoff.ExponentialBackOff
	// before is the status from before the branch could not be seen any more; nil
	// while it can.
	before *Status
}

func newFollower(c *Controller, cfg config.Source, log *slog.Logger) *follower {
	retry := backoff.NewExponentialBackOff()
	retry.InitialInterval, retry.MaxInterval, retry.RandomizationFactor = firstRetry, lastRetry, 0.5
	return &follower{controller: c, cfg: cfg, log: log.With("source", cfg.Name), retry: retry}
}

func (f *follower) follow(ctx context.Context) {
	var moves <-chan struct{} // of the watched repository
	for ctx.Err() == nil {
		wait := f.look(ctx)
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

// watch asks to hear of moves; nil where nothing can be heard, and the poll has to do.
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

// look runs a round if one is due, and says how long to wait at the most.
func (f *follower) look(ctx context.Context) time.Duration {
	commit, err := f.resolve(ctx)
	if err != nil {
		return f.lose(err)
	}
	f.find(commit)
	if commit == f.done && time.Now().Before(f.due) {
		return f.untilNext()
	}
	if commit != f.done {
		f.retry.Reset() // another commit is another matter
	}
	begun := time.Now()
	report := f.controller.round(ctx, f.cfg, Request{Apply: true}, Adoption{})
	if ctx.Err() != nil {
		return 0
	}
	f.done = commit
	if report.mayPass() {
		return f.failed(report, begun)
	}
	f.retry.Reset()
	f.due = time.Now().Add(spread(f.cfg.DriftInterval))
	f.note(report, begun)
	return f.untilNext()
}

// resolve finds the branch's commit, in a repository that is opened once and
// again after a failure.
func (f *follower) resolve(ctx context.Context) (commit gitsource.Commit, err error) {
	if err := f.controller.fetch(ctx, f.cfg); err != nil {
		return "", err
	}
	if f.repo == nil {
		if f.repo, err = f.controller.repository(ctx, f.cfg); err != nil {
			return "", err
		}
	}
	if commit, err = resolve(ctx, f.cfg, f.repo); err != nil {
		f.repo = nil
	}
	return commit, err
}

// lose notes that the branch cannot be seen, and says how long to wait. What the
// last round was due for stays as it is: the trouble is not Vault's.
func (f *follower) lose(err error) time.Duration {
	if f.before == nil {
		before := f.controller.board.get(f.cfg.Name)
		f.before = &before
	}
	f.note(Report{Source: f.cfg.Name, Branch: f.cfg.ShortRef(), Err: err}, time.Now())
	return min(f.retry.NextBackOff(), f.poll())
}

// find notes that the branch is seen, and where. Where it is at the commit of the
// last round again, that round's status holds again.
func (f *follower) find(commit gitsource.Commit) {
	if f.before != nil {
		f.retry.Reset()
		if commit == f.done {
			f.controller.board.update(f.cfg.Name, func(s *Status) { *s = *f.before })
		}
		f.before = nil
	}
	if f.cfg.Tag != "" && f.done != "" && commit != f.done {
		f.log.Warn("the tag was moved", "tag", f.cfg.Tag, "from", string(f.done), "to", string(commit))
	}
}

// failed notes a round that may go better later, and says how long to wait.
func (f *follower) failed(report Report, begun time.Time) time.Duration {
	f.due = time.Now().Add(f.retry.NextBackOff())
	f.note(report, begun)
	return f.untilNext()
}

// note tells of a round to all who want to know.
func (f *follower) note(report Report, begun time.Time) {
	f.controller.board.post(report)
	f.controller.metrics.observe(report, time.Since(begun))
	logRound(f.log, report)
	f.controller.notify(report)
}

func (f *follower) untilNext() time.Duration {
	return max(min(f.poll(), time.Until(f.due)), 0)
}

// poll is how long to wait at the most before the branch is looked at again.
func (f *follower) poll() time.Duration {
	if f.cfg.IsRemote() {
		return spread(f.cfg.Remote.Poll)
	}
	return spread(pollInterval)
}

func spread(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (1 + jitter*(2*rand.Float64()-1))) //nolint:gosec // no secret
}

// mayPass reports whether the same round may go better without a new commit or a
// person: Vault or git was in trouble, or somebody else wrote at the same time.
func (r Report) mayPass() bool {
	return r.Err != nil || r.Troubled || anyFailed(r.Results) || r.damaged() || keyServerOut(r.Failures)
}

// logRound writes what a round changed, what it refused, and a line for all of it.
// No secret's value is anywhere near.
func logRound(log *slog.Logger, r Report) {
	log = log.With("commit", string(r.Commit))
	if r.Signer != "" {
		log = log.With("signed_by", r.Signer)
	}
	if r.Err != nil {
		log.Error("round ended before its plan", "err", r.Err)
		return
	}
	for _, f := range r.Failures {
		log.Error("refused", "file", f.File, "err", f.Err)
	}
	for _, result := range r.Results {
		entry := log.With("workflow", result.Address.Group, "secret", result.Address.Name, "action", string(result.Kind))
		switch {
		case result.Err != nil:
			entry.Error("not carried out", "err", result.Err)
		case result.Kind == Blocked || result.Kind == Drift:
			entry.Warn("left as it is", "reason", result.Reason)
		case result.Kind != Unchanged:
			entry.Info("carried out", "version", result.Version, "reason", result.Reason)
		}
	}
	s := r.Summary()
	log.Info("round done", "written", s.Add+s.Change+s.Repair+s.Adopt, "removed", s.Delete+s.Release,
		"unchanged", s.Unchanged, "re_encrypted", s.Reencrypted, "blocked", s.Blocked, "drifted", s.Drifted, "failed", s.Failed, "plan_id", r.PlanID)
}
