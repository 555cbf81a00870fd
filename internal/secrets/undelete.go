// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"fmt"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/capability"
)

// Undelete restores the version that this owner soft-deleted, as long as there is no
// newer version. The owner's record permits it; Undelete returns the new record, marked
// Undeleted. It also restores a version of this owner that another writer deleted.
//
// The record comes first. A crash before the second request leaves a dead version that
// the owner owns, which its next run writes again, and other owners see the owner in
// between. Both requests may be sent again, so Undelete may be repeated after any error.
// Vault has no check-and-set for it: a write of another owner that observed the secret
// before the first request and writes after the second takes the secret over, as if it
// had come before.
//
// Errors: ErrInvalid, ErrNotDeleted, ErrMissingCapability, ErrConflict (another writer
// wrote meanwhile, and that value stays), or a *kv.Error.
func (c *Client) Undelete(ctx context.Context, a Address) (Record, error) {
	if err := a.Check(); err != nil {
		return Record{}, err
	}
	e, err := c.Describe(ctx, a)
	if err != nil {
		return Record{}, err
	}
	record, cause := undeletable(c.owner, e)
	if cause != "" {
		return Record{}, &undeleteError{Address: a, Cause: cause}
	}
	if err := c.require(ctx, a, capability.Undelete); err != nil {
		return Record{}, err
	}
	if _, err := c.checkTidy(ctx, a, e); err != nil {
		return Record{}, err
	}
	pair := context.WithoutCancel(ctx)
	record.Released, record.ReleasedAt, record.Deleted, record.Undeleted = false, time.Time{}, false, true
	if err := c.writeRecord(pair, a, record, c.keysFor(e)); err != nil {
		return Record{}, fmt.Errorf("undelete %s %s: nothing was sent but the record: %w", a.Kind, a, err)
	}
	if !e.Live() {
		if err := c.kv.UndeleteVersions(pair, entryOf(a), record.Version); err != nil {
			return Record{}, fmt.Errorf("undelete %s %s: %w; undelete it again", a.Kind, a, c.changeError(pair, a, capability.Undelete, err))
		}
	}
	return c.undeleted(pair, a, e, record)
}

// undeleted observes the result. Vault may give the version a new expiry. It goes into
// the record, which distinguishes expiry from deletion by it.
func (c *Client) undeleted(ctx context.Context, a Address, was Entry, record Record) (Record, error) {
	now, err := c.Describe(ctx, a)
	if err != nil {
		return record, fmt.Errorf("%s %s: Vault accepted the undelete, but the new state could not be observed: %w", a.Kind, a, err)
	}
	if owner, owned := now.Owner(); !owned || owner != c.owner || !now.Live() {
		seen := now.Seen()
		return record, &conflictError{Address: a, Was: was.Seen(), Now: &seen}
	}
	if expires := now.Expires(); !expires.Equal(record.Expires) {
		record.Expires = expires
		return record, c.writeRecord(ctx, a, record, c.keysFor(was))
	}
	return record, nil
}

// undeletable is the record that permits me to undelete the current version, or the
// cause why none does.
func undeletable(me Owner, e Entry) (Record, string) {
	r, found := e.Records[me]
	current := e.Versions[e.Current]
	switch {
	case !found && e.Rejected != nil:
		return Record{}, fmt.Sprintf("the record of %s is not authentic", me)
	case !found || !e.counts(r):
		return Record{}, fmt.Sprintf("%s has no record of it", me)
	case r.Version != e.Current:
		return Record{}, fmt.Sprintf("version %d is newer; %s wrote version %d", e.Current, me, r.Version)
	case current.Destroyed:
		return Record{}, fmt.Sprintf("version %d is destroyed", e.Current)
	case r.Released && !r.Deleted:
		return Record{}, fmt.Sprintf("%s released version %d but did not delete it", me, e.Current)
	case !r.Released && e.Live():
		return Record{}, fmt.Sprintf("not deleted: version %d is live", e.Current)
	}
	claimed := e.withRecord(me, Record{Version: r.Version, Time: r.Time})
	if owner, owned := claimed.Owner(); !owned || owner != me {
		return Record{}, "another owner has a record of the same version"
	}
	r.Expires = e.Expires()
	return r, ""
}
