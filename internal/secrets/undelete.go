// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"fmt"

	"github.com/relay-secrets/terraform-provider-relay/internal/capability"
)

// Undelete brings back the version that this owner soft-deleted, as long as
// nothing newer was written: by the owner's record, of which it gives the new
// state, marked Undeleted. One that the owner still holds and somebody else
// deleted is brought back as well.
//
// The record comes first. A crash before the second request leaves a dead version
// that the owner holds, which its next run puts right like any other, and other
// owners who look in between see whose it is. Both requests may be sent again, so
// Undelete may be repeated after any error. Undelete has no check-and-set in
// Vault: a write of another owner who looked before the first request and writes
// after the second takes the secret over, as if it had come before.
//
// Errors: ErrInvalid, ErrNotDeleted, ErrMissingCapability, ErrConflict (somebody wrote
// meanwhile, and that value stays), or a *kv.Error.
func (c *Client) Undelete(ctx context.Context, a Address) (Record, error) {
	if err := a.Check(); err != nil {
		return Record{}, err
	}
	e, err := c.Describe(ctx, a)
	if err != nil {
		return Record{}, err
	}
	record, reason := undeletable(c.owner, e)
	if reason != "" {
		return Record{}, &undeleteError{Address: a, Cause: reason}
	}
	if err := c.require(ctx, a, capability.Undelete); err != nil {
		return Record{}, err
	}
	pair := context.WithoutCancel(ctx)
	record.Released, record.Deleted, record.Undeleted = false, false, true
	if err := c.writeRecord(pair, a, record); err != nil {
		return Record{}, fmt.Errorf("secret %s: nothing was undeleted: %w", a, err)
	}
	if !e.Live() {
		if err := c.kv.UndeleteVersions(pair, entryOf(a), record.Version); err != nil {
			return Record{}, fmt.Errorf("secret %s: %w; undelete it again", a, err)
		}
	}
	return c.undeleted(pair, a, e, record)
}

// undeleted looks at what came of it. A new end that Vault gave the version goes
// into the record, which tells expiry from deletion by it.
func (c *Client) undeleted(ctx context.Context, a Address, was Entry, record Record) (Record, error) {
	now, err := c.Describe(ctx, a)
	if err != nil {
		return record, fmt.Errorf("secret %s was undeleted, but what came of it cannot be seen: %w", a, err)
	}
	if holder, held := now.Owner(); !held || holder != c.owner || !now.Live() {
		seen := now.Seen()
		return record, &conflictError{Address: a, Was: was.Seen(), Now: &seen}
	}
	if expires := now.Expires(); !expires.Equal(record.Expires) {
		record.Expires = expires
		return record, c.writeRecord(ctx, a, record)
	}
	return record, nil
}

// undeletable is the record by which me may undelete the current version, or the
// reason why not.
func undeletable(me Owner, e Entry) (Record, string) {
	r, noted := e.Records[me]
	current := e.Versions[e.Current]
	switch {
	case !noted || !e.counts(r):
		return Record{}, fmt.Sprintf("%s has no record on it", me)
	case r.Version != e.Current:
		return Record{}, fmt.Sprintf("version %d was written since; %s had version %d", e.Current, me, r.Version)
	case current.Destroyed:
		return Record{}, fmt.Sprintf("version %d is destroyed, its value is gone for good", e.Current)
	case r.Released && !r.Deleted:
		return Record{}, fmt.Sprintf("%s let go of version %d but did not delete it", me, e.Current)
	case !r.Released && e.Live():
		return Record{}, fmt.Sprintf("it is not deleted: version %d is live", e.Current)
	}
	claimed := e.withRecord(me, Record{Version: r.Version, Time: r.Time})
	if holder, held := claimed.Owner(); !held || holder != me {
		return Record{}, "another owner has a record of the same version"
	}
	r.Expires = e.Expires()
	return r, ""
}
