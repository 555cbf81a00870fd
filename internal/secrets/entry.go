// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

// Entry is the metadata of one secret: its versions and the records of its owners.
// The zero Entry is an absent secret.
type Entry struct {
	// Current is the newest version's number; 0 where there never was one.
	Current int
	// Oldest is the oldest version that Vault still knows.
	Oldest int
	// Versions are the known versions by number.
	Versions map[int]Version
	// Records are every owner's last record, including those that no longer count.
	Records map[Owner]Record
	// MAC is what the MAC of the observer's own record shows.
	MAC MAC
	// Rejected is the observer's own record if it is not authentic; Records does not
	// contain it then, so that nothing is decided from it. Nil for none.
	Rejected *Record
	// Malformed are the owners whose key does not contain a record.
	Malformed []Owner
	// Fields are the entries of a connection's live body by name: of the body that the
	// owner's record names. Nil for a secret, and for a connection that was not
	// described as one.
	Fields map[string]Entry
	// Settings are the rest of the metadata.
	Settings Settings
	// Date is Vault's clock at the time of the answer, truncated to the second.
	Date time.Time

	// absent: Vault has not even metadata.
	absent bool
	// observedAt is when the entry was read, by this machine's clock.
	observedAt time.Time
	// tidyMark is when a program announced to remove the metadata, and tidyVersion the
	// current version then; zero for not.
	tidyMark    time.Time
	tidyVersion int
}

// Version is one version of a secret.
type Version struct {
	Created time.Time
	// Deleted is when it was, or will be, deleted; zero for never.
	Deleted   time.Time
	Destroyed bool
}

// Seen is the observation that a decision to write was made from. A write is rejected
// if the entry has changed since. Terraform's private state contains its JSON.
type Seen struct {
	Version int       `json:"version"`
	Created time.Time `json:"created"`
	Owner   Owner     `json:"owner,omitempty"`
}

// Written is a version that an owner wrote, as Vault answered.
type Written struct {
	Version int
	Created time.Time
	// Expires is when Vault will delete it by itself; zero for never.
	Expires time.Time
}

func entryFrom(m kv.Metadata) (Entry, bool) {
	e := Entry{
		Current:  m.CurrentVersion,
		Oldest:   m.OldestVersion,
		Versions: make(map[int]Version, len(m.Versions)),
		Records:  map[Owner]Record{},
		Settings: Settings{MaxVersions: m.MaxVersions, Labels: map[string]string{}},
		Date:     m.Date,
	}
	// Vault writes "0s", "720h0m0s"; anything else is not a setting of this product.
	e.Settings.DeleteVersionAfter, _ = time.ParseDuration(m.DeleteVersionAfter)
	for number, v := range m.Versions {
		created, ok1 := parseTime(v.CreatedTime)
		deleted, ok2 := parseTime(v.DeletionTime)
		if !ok1 || !ok2 {
			return Entry{}, false
		}
		e.Versions[number] = Version{Created: created, Deleted: deleted, Destroyed: v.Destroyed}
	}
	if _, known := e.Versions[e.Current]; e.Current < 0 || (e.Current > 0 && !known) {
		return Entry{}, false
	}
	e.tidyVersion, e.tidyMark = parseTidyMark(m.CustomMetadata[tidyKey])
	for key, text := range m.CustomMetadata {
		name, isRecord := strings.CutPrefix(key, recordPrefix)
		if !isRecord {
			e.Settings.Labels[key] = text
			continue
		}
		owner, err := parseOwner(name)
		if err != nil {
			continue // "relay.something" of another tool
		}
		if record, ok := parseRecord(text); ok {
			e.Records[owner] = record.withReleaseTime(e.Versions[record.Version])
		} else {
			e.Malformed = append(e.Malformed, owner)
		}
	}
	slices.Sort(e.Malformed)
	return e, true
}

// withReleaseTime is the record with the time of its release, which format 1 does not
// contain: its owner had deleted the version just before.
func (r Record) withReleaseTime(v Version) Record {
	if r.Released && r.ReleasedAt.IsZero() && v.Created.Equal(r.Time) {
		r.ReleasedAt = v.Deleted
	}
	return r
}

// DescribeCurrent describes the current version for a person, with its writer if it is
// live: "version 4 of 2026-11-22T12:00:00Z, written by terraform/shop".
func (e Entry) DescribeCurrent() string {
	version := fmt.Sprintf("version %d of %s", e.Current, e.Versions[e.Current].Created.UTC().Format(time.RFC3339))
	owner, owned := e.Owner()
	switch {
	case !e.Live():
		return version
	case owned:
		return fmt.Sprintf("%s, written by %s", version, owner)
	}
	return version + ", written by another writer"
}

