// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

// Entry is what Vault's metadata says of one secret: its versions and the
// records that its owners keep. The zero Entry is an absent secret.
type Entry struct {
	// Current is the newest version's number; 0 where there never was one.
	Current int
	// Oldest is the oldest version that Vault still knows.
	Oldest int
	// Versions are the known versions by number.
	Versions map[int]Version
	// Records are every owner's last record, those that count no more included.
	Records map[Owner]Record
	// Malformed are the owners whose key holds something that is no record.
	Malformed []Owner
	// Fields are the entries of a connection's live body by name: of the body that the
	// owner's record names. Nil for a secret, and for a connection that was not
	// described as one.
	Fields map[string]Entry
	// Settings are the rest of the metadata.
	Settings Settings
	// Date is Vault's clock at the time of the answer, cut to the second below.
	Date time.Time

	// absent: Vault has not even metadata.
	absent bool
}

// Version is one version of a secret.
type Version struct {
	Created time.Time
	// Deleted is when it was, or will be, deleted; zero for never.
	Deleted   time.Time
	Destroyed bool
}

// Seen is what a decision to write was made from. A write is refused where the
// entry has moved on from it. Its JSON is kept in Terraform's state.
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
	// Vault writes "0s", "720h0m0s"; what it would not write is no setting of ours.
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
	for key, text := range m.CustomMetadata {
		name, ours := strings.CutPrefix(key, recordPrefix)
		if !ours {
			e.Settings.Labels[key] = text
			continue
		}
		owner, err := parseOwner(name)
		if err != nil {
			continue // "relay.something" of another tool
		}
		if record, ok := parseRecord(text); ok {
			e.Records[owner] = record
		} else {
			e.Malformed = append(e.Malformed, owner)
		}
	}
	slices.Sort(e.Malformed)
	return e, true
}

// Live reports whether the current version holds a value now. One that expires
// within the second counts as dead: HTTP dates are cut to the second, and what
// was just deleted must not look alive.
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

// Seen is what a decision made from this entry was made from.
func (e Entry) Seen() Seen {
	holder, _ := e.Owner()
	return Seen{Version: e.Current, Created: e.Versions[e.Current].Created, Owner: holder}
}

// Same reports whether nothing has moved between two observations.
func (s Seen) Same(other Seen) bool {
	return s.Version == other.Version && s.Created.Equal(other.Created) && s.Owner == other.Owner
}

// Owner is the owner whose record is the current version: who wrote it, holds
// it.
func (e Entry) Owner() (Owner, bool) {
	owner, record, ok := e.newest()
	return owner, ok && record.Version == e.Current
}

// LastOwner is the owner whose record is the highest that counts.
func (e Entry) LastOwner() (Owner, Record, bool) { return e.newest() }

// newest finds the highest record that counts and that no release has cancelled.
// Two owners at one version cannot come about by the protocol; where somebody
// made it so, neither is believed.
func (e Entry) newest() (Owner, Record, bool) {
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
		if r.Released || r.Version <= released || !e.counts(r) {
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

// counts reports whether a record speaks of this entry: its version exists here
// with its creation time; one that Vault has trimmed counts by number.
func (e Entry) counts(r Record) bool { return e.has(r.Version, r.Time) }

func (e Entry) has(version int, created time.Time) bool {
	if v, known := e.Versions[version]; known {
		return v.Created.Equal(created)
	}
	return version >= 1 && version < e.Oldest
}

// withBaseline is the entry as an owner sees it that remembers its last write
// itself, as Terraform's state does: the memory stands in for a record that was
// lost or never made. It never outranks a newer record of the same owner.
func (e Entry) withBaseline(me Owner, wrote *Written) Entry {
	if wrote == nil || !e.has(wrote.Version, wrote.Created) {
		return e
	}
	mine, ok := e.Records[me]
	if ok && e.counts(mine) && mine.Version >= wrote.Version {
		return e
	}
	return e.withRecord(me, Record{Version: wrote.Version, Time: wrote.Created, Expires: wrote.Expires})
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
