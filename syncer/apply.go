// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile"
)

// errNotTried is the error of what was given up after a failure that concerns
// everything, or a stop.
var errNotTried = errors.New("not tried: the round ended before it")

// inARow is how many actions may end one after another in trouble with Vault until
// the rest of the round is not tried: each of thousands could wait for a timeout.
const inARow = 10

// Result is what became of an action that was carried out.
type Result struct {
	Action
	// Version is the version that was written, 0 for none.
	Version int
	// Err is why it was not, or not wholly, carried out.
	Err error
}

// apply carries out a plan: the writes and notes first, with bounded concurrency, and then,
// only if each of them succeeded, the removals. done hears of each action as it
// ends, never at the same time. Results are in the order of the actions.
func (s *source) apply(ctx context.Context, d Desired, actions []Action, done func(Result)) []Result {
	results := make([]Result, len(actions))
	for i, a := range actions {
		results[i] = Result{Action: a}
	}
	line := auditLine{Owner: string(s.client.Owner()), Commit: string(d.Commit), Said: s.said}
	writers := s.crew(ctx, done)
	s.write(writers, d, line, results)
	for _, r := range chosen(results, Kind.Notes) {
		writers.run(r, func(ctx context.Context, r *Result) {
			s.audit.around(line, r, func() { r.Err = s.renote(ctx, d.Commit, r) })
		})
	}
	writers.wait()
	if anyFailed(results) {
		for i := range results {
			if results[i].Kind.Removes() {
				results[i].Action = results[i].as(Blocked, "not deleted: a write of this round failed")
			}
		}
		return results
	}
	removers := s.crew(ctx, done)
	for _, r := range chosen(results, Kind.Removes) {
		removers.run(r, func(ctx context.Context, r *Result) {
			s.audit.around(line, r, func() { s.remove(ctx, r) })
		})
	}
	removers.wait()
	s.tidy(ctx, results)
	return results
}

// write sends the values. Each file is opened just before its values are sent, and
// the next one waits until there is a hand free: few values are in memory at once,
// and none stays.
func (s *source) write(c *crew, d Desired, line auditLine, results []Result) {
	pending := map[string][]*Result{}
	for _, r := range chosen(results, Kind.Writes) {
		pending[r.Want.File] = append(pending[r.Want.File], r)
	}
	var files []gitsource.File
	for _, f := range d.Files {
		if pending[f.Path] != nil {
			files = append(files, f)
		}
	}
	err := s.repo.Read(c.ctx, files, sopsfile.MaxBytes, func(file gitsource.File, data []byte, err error) error {
		var contents map[secrets.Address]content
		if err == nil {
			contents, err = s.open(c.ctx, file.Path, data)
		}
		for _, r := range pending[file.Path] {
			content := contents[r.Address]
			c.run(r, func(ctx context.Context, r *Result) {
				if r.Err = err; err == nil {
					s.audit.around(line, r, func() { s.put(ctx, d.Commit, r, content) })
				}
			})
		}
		delete(pending, file.Path)
		return c.ctx.Err()
	})
	for _, rest := range pending { // git stopped halfway
		for _, r := range rest {
			c.run(r, func(_ context.Context, r *Result) { r.Err = cmp.Or(err, errNotTried) })
		}
	}
}

func (s *source) renote(ctx context.Context, commit gitsource.Commit, r *Result) error {
	return s.client.UpdateRecord(ctx, r.Address, r.Entry, r.note(s.client.Owner(), commit))
}

// chosen are the results of the kinds.
func chosen(results []Result, kind func(Kind) bool) []*Result {
	var out []*Result
	for i := range results {
		if kind(results[i].Kind) {
			out = append(out, &results[i])
		}
	}
	return out
}

// crew carries out actions at the configured pace, with as many hands as the
// configuration allows. Once Vault refuses everything alike, or answers nothing
// properly any more, the rest is not tried.
type crew struct {
	ctx  context.Context
	stop context.CancelFunc
	pace *pace
	work errgroup.Group
	done func(Result)

	mu       sync.Mutex
	troubled int // actions in a row that ended in trouble with Vault
}

func (s *source) crew(ctx context.Context, done func(Result)) *crew {
	c := &crew{pace: s.pace, done: done}
	c.ctx, c.stop = context.WithCancel(ctx)
	c.work.SetLimit(s.concurrency)
	return c
}

// run waits for a free hand and gives it the work.
func (c *crew) run(r *Result, do func(context.Context, *Result)) {
	c.work.Go(func() error {
		if c.pace.wait(c.ctx) != nil {
			r.Err = errNotTried
		} else {
			do(c.ctx, r)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.troubled++; !secrets.Unavailable(r.Err) {
			c.troubled = 0
		}
		if secrets.AffectsAll(r.Err) || c.troubled == inARow {
			c.stop()
		}
		c.done(*r)
		return nil // it is in the result
	})
}

func (c *crew) wait() {
	_ = c.work.Wait()
	c.stop()
}

func anyFailed(results []Result) bool {
	return slices.ContainsFunc(results, func(r Result) bool { return r.Err != nil })
}