// authenticated is the entry with what the MAC of an owner's own record shows. A record
// that is not authentic moves to Rejected; without a MAC it is authentic unless
// required is set.
func (e Entry) authenticated(owner Owner, mac MAC, required bool) Entry {
	record, found := e.Records[owner]
	if !found {
		return e
	}
	if e.MAC = mac; mac == MACInvalid || mac == MACMissing && required {
		if e.Rejected == nil || e.Rejected.Version < record.Version {
			e.Rejected = &record
		}
		e.Records = maps.Clone(e.Records)
		delete(e.Records, owner)
	}
	return e
}

// Live reports whether the current version has a value now. A version that expires
// within the second counts as dead: HTTP dates are truncated to the second, and a
// version that was just deleted must not count as live.
func (e Entry) Live() bool {
	v := e.Versions[e.Current]
	return e.Current > 0 && !v.Destroyed && (v.Deleted.IsZero() || v.Deleted.After(e.Date.Add(time.Second)))
}

// Expires is when Vault will delete the live current version by itself; zero
// for never, and for one that is not live.
func (e Entry) Expires() time.Time {
	if !e.Live() {
		return time.Time{}
	}
	return e.Versions[e.Current].Deleted
}

// Seen is the observation for a decision that is made from this entry.
func (e Entry) Seen() Seen {
	seen := Seen{Version: e.Current, Created: e.Versions[e.Current].Created}
	if owner, owned := e.Owner(); owned {
		seen.Owner = owner
	}
	return seen
}

// Same reports whether nothing has changed between two observations.
func (s Seen) Same(other Seen) bool {
	return s.Version == other.Version && s.Created.Equal(other.Created) && s.Owner == other.Owner
}

// Owner is the owner whose record names the current version. It may write the secret.
func (e Entry) Owner() (Owner, bool) {
	owner, record, ok := e.LastOwner()
	return owner, ok && record.Version == e.Current
}

// LastOwner is the owner whose record names the highest version, of those that count
// and that no release has cancelled: a release cancels the records of its owner up to
// its version, and those of other owners below it. The protocol never leaves two owners at one
// version; where another writer did, neither counts.
func (e Entry) LastOwner() (Owner, Record, bool) {
	released := 0
	for _, r := range e.Records {
		if r.Released && e.counts(r) {
			released = max(released, r.Version)
		}
	}
	var (
		best  Owner
		top   Record
		found bool
	)
	for _, owner := range slices.Sorted(maps.Keys(e.Records)) {
		r := e.Records[owner]
		if r.Released || r.Version < released || !e.counts(r) {
			continue
		}
		switch {
		case r.Version > top.Version:
			best, top, found = owner, r, true
		case r.Version == top.Version:
			best, found = NoOwner, false
		}
	}
	return best, top, found
}

// Ownership describes who owns the current version, for a list: the owner; another
// writer, with the last owner; or "-" where no record counts.
func (e Entry) Ownership() string {
	last, record, found := e.LastOwner()
	switch {
	case !found:
		return "-"
	case record.Version != e.Current:
		return fmt.Sprintf("another writer (last %s)", last)
	}
	return string(last)
}

// counts reports whether a record is about this entry: its version exists here with
// its creation time. A version that Vault has removed counts by its number.
func (e Entry) counts(r Record) bool { return e.has(r.Version, r.Time) }

func (e Entry) has(version int, created time.Time) bool {
	if v, known := e.Versions[version]; known {
		return v.Created.Equal(created)
	}
	return version >= 1 && version < e.Oldest
}

// withBaseline is the entry for an owner that keeps its last write itself, as
// Terraform's state does: the baseline replaces a record that was lost or never
// written. It never replaces a newer record of the same owner.
func (e Entry) withBaseline(me Owner, baseline *Written) Entry {
	if baseline == nil || !e.has(baseline.Version, baseline.Created) {
		return e
	}
	record, ok := e.Records[me]
	if ok && e.counts(record) && record.Version >= baseline.Version {
		return e
	}
	known := e.withRecord(me, Record{Version: baseline.Version, Time: baseline.Created, Expires: baseline.Expires})
	if baseline.Version == e.Current {
		known.Rejected = nil // the owner itself knows that it wrote this version
	}
	return known
}

// withRecord is the entry with another record of an owner.
func (e Entry) withRecord(owner Owner, r Record) Entry {
	e.Records = maps.Clone(e.Records)
	if e.Records == nil {
		e.Records = map[Owner]Record{}
	}
	e.Records[owner] = r
	return e
}
