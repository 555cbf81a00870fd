// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// State is the kind of a verdict: a closed set.
type State int

// The states of a secret as one owner sees it. The last three need a memory of
// the last write besides the record, as Terraform's state is.
const (
	// NotChecked: Vault could not be asked; the reason says why.
	NotChecked State = iota
	// InSync: the current version is the one this owner wrote last.
	InSync
	// Absent: no live value and nobody's record; not drift.
	Absent
	// Overwritten: somebody without a record wrote a newer version.
	Overwritten
	// Deleted: the current version is soft-deleted.
	Deleted
	// Destroyed: the current version's value is gone for good.
	Destroyed
	// Expired: Vault deleted it by itself (delete_version_after).
	Expired
	// OwnedByOther: the current version, or the last recorded one, is another owner's.
	OwnedByOther
	// RecordLost: the record of the last write is missing or does not fit.
	RecordLost
	// Unmanaged: a live value without a record, never written by this owner.
	Unmanaged
	// Purged: nothing is left of what was written.
	Purged
	// RewrittenAfterPurge: the entry was purged and made anew by somebody.
	RewrittenAfterPurge
	// Restored: the entry is an older state of itself, as after a snapshot.
	Restored
)

// Verdict is what metadata alone tells of a secret: a state and its facts.
type Verdict struct {
	State State
	// Version and At are the current version and when that happened which the
	// state speaks of.
	Version int
	At      time.Time
	// LastWritten is the version that this owner wrote last, 0 for none.
	LastWritten int
	// Owner is the other owner, for Held; Nobody only as Audit sees it.
	Owner Owner
	// Cause says why there is no verdict, for NotChecked.
	Cause string
	// Field is the field of a connection that the verdict is about; "" for a secret, and
	// for a connection's pointer.
	Field string
}

// Drifted reports whether the verdict is a difference that somebody should see.
func (v Verdict) Drifted() bool { return v.State != InSync && v.State != Absent }

// String is the verdict's sentence, as plans show it.
func (v Verdict) String() string {
	if v.Field != "" {
		return "field " + v.Field + " " + v.sentence()
	}
	return v.sentence()
}

func (v Verdict) sentence() string {
	at := v.At.UTC().Format(time.RFC3339)
	switch v.State {
	case InSync:
		return "in sync"
	case Absent:
		return "absent"
	case Overwritten:
		return fmt.Sprintf("overwritten: version %d at %s, last written %d", v.Version, at, v.LastWritten)
	case Deleted:
		return "deleted at " + at
	case Destroyed:
		return "destroyed"
	case Expired:
		return "expired at " + at
	case OwnedByOther:
		return ownerText(v.Owner)
	case RecordLost:
		return "record lost"
	case Unmanaged:
		return "unmanaged"
	case Purged:
		return "purged"
	case RewrittenAfterPurge:
		return "rewritten after a purge"
	case Restored:
		return fmt.Sprintf("restored: version %d, last written %d", v.Version, v.LastWritten)
	}
	return "not checked: " + v.Cause
}

// Judge says how a secret stands as owner me sees it, from metadata alone. wrote
// is what me remembers of its last write besides the record, nil for nothing.
func Judge(me Owner, e Entry, wrote *Written) Verdict {
	v := Verdict{Version: e.Current, At: e.Versions[e.Current].Created}
	if wrote != nil {
		v.LastWritten = wrote.Version
	}
	if e.Current == 0 {
		return v.with(absentOr(Purged, wrote))
	}
	known := e.withBaseline(me, wrote)
	owner, record, found := known.newest()
	switch {
	case found && owner != me:
		v.Owner = owner
		return v.with(OwnedByOther)
	case wrote != nil && !e.has(wrote.Version, wrote.Created):
		if found && record.Version < wrote.Version {
			return v.with(Restored)
		}
		return v.with(RewrittenAfterPurge)
	case found:
		if wrote == nil {
			v.LastWritten = record.Version
		}
		return v.ours(e, record, e.Records[me])
	case !e.Live():
		if wrote == nil {
			return v.with(Absent)
		}
		return v.dead(e, Record{})
	case e.broken(me):
		return v.with(RecordLost)
	}
	return v.with(Unmanaged)
}

// JudgeAsOwner judges an entry as its owner, or else its last owner, does. A live value
// without an owner is Unmanaged, or RecordLost if there is a record that does not match.
func JudgeAsOwner(e Entry) Verdict {
	if owner, _, found := e.LastOwner(); found {
		return Judge(owner, e, nil)
	}
	v := Judge(NoOwner, e, nil)
	if v.State == Unmanaged && slices.ContainsFunc(e.owners(), e.broken) {
		return v.with(RecordLost)
	}
	return v
}

// owners are all who left a key here, whatever it holds.
func (e Entry) owners() []Owner {
	return append(slices.Collect(maps.Keys(e.Records)), e.Malformed...)
}

// ours judges an entry whose last record is this owner's. noted is what really
// stands in Vault, which a memory may have replaced.
func (v Verdict) ours(e Entry, record, noted Record) Verdict {
	switch {
	case !e.Live():
		return v.dead(e, record)
	case v.LastWritten < e.Current:
		return v.with(Overwritten)
	case noted.Version != record.Version:
		return v.with(RecordLost)
	}
	return v.with(InSync)
}

// dead tells the three ends of a version apart. Vault writes an expiry and a
// deletion into one field; the record knows what the expiry was to be.
func (v Verdict) dead(e Entry, record Record) Verdict {
	current := e.Versions[e.Current]
	v.At = current.Deleted
	switch {
	case current.Destroyed:
		return v.with(Destroyed)
	case record.Version == e.Current && current.Deleted.Equal(record.Expires):
		return v.with(Expired)
	}
	return v.with(Deleted)
}

func (v Verdict) with(s State) Verdict {
	v.State = s
	return v
}

func absentOr(s State, wrote *Written) State {
	if wrote == nil {
		return Absent
	}
	return s
}

// broken reports whether the owner left a key here that is no record of this
// entry.
func (e Entry) broken(me Owner) bool {
	r, noted := e.Records[me]
	return slices.Contains(e.Malformed, me) || (noted && !r.Released && !e.counts(r))
}

// permit says whether me may write the entry: who holds it, who held it last,
// anybody where there is no live value and no record of another, and whoever
// adopts it explicitly. known has me's memory in it.
func permit(me Owner, known Entry, a Address, adopt bool) error {
	owner, _, found := known.newest()
	switch {
	case adopt, found && owner == me, !found && !known.Live():
		return nil
	case found:
		return &NotOwnerError{Address: a, Owner: owner}
	}
	return &NotOwnerError{Address: a}
}

// NeedsAdopt reports whether me may write the entry only by Adopt, as permit
// decides at the time of the write.
func NeedsAdopt(me Owner, e Entry, wrote *Written) bool {
	return permit(me, e.withBaseline(me, wrote), Address{}, false) != nil
}

// MayWrite says whether me may write the entry, as permit decides at the time of the
// write: for who wants to know before there is a value. Errors: a *NotOwnerError.
func MayWrite(me Owner, e Entry, a Address) error { return permit(me, e, a, false) }

// settling is how long me has to wait before it repairs the entry: a newer
// version without a record may be somebody's whose record is still on its way.
func settling(me Owner, known Entry, settle time.Duration) time.Duration {
	owner, record, found := known.newest()
	if !found || owner != me || record.Version == known.Current || !known.Live() {
		return 0
	}
	age := known.Date.Sub(known.Versions[known.Current].Created)
	return max(settle-age, 0)
}
