// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

// entry is the current state.
func (h *history) entry() Entry {
	m, err := h.kv.ReadMetadata(context.Background(), entryOf(h.address))
	if errors.Is(err, kv.ErrNotFound) {
		return Entry{}
	}
	if err != nil {
		h.t.Fatalf("observing: %v", err)
	}
	e, _ := entryFrom(m)
	return e
}

func stamp(version int, created time.Time) string {
	return fmt.Sprint(version, " ", formatTime(created))
}

// currentStamp identifies the current version of an entry.
func (e Entry) currentStamp() string { return stamp(e.Current, e.Versions[e.Current].Created) }

// ownedBy reports whether a record of the owner names the current version.
func (e Entry) ownedBy(owner Owner) bool {
	r, found := e.Records[owner]
	return found && r.Version == e.Current && !r.Released && e.counts(r)
}

// breaks notes that a rule was broken.
func (h *history) breaks(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	h.t.Log(text)
	h.broken = append(h.broken, text)
}

// wrote checks the second rule for a write that landed. before is what the actor could
// see.
func (h *history) wrote(a *actor, before Entry, out kv.Written) {
	h.writes++
	created, _ := parseTime(out.CreatedTime)
	h.writers[stamp(out.Version, created)] = a.owner
	a.inFlight = stamp(out.Version, created)
	// A dead version may be taken over between its value and its record.
	if a.op.adopt || a.blurs != h.blurs || !before.Live() {
		return
	}
	if owner := h.writers[before.currentStamp()]; owner != NoOwner && owner != a.owner && before.ownedBy(owner) {
		h.breaks("%s overwrote version %d, which %s owned", a.name, before.Current, owner)
	}
	current := before.Versions[before.Current]
	recorded := before.recorded(before.Current) || a.decided.recorded(before.Current)
	for _, b := range h.actors {
		if b != a && b.inFlight == before.currentStamp() && !recorded && created.Sub(current.Created) < h.settle {
			h.breaks("%s overwrote version %d while %s was still writing its record", a.name, before.Current, b.name)
		}
	}
	// Another instance may have released the entry since this one decided to write.
	if h.writers[before.currentStamp()] == NoOwner && !a.lastOwns(before) && !a.lastOwns(a.decided) {
		h.breaks("%s overwrote a value that it never owned", a.name)
	}
}

// lastOwns reports whether the actor's owner is the last owner.
func (a *actor) lastOwns(e Entry) bool {
	last, _, found := e.withBaseline(a.owner, a.state.lastWrite(e)).LastOwner()
	return found && last == a.owner
}

// known notes that a writer may remove a version: an instance wrote it, or the plan of a
// source observed the record of its owner.
func (h *history) known(a *actor, claim Claim) {
	if h.writers[stamp(claim.Version, claim.Created)] != a.owner {
		return
	}
	if a.state.knows == nil {
		a.state.knows = map[string]bool{}
	}
	a.state.knows[stamp(claim.Version, claim.Created)] = true
}

// deletes checks the second rule for a removal: a live value that the remover did not
// write stays, also one of the same owner.
func (h *history) deletes(a *actor, versions []int) {
	e := h.entry()
	for _, n := range versions {
		s := stamp(n, e.Versions[n].Created)
		if n == e.Current && e.Live() && a.blurs == h.blurs && !a.state.knows[s] {
			h.breaks("%s deleted version %d, which it did not write", a.name, n)
		}
	}
}

// undeletes checks that an owner undeletes only its own version. To other writers it is
// like an undelete outside: the number stays.
func (h *history) undeletes(a *actor, versions []int) {
	e := h.entry()
	for _, n := range versions {
		v, exists := e.Versions[n]
		if exists && a.blurs == h.blurs && h.writers[stamp(n, v.Created)] != a.owner {
			h.breaks("%s undeleted version %d, which it did not write", a.name, n)
		}
	}
	h.undeleted(e)
}

// undeleted notes that a version became live again.
func (h *history) undeleted(e Entry) {
	h.blurs++
	h.explained[e.currentStamp()] = true
}

func (h *history) ownRecord(owner Owner) Record {
	e := h.view(owner)
	if r := e.Records[owner]; e.counts(r) {
		return r
	}
	return Record{}
}

// records checks a record that is about to be written: only the own key, and no release
// below a record of the same owner that the process has seen.
func (h *history) records(a *actor, saw int, key, text string) {
	if key != a.owner.recordKey() {
		h.breaks("%s wrote the record %s", a.name, key)
	}
	if h.forger != nil {
		h.forger.written[a.owner] = append(h.forger.written[a.owner], text)
	}
	next, _ := parseRecord(text)
	if next.Released && next.Version < saw && a.blurs == h.blurs {
		h.breaks("%s released version %d although its owner had recorded version %d", a.name, next.Version, saw)
	}
	// A record that arrives late may be of an entry that was purged since.
	if own := h.ownRecord(a.owner); own.Version > next.Version || (own.Version > 0 && !h.entry().counts(next)) {
		h.recordsLost[a.owner] = true
	}
}

// warned notes a warning that names the current version of an entry.
func (h *history) warned(e Entry) { h.explained[e.currentStamp()] = true }

// failedWrite notes that a sync reported a write of this version as failed.
func (h *history) failedWrite(a *actor, version int) {
	if s := stamp(version, h.entry().Versions[version].Created); h.writers[s] == a.owner {
		h.explained[s] = true
	}
}

// crashed notes that nothing outlives the process that wrote a version.
func (h *history) crashed(a *actor) { h.explained[a.inFlight] = true }

// awaitAge waits until no record of the newest version can follow.
func (h *history) awaitAge() {
	if h.tidier != nil { // writers heed a mark
		<-time.After(tidyMarkAge)
	}
	old := func() bool {
		e := h.entry()
		return time.Since(e.Versions[e.Current].Created) > h.settle
	}
	if !await.Until(20*h.settle, old) {
		h.t.Fatalf("the newest version never gets older than %s", h.settle)
	}
}

// converge checks that a writer alone, with adopt, writes what it wants in a few runs
// and then writes nothing more.
func (h *history) converge(a *actor) {
	a.want = true
	for range 4 {
		a.start(operation{adopt: true})
		h.settleDown()
	}
	e := h.view(a.owner)
	if v := Judge(a.owner, e, a.state.lastWrite(e)); v.State != InSync || a.applied != a.desired {
		h.breaks("%s did not converge: %s", a.name, v)
	}
	if !a.state.knows[e.currentStamp()] {
		h.breaks("%s is in sync with a version that it did not write", a.name)
	}
	before := h.writes
	a.start(operation{adopt: true})
	h.settleDown()
	if h.writes != before {
		h.breaks("%s wrote again although nothing had changed", a.name)
	}
}

// drain removes everything, one writer after the other, and checks that no value of
// theirs stays without a warning. A source has only its record to find a value
// by: what replaced the record by an older one costs an adopt (DESIGN, Ownership).
func (h *history) drain(order []int) {
	for _, i := range order {
		a := h.actors[i]
		a.want = false
		for range 3 {
			a.start(operation{})
			h.settleDown()
		}
		if a.state.exists {
			h.breaks("%s never leaves its state", a.name)
		}
	}
	e := h.entry()
	owner := h.writers[e.currentStamp()]
	if !e.Live() || owner == NoOwner || h.explained[e.currentStamp()] {
		return
	}
	if h.recordsLost[owner] && owner == cluster {
		return
	}
	h.breaks("version %d of %s stays for ever, and no warning names it", e.Current, owner)
}
