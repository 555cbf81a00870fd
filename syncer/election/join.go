// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package election

import (
	"context"
	"math/rand/v2"
	"net/http"
	"time"
)

// join takes a Lease, and reports whether it has one; false if ctx ends before.
func (m *member) join(ctx context.Context) bool {
	for {
		joined, err := m.tryJoin(ctx)
		if joined {
			return true
		}
		raced := hasStatus(err, http.StatusConflict)
		if !raced {
			m.warn(ctx, "not joined, trying again", err)
		}
		// With a random part, so that replicas do not all try at the same time.
		if !raced && !sleep(ctx, m.terms.retry+rand.N(m.terms.retry)) || ctx.Err() != nil { //nolint:gosec // not a secret
			return false
		}
	}
}

func (m *member) tryJoin(ctx context.Context) (bool, error) {
	if err := m.list(ctx); err != nil {
		return false, err
	}
	free, next := m.roster.seats(m.election, m.identity, m.sent)
	if len(free) > 0 {
		m.name = free[rand.N(len(free))] //nolint:gosec // not a secret
		m.observed = m.roster[m.name].observed
		err := m.announce(ctx)
		return err == nil, err
	}
	if next == "" {
		return false, nil
	}
	return m.create(ctx)
}

// create creates a Lease. One that was created at the same time is of a live replica, so
// the next number is tried at once.
func (m *member) create(ctx context.Context) (bool, error) {
	for n := 0; ; n++ {
		m.name = m.roster.unused(m.election, n)
		now := time.Now()
		m.observed = observed{}
		claim := m.claim(now)
		claim.Transitions = 0
		created, err := m.leases.create(ctx, m.name, map[string]string{shareLabel: m.election}, claim)
		if hasStatus(err, http.StatusConflict) {
			continue
		}
		return m.took(created, now, err)
	}
}
