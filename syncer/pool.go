// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"errors"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// maxUnavailable is how many actions in a row may find Vault unavailable until the
// rest of the sync is not tried: each of thousands could wait for a timeout.
const maxUnavailable = 10

// pool carries out actions with bounded concurrency and within the rate limit. Once
// Vault refuses every request alike, or is unavailable, or the audit file cannot be written,
// the rest is not tried.
type pool struct {
	// caller's context ends the sync; ctx ends also when the pool stops itself.
	caller    context.Context
	ctx       context.Context
	stop      context.CancelFunc
	rateLimit *rateLimit
	work      errgroup.Group
	done      func(report.Result)

	mu          sync.Mutex
	unavailable int // actions in a row that found Vault unavailable
}

// newPool makes a pool that calls done with each result, never twice at a time.
func (s *source) newPool(ctx context.Context, done func(report.Result)) *pool {
	p := &pool{caller: ctx, rateLimit: s.rateLimit, done: done}
	p.ctx, p.stop = context.WithCancel(ctx)
	p.work.SetLimit(s.vault.Concurrency)
	return p
}

// run waits for a free worker and gives it the action.
func (p *pool) run(r *report.Result, do func(context.Context, *report.Result)) {
	p.work.Go(func() error {
		if p.rateLimit.wait(p.ctx) != nil {
			r.Err = errNotTried
		} else {
			do(p.ctx, r)
		}
		if errors.Is(r.Err, context.Canceled) && p.caller.Err() == nil {
			r.Err = errNotTried // the pool stopped; its cause is another action's error
		}
		if r.Err == context.Canceled { //nolint:errorlint // one with more facts stays
			r.Err = kv.ErrCanceled
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.unavailable++; !secrets.Unavailable(r.Err) {
			p.unavailable = 0
		}
		if secrets.AffectsAll(r.Err) || errors.Is(r.Err, ErrNotRecorded) || p.unavailable == maxUnavailable {
			p.stop()
		}
		p.done(*r)
		return nil // it is in the result
	})
}

func (p *pool) wait() {
	_ = p.work.Wait()
	p.stop()
}
