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

// The states of a secret for one owner. The last three need the owner's baseline: its
// last write as it keeps it besides the record, as Terraform's state does.
const (
	// NotChecked: Vault was not read; see Verdict.Cause.
	NotChecked State = iota
	// InSync: the current version is the one this owner wrote last.
	InSync
	// Absent: no live value and no owner; not drift.
	Absent
	// Overwritten: a newer version has no record.
	Overwritten
	// Deleted: the current version is soft-deleted.
	Deleted
	// Destroyed: the current version is destroyed.
	Destroyed
	// Expired: Vault deleted it by itself (delete_version_after).
	Expired
	// OwnedByOther: the current version, or the last one with a record, is another
	// owner's.
	OwnedByOther
	// RecordLost: the record of the last write is missing or does not match.
	RecordLost
	// NotAuthentic: the MAC of this owner's record is missing or invalid.
	NotAuthentic
	// Unmanaged: a live value without a record, never written by this owner.
	Unmanaged
	// Purged: nothing of the last write is left.
	Purged
	// RewrittenAfterPurge: the entry was purged, and another writer created it again.
	RewrittenAfterPurge
	// Restored: the entry is an older state of itself, as after a restored snapshot.
	Restored
)

// Verdict is the judgement of a secret from metadata alone: a state and its facts.
type Verdict struct {
	State State
	// Version is the current version, At the time of the change that the state is about.
	Version int
	At      time.Time
	// LastWritten is the version that this owner wrote last, 0 for none.
	LastWritten int
	// Owner is the other owner, for OwnedByOther.
	Owner Owner
	// Cause is why there is no verdict, for NotChecked.
	Cause string
	// Field is the field of a connection that the verdict is about; "" for a secret, and
	// for a connection as a whole.
	Field string
}

// Drifted reports whether the verdict is a drift.
func (v Verdict) Drifted() bool { return v.State != InSync && v.State != Absent }

// String is the verdict as plans show it.
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
		return OwnedBy(v.Owner)
	case RecordLost:
		return "record lost"
	case NotAuthentic:
		return "record not authentic"
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

// Judge compares a secret with the last write of owner me, from metadata alone.
// baseline is that write as me keeps it besides the record, nil for nothing.
func Judge(me Owner, e Entry, baseline *Written) Verdict {
	v := Verdict{Version: e.Current, At: e.Versions[e.Current].Created}
	if baseline != nil {
		v.LastWritten = baseline.Version
	}
	if e.Current == 0 {
		return v.with(absentOr(Purged, baseline))
	}
	known := e.withBaseline(me, baseline)
	owner, record, found := known.LastOwner()
	switch {
	case known.rejects(me):
		return v.with(NotAuthentic)
	case found && owner != me:
		v.Owner = owner
		return v.with(OwnedByOther)
	case baseline != nil && !e.has(baseline.Version, baseline.Created):
		if found && record.Version < baseline.Version {
			return v.with(Restored)
		}
		return v.with(RewrittenAfterPurge)
	case found:
		if baseline == nil {
			v.LastWritten = record.Version
		}
		return v.own(e, record, e.Records[me])
	case !e.Live():
		if baseline == nil {
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

// owners are all owners with a key here, also with a malformed record.
func (e Entry) owners() []Owner {
	return append(slices.Collect(maps.Keys(e.Records)), e.Malformed...)
}

// own judges an entry whose last record is this owner's. stored is the record in Vault,
// which the baseline may have replaced.
func (v Verdict) own(e Entry, record, stored Record) Verdict {
	switch {
	case !e.Live():
		return v.dead(e, record)
	case v.LastWritten < e.Current:
		return v.with(Overwritten)
	case stored.Version != record.Version && e.Rejected == nil:
		return v.with(RecordLost)
	}
	return v.with(InSync)
}

// dead distinguishes the three ends of a version. Vault writes an expiry and a deletion
// into one field; the record contains the time of the expiry.
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

func absentOr(s State, baseline *Written) State {
	if baseline == nil {
		return Absent
	}
	return s
}

// broken reports whether the owner has a key here that is not a record of this entry.
func (e Entry) broken(me Owner) bool {
	r, found := e.Records[me]
	return slices.Contains(e.Malformed, me) || (found && !r.Released && !e.counts(r))
}

// rejects reports whether the owner's record is not authentic, and no other owner has
// a newer one.
func (e Entry) rejects(me Owner) bool {
	if e.Rejected == nil {
		return false
	}
	owner, record, found := e.LastOwner()
	return !found || owner == me || record.Version <= e.Rejected.Version
}

// permit reports whether me may write the entry: its owner, its last owner, any owner
// if there is no live value and no record of another, an owner to whom the last owner
// hands it over, and an owner that adopts it. known contains the baseline of me; without
// a hand-over former is empty.
func permit(me, former Owner, known Entry, a Address, adopt bool) error {
	owner, _, found := known.LastOwner()
	switch {
	case adopt:
		return nil
	case known.rejects(me):
		return &notAuthenticError{Address: a}
	case found && (owner == me || owner == former), !found && !known.Live():
		return nil
	case found:
		return &NotOwnerError{Address: a, Owner: owner}
	}
	return &NotOwnerError{Address: a}
}

// NeedsAdopt reports whether me may write the entry only with Write.Adopt, as permit
// decides at the time of the write.
func NeedsAdopt(me Owner, e Entry, baseline *Written) bool {
	return permit(me, NoOwner, e.withBaseline(me, baseline), Address{}, false) != nil
}

// MayWrite reports whether me may write the entry, as permit decides at the time of the
// write: for a check before there is a value. Errors: a *NotOwnerError.
func MayWrite(me Owner, e Entry, a Address) error { return permit(me, NoOwner, e, a, false) }

// settling is how long me has to wait before it repairs the entry: the record of the
// current version may still follow. A baseline proves less: it can be of a write whose
// answer was lost, and the version that of another writer.
func settling(me Owner, e Entry, baseline *Written, settle time.Duration) time.Duration {
	owner, _, found := e.withBaseline(me, baseline).LastOwner()
	if !found || owner != me || !e.Live() || e.recorded(e.Current) {
		return 0
	}
	return e.untilSettled(settle)
}
