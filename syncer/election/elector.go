// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package election

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// observed is a Lease as the answers to this process showed it.
type observed struct {
	// metadata and spec are those of the last answer. since is when this spec was seen for
	// the first time, by the clock of this process.
	metadata json.RawMessage
	spec     spec
	since    time.Time
	// changed means that the spec was seen to change, so that the leader was alive then.
	changed bool
}

// expired reports whether the Lease was not renewed for as long as it lasts.
func (o *observed) expired(now time.Time) bool {
	return !now.Before(o.since.Add(time.Duration(o.spec.Seconds) * time.Second))
}

// see takes an answer. A change of the metadata alone is not a renewal.
func (o *observed) see(l lease, now time.Time) {
	o.metadata = l.Metadata
	if o.since.IsZero() || l.Spec != o.spec {
		o.changed = o.changed || !o.since.IsZero()
		o.spec, o.since = l.Spec, now
	}
}

// elector is what a candidate knows of a Lease that it wants or has.
type elector struct {
	observed
	leases   *leases
	name     string
	identity string
	duration time.Duration
	// renewed is when this candidate sent the last renewal that succeeded: the others cannot
	// have seen that earlier.
	renewed time.Time
}

// leads reports whether this candidate has the lease, as far as it knows.
func (e *elector) leads() bool { return e.spec.Leader == e.identity }

// claim is the spec that takes or renews the lease.
func (e *elector) claim(now time.Time) spec {
	out := spec{
		Leader: e.identity, Seconds: int(e.duration / time.Second), Renewed: microTime(now),
		Acquired: e.spec.Acquired, Transitions: e.spec.Transitions,
	}
	if !e.leads() {
		out.Acquired = out.Renewed
		out.Transitions++
	}
	return out
}

// try renews the lease, or takes it if it is free, and reports whether this candidate has it
// then. Without an error, another candidate has it otherwise.
func (e *elector) try(ctx context.Context) (bool, error) {
	if e.leads() && !e.expired(time.Now()) {
		// Probably the lease is as this candidate wrote it, so it is not read first.
		if renewed, err := e.put(ctx); err == nil {
			return renewed, nil
		}
	}
	found, err := e.leases.get(ctx, e.name)
	now := time.Now()
	if hasStatus(err, http.StatusNotFound) {
		e.spec = spec{}
		created := e.claim(now)
		created.Transitions = 0
		found, err = e.leases.create(ctx, e.name, nil, created)
		return e.took(found, now, err)
	}
	if err != nil {
		return false, err
	}
	e.see(found, now)
	if !e.leads() && e.spec.Leader != "" && !e.expired(now) {
		return false, nil
	}
	return e.put(ctx)
}

// put takes or renews the lease that was seen.
func (e *elector) put(ctx context.Context) (bool, error) {
	now := time.Now()
	updated, err := e.leases.update(ctx, e.name, e.metadata, e.claim(now))
	return e.took(updated, now, err)
}

// took takes the answer to a write that was sent at a time.
func (e *elector) took(l lease, sent time.Time, err error) (bool, error) {
	if err == nil {
		e.see(l, sent)
		e.renewed = sent
	}
	return err == nil, err
}

// release releases the lease. An update of this candidate that was interrupted may still
// arrive, so release retries after a conflict.
func (e *elector) release(ctx context.Context) error {
	for {
		found, err := e.leases.get(ctx, e.name)
		if err != nil || found.Spec.Leader != e.identity {
			return err
		}
		_, err = e.leases.update(ctx, e.name, found.Metadata, found.Spec.released(time.Now()))
		if !hasStatus(err, http.StatusConflict) {
			return err
		}
	}
}

// released is the spec of a Lease that its leader releases.
func (s spec) released(now time.Time) spec {
	text := microTime(now)
	return spec{Seconds: 1, Acquired: text, Renewed: text, Transitions: s.Transitions}
}
