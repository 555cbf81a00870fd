// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"errors"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
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

// apply carries out a plan: the writes first, with bounded concurrency, and then,
// only if each of them succeeded, the removals. done hears of each action as it
// ends, never at the same time. Results are in the order of the actions.
func (s *source) apply(ctx context.Context, commit gitsource.Commit, actions []Action, done func(Result)) []Result {
	results := make([]Result, len(actions))
	for i, a := range actions {
		results[i] = Result{Action: a}
	}
	line := auditLine{Owner: string(s.client.Owner()), Commit: string(commit), Said: s.said}
	s.carryOut(ctx, results, Kind.Writes, done, func(ctx context.Context, r *Result) {
		s.audit.around(line, r, func() { s.write(ctx, commit, r) })
	})
	if anyFailed(results) {
		for i := range results {
			if results[i].Kind.Removes() {
				results[i].Action = results[i].as(Blocked, "not deleted: a write of this round failed")
			}
		}
		return results
	}
	s.carryOut(ctx, results, Kind.Removes, done, func(ctx context.Context, r *Result) {
		s.audit.around(line, r, func() { _, r.Err = s.client.Delete(ctx, r.Address, nil) })
	})
	return results
}

func (s *source) write(ctx context.Context, commit gitsource.Commit, r *Result) {
	put := s.client.Put
	if r.Kind == Adopt {
		put = s.client.Adopt
	}
	written, err := put(ctx, r.Want.write(r.Entry, commit))
	r.Version, r.Err = written.Version, err
}

// carryOut runs do for each result of a kind. Once Vault refuses everything
// alike, or answers nothing properly any more, the rest is not tried.
func (s *source) carryOut(ctx context.Context, results []Result, kind func(Kind) bool, done func(Result), do func(context.Context, *Result)) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var mu sync.Mutex
	troubled := 0
	work := new(errgroup.Group)
	work.SetLimit(s.concurrency)
	for i := range results {
		r := &results[i]
		if !kind(r.Kind) {
			continue
		}
		work.Go(func() error {
			if s.pace.wait(ctx) != nil {
				r.Err = errNotTried
			} else {
				do(ctx, r)
			}
			mu.Lock()
			defer mu.Unlock()
			if troubled++; !secrets.Troubled(r.Err) {
				troubled = 0
			}
			if secrets.AffectsAll(r.Err) || troubled == inARow {
				stop()
			}
			done(*r)
			return nil // it is in the result
		})
	}
	_ = work.Wait()
}

func anyFailed(results []Result) bool {
	return slices.ContainsFunc(results, func(r Result) bool { return r.Err != nil })
}
