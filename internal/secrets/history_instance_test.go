// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"errors"
	"maps"
	"time"
)

// instance is what one Terraform instance keeps in its state.
type instance struct {
	exists bool
	// baseline is the last write that Vault confirmed.
	baseline *Written
	// lost is a create whose answer was lost, by the version that it makes.
	lost *lostCreate
	// knows are the versions that this instance wrote, or had in the state that it was
	// copied from.
	knows map[string]bool
}

type lostCreate struct {
	version  int
	from, to time.Time
}

// find is the version that the create made, if it did.
func (l *lostCreate) find(e Entry) *Written {
	if l == nil {
		return nil
	}
	v, exists := e.Versions[l.version]
	if !exists || v.Created.Before(l.from) || v.Created.After(l.to) {
		return nil
	}
	if _, record, found := e.LastOwner(); found && record.Version >= l.version {
		return nil
	}
	return &Written{Version: l.version, Created: v.Created}
}

// apply is one terraform apply: refresh, plan, and the change.
func (s *instance) apply(ctx context.Context, a *actor, c *Client) {
	if !a.want {
		if s.exists && a.remove(ctx, c, s.claim(a)) == nil {
			*s = instance{}
		}
		return
	}
	e, err := c.Describe(ctx, a.h.address)
	if err != nil {
		return
	}
	if !s.exists {
		s.create(ctx, a, c, e)
		return
	}
	last := s.lastWrite(e)
	if last != nil && Judge(a.owner, e, last).State == InSync && a.applied == a.desired {
		a.h.trusts(a, e)
		return
	}
	if e, err = c.Confirm(ctx, a.h.address, e.Seen()); err != nil { // apply is another process
		return
	}
	if written, err := a.put(ctx, c, e, last); err == nil || errors.Is(err, ErrNoRecord) {
		s.wrote(a, written)
	}
}

// claim is what a destroy may delete.
func (s *instance) claim(a *actor) Claim {
	if a.h.claimsLostCreates {
		return s.lastWrite(a.h.view(a.owner)).Claim(a.owner)
	}
	return s.baseline.Claim(a.owner)
}

// create refuses a live value of its own owner, as the provider does.
func (s *instance) create(ctx context.Context, a *actor, c *Client, e Entry) {
	if last, _, found := e.LastOwner(); found && last == a.owner && e.Live() && !a.op.adopt {
		a.h.warned(e)
		return
	}
	from := time.Now()
	written, err := a.put(ctx, c, e, nil)
	switch {
	case err == nil, errors.Is(err, ErrNoRecord):
		s.exists = true
		s.wrote(a, written)
	case errors.Is(err, ErrOutcomeUnknown):
		s.exists, s.lost = true, &lostCreate{version: e.Current + 1, from: from, to: time.Now().Add(time.Millisecond)}
	}
}

func (s *instance) wrote(a *actor, written Written) {
	s.baseline, s.lost, a.applied = &written, nil, a.desired
	a.h.known(a, written.Claim(a.owner))
}

// lastWrite is what drift is judged from. A lost create counts, so that it is repaired;
// a removal does not claim it.
func (s *instance) lastWrite(e Entry) *Written {
	if s.baseline != nil {
		return s.baseline
	}
	return s.lost.find(e)
}

// imports puts the secret into the state without a baseline: the next apply writes.
func (a *actor) imports() {
	if e := a.h.entry(); e.Current > 0 && !a.state.exists {
		a.state, a.applied = instance{exists: true}, 0
	}
}

// copies takes a copy of the state of another instance.
func (a *actor) copies(from *actor) {
	if a.state.exists {
		return
	}
	a.state, a.applied, a.desired = from.state, from.applied, from.desired
	a.state.knows = maps.Clone(from.state.knows)
}
