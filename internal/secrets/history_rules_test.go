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

// wrote checks the second rule for a write that landed.
func (h *history) wrote(a *actor, before Entry, out kv.Written) {
	h.writes++
	created, _ := parseTime(out.CreatedTime)
	h.writers[stamp(out.Version, created)] = a.owner
	a.inFlight = stamp(out.Version, created)
	// A dead version may be taken over between its value and its record.
	if a.adopt || a.blurs != h.blurs || !before.Live() {
		return
	}
	if owner, owned := before.Owner(); owned && owner != a.owner {
		h.t.Errorf("%s overwrote version %d, which %s owned", a.owner, before.Current, owner)
	}
	current := before.Versions[before.Current]
	for _, b := range h.actors {
		if b != a && b.inFlight == stamp(before.Current, current.Created) && created.Sub(current.Created) < h.settle {
			h.t.Errorf("%s overwrote version %d while %s was still writing its record", a.owner, before.Current, b.owner)
		}
	}
	if h.writers[stamp(before.Current, current.Created)] == NoOwner {
		if last, _, found := before.withBaseline(a.owner, a.state).LastOwner(); !found || last != a.owner {
			h.t.Errorf("%s overwrote a value that it never owned", a.owner)
		}
	}
}

// deletes checks the second rule for a delete: only its own version.
func (h *history) deletes(a *actor, versions []int) {
	e := h.entry()
	for _, n := range versions {
		v, known := e.Versions[n]
		if known && v.Deleted.IsZero() && a.blurs == h.blurs && h.writers[stamp(n, v.Created)] != a.owner {
			h.t.Errorf("%s deleted version %d, which it did not write", a.owner, n)
		}
	}
}

// undeletes checks that an owner undeletes only its own version. To other writers it is
// like an undelete outside: the number stays.
func (h *history) undeletes(a *actor, versions []int) {
	e := h.entry()
	for _, n := range versions {
		v, known := e.Versions[n]
		if known && a.blurs == h.blurs && h.writers[stamp(n, v.Created)] != a.owner {
			h.t.Errorf("%s undeleted version %d, which it did not write", a.owner, n)
		}
	}
	h.blurs++
}

// awaitAge waits until no record of the newest version can follow.
func (h *history) awaitAge() {
	old := func() bool {
		e := h.entry()
		return time.Since(e.Versions[e.Current].Created) > h.settle
	}
	if !await.Until(20*h.settle, old) {
		h.t.Fatalf("the newest version never gets older than %s", h.settle)
	}
}

// converge checks that an owner alone, with adopt, writes what it wants in a few runs
// and then writes nothing more.
func (h *history) converge(a *actor) {
	for range 4 {
		a.start(true)
		h.settleDown()
	}
	e := h.entry()
	if !a.want {
		if owner, owned := e.Owner(); owned && owner == a.owner && !a.warned {
			h.t.Errorf("%s deleted the secret and still owns it", a.owner)
		}
		return
	}
	if v := Judge(a.owner, e, a.state); v.State != InSync || a.applied != a.desired {
		h.t.Errorf("%s did not converge: %s", a.owner, v)
	}
	if writer := h.writers[stamp(e.Current, e.Versions[e.Current].Created)]; writer != a.owner {
		h.t.Errorf("%s is in sync with a version that %q wrote", a.owner, writer)
	}
	before := h.writes
	a.start(true)
	h.settleDown()
	if h.writes != before {
		h.t.Errorf("%s wrote again although nothing had changed", a.owner)
	}
}
