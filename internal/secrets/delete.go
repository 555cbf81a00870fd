// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"maps"
	"slices"

	"github.com/relay-secrets/terraform-provider-relay/internal/capability"
)

// Deletion is what Delete or Purge did.
type Deletion int

const (
	// NothingOwned: no record and no baseline of this owner counts; nothing was sent.
	NothingOwned Deletion = iota
	// SoftDeleted: the version is deleted and can be undeleted.
	SoftDeleted
	// AllDestroyed: every version is destroyed.
	AllDestroyed
	// ReleasedOnly: the current version is not this owner's, or dead already; only the
	// owner's record was released.
	ReleasedOnly
)

// Delete soft-deletes the current version if this owner wrote it, and releases the
// owner's record. It deletes by version, so a newer one that another writer adds
// meanwhile stays. baseline is the owner's last write as it keeps it besides the
// record. Errors: ErrNotOwner, ErrMissingCapability, ErrNoRecord (deleted, not
// released), *kv.Error.
func (c *Client) Delete(ctx context.Context, a Address, baseline *Written) (Deletion, error) {
	return c.delete(ctx, a, baseline, capability.Delete)
}

// Purge is Delete that destroys every version for good. The name stays in listings
// until an administrator removes the metadata.
func (c *Client) Purge(ctx context.Context, a Address, baseline *Written) (Deletion, error) {
	return c.delete(ctx, a, baseline, capability.Purge)
}

func (c *Client) delete(ctx context.Context, a Address, baseline *Written, op capability.Operation) (Deletion, error) {
	if err := a.Check(); err != nil {
		return NothingOwned, err
	}
	e, err := c.Describe(ctx, a)
	if err != nil {
		return NothingOwned, err
	}
	known := e.withBaseline(c.owner, baseline)
	owner, record, found := known.LastOwner()
	if found && owner != c.owner {
		return NothingOwned, &NotOwnerError{Address: a, Owner: owner}
	}
	if !found {
		return NothingOwned, nil
	}
	if err := c.require(ctx, a, op); err != nil {
		return NothingOwned, err
	}
	done := ReleasedOnly
	pair := context.WithoutCancel(ctx)
	if record.Version == known.Current {
		if done, err = c.deleteVersions(pair, a, known, op); err != nil {
			return NothingOwned, err
		}
	}
	return done, c.release(pair, a, record, done)
}

// deleteVersions deletes or destroys what this owner wrote.
func (c *Client) deleteVersions(ctx context.Context, a Address, e Entry, op capability.Operation) (Deletion, error) {
	switch {
	case op == capability.Purge:
		versions := slices.Sorted(maps.Keys(e.Versions))
		return AllDestroyed, c.kv.DestroyVersions(ctx, entryOf(a), versions...)
	case e.Live():
		return SoftDeleted, c.kv.DeleteVersions(ctx, entryOf(a), e.Current)
	}
	return ReleasedOnly, nil
}

// release cancels a record. The record of a soft-deleted version keeps its other
// fields, for Undelete.
func (c *Client) release(ctx context.Context, a Address, last Record, done Deletion) error {
	released := Record{Version: last.Version, Time: last.Time, Released: true}
	if done == SoftDeleted {
		released.Deleted, released.Provenance, released.Body = true, last.Provenance, last.Body
	}
	if err := c.writeRecord(ctx, a, released); err != nil {
		return &noRecordError{Address: a, Done: "released", Written: Written{Version: last.Version, Created: last.Time}, Cause: err}
	}
	return nil
}
