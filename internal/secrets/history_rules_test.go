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

// entry is the truth of the moment.
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
	if holder, held := before.Owner(); held && holder != a.owner {
		h.t.Errorf("%s overwrote version %d, which %s held", a.owner, before.Current, holder)
	}
	current := before.Versions[before.Current]
	for _, b := range h.actors {
		if b != a && b.inFlight == stamp(before.Current, current.Created) && created.Sub(current.Created) < h.settle {
			h.t.Errorf("%s overwrote version %d while %s was still writing its record", a.owner, before.Current, b.owner)
		}
	}
	if h.writers[stamp(before.Current, current.Created)] == NoOwner {
		if last, _, found := before.withBaseline(a.owner, a.state).LastOwner(); !found || last != a.owner {
			h.t.Errorf("%s overwrote a foreign value it never held", a.owner)
		}
	}
}

// deletes checks the second rule for a delete: only what one wrote oneself.
func (h *history) deletes(a *actor, versions []int) {
	e := h.entry()
	for _, n := range versions {
		v, known := e.Versions[n]
		if known && v.Deleted.IsZero() && a.blurs == h.blurs && h.writers[stamp(n, v.Created)] != a.owner {
			h.t.Errorf("%s deleted version %d, which it did not write", a.owner, n)
		}
	}
}

// undeletes checks that one brings back only what one wrote oneself. To everybody
// else it is like one from outside: the number stays.
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

// awaitAge waits until whatever is there is nobody's write in flight any more.
func (h *history) awaitAge() {
	old := func() bool {
		e := h.entry()
		return time.Since(e.Versions[e.Current].Created) > h.settle
	}
	if !await.Until(20*h.settle, old) {
		h.t.Fatalf("the newest version never gets older than %s", h.settle)
	}
}

// converge checks that an owner left alone, allowed to adopt, gets what it wants
// in few rounds and then leaves the secret alone.
func (h *history) converge(a *actor) {
	for range 4 {
		a.start(true)
		h.settleDown()
	}
	e := h.entry()
	if !a.want {
		if holder, held := e.Owner(); held && holder == a.owner {
			h.t.Errorf("%s let go of the secret and still holds it", a.owner)
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
