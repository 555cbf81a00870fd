// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Claim is one version that its owner wrote, as the remover stored it: the baseline of
// a Terraform state, the record that a plan observed, the version that a command
// showed. A removal is bound to it, because one owner can have several writers: the old
// and the new instance of a resource, two copies of a state, two plans. The zero Claim
// claims nothing.
type Claim struct {
	// Owner is the owner of the write, and of the record that a removal releases.
	Owner   Owner
	Version int
	Created time.Time
}

// Claim is the claim of owner on a version that it wrote; zero for none.
func (w *Written) Claim(owner Owner) Claim {
	if w == nil {
		return Claim{}
	}
	return Claim{Owner: owner, Version: w.Version, Created: w.Created}
}

// Claim is the version that the record of owner names in this observation; zero if
// the record is released or does not count.
func (e Entry) Claim(owner Owner) Claim {
	r, found := e.Records[owner]
	if !found || r.Released || !e.counts(r) {
		return Claim{}
	}
	return Claim{Owner: owner, Version: r.Version, Created: r.Time}
}

// Claim is the version that its owner owned at the observation; zero for none.
func (s Seen) Claim() Claim {
	if s.Owner == NoOwner {
		return Claim{}
	}
	return Claim{Owner: s.Owner, Version: s.Version, Created: s.Created}
}

// Names reports whether a record is that of the claimed write.
func (c Claim) Names(r Record) bool { return r.Version == c.Version && r.Time.Equal(c.Created) }

// Outcome is what a removal did: a closed set.
type Outcome int

const (
	// NothingClaimed: the claim is empty, or nothing of the claimed write is left in
	// Vault: the entry was purged or rewritten. Nothing was deleted.
	NothingClaimed Outcome = iota
	// SoftDeleted: the claimed version is deleted and can be undeleted.
	SoftDeleted
	// AllDestroyed: the claimed version and every older one are destroyed.
	AllDestroyed
	// AlreadyDeleted: the claimed version was dead already. The record was released.
	AlreadyDeleted
	// WrittenSince: the same owner has written a newer version. Nothing was deleted and
	// no record was changed.
	WrittenSince
	// ReleasedOnly: another writer's version is current and stays. The record was
	// released.
	ReleasedOnly
)

// Deleted reports whether the removal deleted or destroyed a live value.
func (o Outcome) Deleted() bool { return o == SoftDeleted || o == AllDestroyed }

// Deletion is the result of Delete or Purge.
type Deletion struct {
	Outcome Outcome
	// Remaining is the entry that the removal was decided from. If the outcome is not
	// Deleted, its current version is what remains.
	Remaining Entry
}

// NotDeleted is why a removal deleted nothing at this address, as a clause with the
// command that deletes what stays; "" for one that did.
func (d Deletion) NotDeleted(a Address) string {
	current := d.Remaining.Current
	stays := "no live value is left"
	if d.Remaining.Live() {
		stays = d.Remaining.DescribeCurrent() + ", stays; if no program needs it any more, delete it: " + a.DeleteCommand(current)
	}
	switch d.Outcome {
	case SoftDeleted, AllDestroyed:
		return ""
	case AlreadyDeleted:
		return fmt.Sprintf("version %d was already deleted", current)
	case WrittenSince:
		return "the same owner has written a newer version since; " + stays
	case ReleasedOnly:
		return "another writer has written a newer version; " + stays
	case NothingClaimed:
		return "nothing of the last write is left in Vault; " + stays
	}
	return ""
}

// removal is the decision about one claim.
type removal struct {
	outcome Outcome
	// versions are to be deleted or destroyed; empty for none.
	versions []int
	// release: the record of the claim's owner is to be released.
	release bool
	// wait is how long to wait and observe again before anything is done.
	wait time.Duration
}

// decideDeletion decides what a removal may do with the observed entry. It removes only
// the claimed version, and only while that version is current. A record can only
// prevent a removal: a higher record of the same owner does. Pure.
func decideDeletion(e Entry, claim Claim, purge bool, settle time.Duration) removal {
	if claim.Version < 1 {
		return removal{outcome: NothingClaimed}
	}
	own, recorded := e.Records[claim.Owner]
	switch {
	case !e.has(claim.Version, claim.Created):
		return removal{outcome: NothingClaimed, release: recorded && !own.Released && claim.Names(own)}
	case e.newerThan(claim):
		return removal{outcome: WrittenSince}
	case e.Current == claim.Version:
		return e.removeCurrent(purge, recorded && own.Released && claim.Names(own))
	case e.recorded(e.Current):
		return removal{outcome: ReleasedOnly, release: true}
	}
	// The newer version may be the owner's, and its record on the way: a release would
	// then replace that record.
	return removal{outcome: ReleasedOnly, release: true, wait: e.untilSettled(settle)}
}

// removeCurrent is the removal of the current version, whose record may be released
// already: another copy of the state has removed it.
func (e Entry) removeCurrent(purge, released bool) removal {
	switch {
	case purge:
		return removal{outcome: AllDestroyed, release: true, versions: slices.Sorted(maps.Keys(e.Versions))}
	case e.Live():
		return removal{outcome: SoftDeleted, release: true, versions: []int{e.Current}}
	}
	// The first release names who deleted the version, which permits its undelete.
	return removal{outcome: AlreadyDeleted, release: !released}
}

// newerThan reports whether the owner of the claim has recorded a newer version,
// released or not. A record that is not authentic counts here: it may be that of an
// instance with another key.
func (e Entry) newerThan(claim Claim) bool {
	if e.Rejected != nil && e.Rejected.Version > claim.Version {
		return true
	}
	own, recorded := e.Records[claim.Owner]
	return recorded && e.counts(own) && own.Version > claim.Version
}

// recorded reports whether a record of any owner names the version, released or not.
func (e Entry) recorded(version int) bool {
	for _, r := range e.Records {
		if r.Version == version && e.counts(r) {
			return true
		}
	}
	return false
}

// untilSettled is how long it takes until no record of the current version can follow.
// Zero settle is for a version that was waited for: Vault's date is truncated to the
// second and may be before its creation still.
func (e Entry) untilSettled(settle time.Duration) time.Duration {
	if settle == 0 {
		return 0
	}
	return max(settle-e.Date.Sub(e.Versions[e.Current].Created), 0)
}
