// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/capability"
)

// Delete soft-deletes the claimed version if it is current, and releases the record of
// the claim's owner, which need not be the client's. A newer version stays, also one of
// the same owner. Errors: ErrInvalid, ErrMissingCapability, ErrNoRecord (deleted, not
// released), *kv.Error.
func (c *Client) Delete(ctx context.Context, a Address, claim Claim) (Deletion, error) {
	return c.delete(ctx, a, claim, capability.Delete)
}

// Purge is Delete that destroys the claimed version and every older one for good. The
// name stays in listings until an administrator removes the metadata.
func (c *Client) Purge(ctx context.Context, a Address, claim Claim) (Deletion, error) {
	return c.delete(ctx, a, claim, capability.Purge)
}

func (c *Client) delete(ctx context.Context, a Address, claim Claim, op capability.Operation) (Deletion, error) {
	if err := checkDeletion(a, claim); err != nil {
		return Deletion{}, err
	}
	var waited Seen
	for {
		done, wait, err := c.deleteNow(ctx, a, claim, op, waited)
		if err != nil || wait == 0 {
			return done, err
		}
		waited = done.Remaining.Seen()
		c.waits(a, wait)
		select {
		case <-ctx.Done():
			return Deletion{}, ctx.Err()
		case <-time.After(wait):
		}
	}
}

// deleteNow observes, decides and removes, or returns how long to wait for the record
// that may follow a newer version. waited is what was observed before the last wait.
func (c *Client) deleteNow(ctx context.Context, a Address, claim Claim, op capability.Operation, waited Seen) (Deletion, time.Duration, error) {
	unlock, err := c.changing.lock(ctx, a)
	if err != nil {
		return Deletion{}, 0, err
	}
	defer unlock()
	e, err := c.Describe(ctx, a)
	if err != nil {
		return Deletion{}, 0, err
	}
	settle := c.settle
	if waited.Same(e.Seen()) {
		settle = 0
	}
	decision := decideDeletion(e, claim, op == capability.Purge, settle)
	done := Deletion{Outcome: decision.outcome, Remaining: e}
	if decision.wait > 0 || !decision.release {
		return done, decision.wait, nil
	}
	if err := c.require(ctx, a, op); err != nil {
		return Deletion{Remaining: e}, 0, err
	}
	pair := context.WithoutCancel(ctx)
	if err := c.removeVersions(pair, a, decision.versions, op); err != nil {
		return Deletion{Remaining: e}, 0, err
	}
	return done, 0, c.release(pair, a, claim, done)
}

// checkDeletion rejects a removal that no attempt could make right.
func checkDeletion(a Address, claim Claim) error {
	if err := a.Check(); err != nil || claim.Version < 1 {
		return err
	}
	_, err := parseOwner(string(claim.Owner))
	return err
}

// removeVersions deletes or destroys versions by number, so that a newer one that
// another writer adds meanwhile stays.
func (c *Client) removeVersions(ctx context.Context, a Address, versions []int, op capability.Operation) error {
	switch {
	case len(versions) == 0:
		return nil
	case op == capability.Purge:
		return wrapSecret(a, c.changeError(ctx, a, op, c.kv.DestroyVersions(ctx, entryOf(a), versions...)))
	}
	return wrapSecret(a, c.changeError(ctx, a, op, c.kv.DeleteVersions(ctx, entryOf(a), versions...)))
}

// release cancels the record of the claimed version. It keeps the names of a connection's
// bodies, and of a soft-deleted version the other fields, for Undelete.
//
// A release that is sent again reads the entry first: the record that the same owner
// wrote for a newer version meanwhile stays.
func (c *Client) release(ctx context.Context, a Address, claim Claim, done Deletion) error {
	released := Record{Version: claim.Version, Time: claim.Created, Released: true, ReleasedAt: done.Remaining.Date}
	released.Deleted = done.Outcome == SoftDeleted
	if last := done.Remaining.Records[claim.Owner]; claim.Names(last) {
		released.Body = last.Body
		if released.Deleted {
			released.Provenance = last.Provenance
		}
	}
	sent := false
	err := c.untilWritten(ctx, func() error {
		if sent {
			if newer, err := c.writtenSince(ctx, a, claim); err != nil || newer {
				return err
			}
		}
		sent = true
		return c.patchRecord(ctx, a, claim.Owner, released, c.keysFor(done.Remaining))
	})
	if err != nil {
		return &noRecordError{Address: a, Done: "released", Written: Written{Version: claim.Version, Created: claim.Created}, Cause: err}
	}
	return nil
}

// writtenSince reports whether the owner of a claim has recorded a newer version.
func (c *Client) writtenSince(ctx context.Context, a Address, claim Claim) (bool, error) {
	e, err := c.describe(ctx, a)
	return e.newerThan(claim), err
}
