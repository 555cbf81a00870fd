// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"maps"
	"slices"
)

// Deletion is how a secret was let go.
type Deletion int

const (
	// NothingOwned: no record or memory of this owner counts here; nothing was sent.
	NothingOwned Deletion = iota
	// SoftDeleted: the version is deleted and can be undeleted.
	SoftDeleted
	// AllDestroyed: every version is destroyed.
	AllDestroyed
	// ReleasedOnly: what is there is not this owner's, or dead already; only its
	// record was released.
	ReleasedOnly
)

// Delete soft-deletes the current version if this owner holds it, and releases
// the owner's record. It deletes by version, so a newer one that somebody writes
// meanwhile stays. wrote is what the owner remembers besides the record.
// Errors: ErrNotOwner, ErrMissingCapability, ErrNoRecord (deleted, not released), *kv.Error.
func (c *Client) Delete(ctx context.Context, a Address, wrote *Written) (Deletion, error) {
	return c.remove(ctx, a, wrote, deleting)
}

// Purge is Delete that destroys every version for good. The name stays in
// listings until an administrator removes the metadata.
func (c *Client) Purge(ctx context.Context, a Address, wrote *Written) (Deletion, error) {
	return c.remove(ctx, a, wrote, purging)
}

// Release lets go of a secret and leaves what is there. Errors as for Delete.
func (c *Client) Release(ctx context.Context, a Address, wrote *Written) (Deletion, error) {
	known, err := c.Describe(ctx, a)
	if err != nil {
		return NothingOwned, err
	}
	last, ok := mine(c.owner, known.withBaseline(c.owner, wrote))
	if !ok {
		return NothingOwned, nil
	}
	return ReleasedOnly, c.release(ctx, a, last, ReleasedOnly)
}

func (c *Client) remove(ctx context.Context, a Address, wrote *Written, p purpose) (Deletion, error) {
	if err := a.Check(); err != nil {
		return NothingOwned, err
	}
	e, err := c.Describe(ctx, a)
	if err != nil {
		return NothingOwned, err
	}
	known := e.withBaseline(c.owner, wrote)
	owner, record, found := known.newest()
	if found && owner != c.owner {
		return NothingOwned, &NotOwnerError{Address: a, Owner: owner}
	}
	if !found {
		return NothingOwned, nil
	}
	if err := c.require(ctx, a, p); err != nil {
		return NothingOwned, err
	}
	done := ReleasedOnly
	pair := context.WithoutCancel(ctx)
	if record.Version == known.Current {
		if done, err = c.end(pair, a, known, p); err != nil {
			return NothingOwned, err
		}
	}
	return done, c.release(pair, a, record, done)
}

// end deletes or destroys what this owner holds.
func (c *Client) end(ctx context.Context, a Address, e Entry, p purpose) (Deletion, error) {
	switch {
	case p == purging:
		versions := slices.Sorted(maps.Keys(e.Versions))
		return AllDestroyed, c.kv.DestroyVersions(ctx, entryOf(a), versions...)
	case e.Live():
		return SoftDeleted, c.kv.DeleteVersions(ctx, entryOf(a), e.Current)
	}
	return ReleasedOnly, nil
}

// release cancels a record. That of a soft-deleted version keeps what it said, for
// Undelete.
func (c *Client) release(ctx context.Context, a Address, last Record, done Deletion) error {
	released := Record{Version: last.Version, Time: last.Time, Released: true}
	if done == SoftDeleted {
		released.Deleted, released.Provenance, released.Body = true, last.Provenance, last.Body
	}
	if err := c.writeRecord(ctx, a, released); err != nil {
		return &NoRecordError{Address: a, Done: "let go", Written: Written{Version: last.Version, Created: last.Time}, Cause: err}
	}
	return nil
}

// mine is the owner's own record, where it counts and is not released.
func mine(me Owner, e Entry) (Record, bool) {
	r, ok := e.Records[me]
	return r, ok && !r.Released && e.counts(r)
}
