// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

// The histories: two owners and an outside writer work on one secret. Every
// request of an owner stops at a gate, and the history draws who goes next and
// what befalls the request: it passes, it is lost, its answer is lost, or its
// process dies before or after it. The two rules are checked at each request,
// convergence at the end.

// outsider changes the secret with a token of its own.
type outsider interface {
	outsideWrite(kv.Entry) kv.Written
	outsideDelete(kv.Entry)
	outsideUndelete(kv.Entry)
	outsidePurge(kv.Entry)
}

type fate int

const (
	passes fate = iota
	lost
	answerLost
	diesBefore
	diesAfter
)

var fates = []fate{passes, passes, passes, passes, lost, answerLost, diesBefore, diesAfter}

// died ends an actor's process where it stands.
type died struct{}

// history is one run.
type history struct {
	t       *rapid.T
	kv      KV
	out     outsider
	settle  time.Duration
	address Address
	// writers knows, by number and creation time, who wrote a version.
	writers map[string]Owner
	writes  int
	// blurs counts purges and undeletes outside: one between an observation and
	// the request made from it can put something else under the same number,
	// which check-and-set cannot tell (the documented remainder).
	blurs  int
	actors []*actor
	events chan event
	// quiesce returns when every running actor waits: at a gate, or for time.
	quiesce func(*history)
}

type event struct {
	actor *actor
	fate  chan fate // nil: the operation ended
	what  string
}

// actor is an owner whose processes come and go; state is what outlives them.
type actor struct {
	h       *history
	owner   Owner
	keeps   bool // remembers its last write, as Terraform's state does
	state   *Written
	desired int // what it wants there, a generation
	applied int // what it believes is there
	want    bool
	adopt   bool
	undo    bool // brings back what it deleted, in place of its round
	running bool
	blurs   int // of the history, when the operation began
	// inFlight is the version whose record this actor is still to write.
	inFlight string
	gate     *event
}

func (a *actor) client() *Client {
	c, err := NewClient(Config{KV: wire{a}, Owner: a.owner, Settle: a.h.settle})
	if err != nil {
		a.h.t.Fatalf("making a client: %v", err)
	}
	return c
}

// start runs one operation in a process of its own.
func (a *actor) start(adopt bool) { a.launch(adopt, false) }

func (a *actor) launch(adopt, undo bool) {
	a.running, a.adopt, a.undo, a.blurs = true, adopt, undo, a.h.blurs
	go func() {
		defer func() {
			if r := recover(); r != nil && r != any(died{}) {
				panic(r)
			}
			a.h.events <- event{actor: a}
		}()
		a.operate(context.Background(), a.client())
	}()
}

// operate is what an owner does: observe, judge, and put right.
func (a *actor) operate(ctx context.Context, c *Client) {
	if a.undo {
		_, _ = c.Undelete(ctx, a.h.address) // what it came to shows in the entry
		return
	}
	if !a.want {
		if _, err := c.Delete(ctx, a.h.address, a.state); err == nil {
			a.state = nil
		}
		return
	}
	e, err := c.Describe(ctx, a.h.address)
	if err != nil {
		return
	}
	verdict := Judge(a.owner, e, a.state)
	if verdict.State == InSync && a.applied == a.desired {
		if !a.keeps { // a file that was sealed again
			_ = c.UpdateRecord(ctx, a.h.address, e, Provenance{Origin: "again.yaml"})
		}
		return
	}
	if a.keeps && a.state != nil { // a plan was made of it; apply is another process
		if e, err = c.Confirm(ctx, a.h.address, e.Seen()); err != nil {
			return
		}
	}
	w := Write{Address: a.h.address, Value: NewValue(fmt.Sprint(a.owner, a.desired)), Observed: e, Baseline: a.state, Adopt: a.adopt}
	written, err := c.Put(ctx, w)
	if err == nil || errors.Is(err, ErrNoRecord) {
		a.applied = a.desired
		if a.keeps {
			a.state = &written
		}
	}
}

// wire is an actor's connection.
type wire struct{ a *actor }

func (w wire) pass(what string, do func() error) error {
	next := make(chan fate)
	w.a.h.events <- event{actor: w.a, fate: next, what: what}
	f := <-next
	switch f {
	case diesBefore:
		panic(died{})
	case lost:
		return refusal(kv.ErrUnavailable, 0)
	}
	err := do()
	switch f {
	case diesAfter:
		panic(died{})
	case answerLost:
		return refusal(kv.ErrUnavailable, http.StatusBadGateway)
	}
	return err
}

func (w wire) ReadMetadata(ctx context.Context, e kv.Entry) (m kv.Metadata, err error) {
	err = w.pass("observe", func() (err error) { m, err = w.a.h.kv.ReadMetadata(ctx, e); return })
	return m, err
}

func (w wire) WriteData(ctx context.Context, e kv.Entry, value string, cas int) (out kv.Written, err error) {
	err = w.pass("write", func() (err error) {
		before := w.a.h.entry()
		if out, err = w.a.h.kv.WriteData(ctx, e, value, cas); err == nil {
			w.a.h.wrote(w.a, before, out)
		}
		return err
	})
	return out, err
}

func (w wire) PatchMetadata(ctx context.Context, e kv.Entry, fields map[string]any) error {
	return w.pass("record", func() error {
		for key := range fields["custom_metadata"].(map[string]any) {
			if key != w.a.owner.recordKey() {
				w.a.h.t.Errorf("%s wrote the record %s", w.a.owner, key)
			}
		}
		return w.a.h.kv.PatchMetadata(ctx, e, fields)
	})
}

func (w wire) CreateMetadata(ctx context.Context, e kv.Entry, fields map[string]any) error {
	return w.pass("describe", func() error { return w.a.h.kv.CreateMetadata(ctx, e, fields) })
}

func (w wire) DeleteVersions(ctx context.Context, e kv.Entry, versions ...int) error {
	return w.pass("delete", func() error {
		w.a.h.deletes(w.a, versions)
		return w.a.h.kv.DeleteVersions(ctx, e, versions...)
	})
}

func (w wire) UndeleteVersions(ctx context.Context, e kv.Entry, versions ...int) error {
	return w.pass("undelete", func() error {
		w.a.h.undeletes(w.a, versions)
		return w.a.h.kv.UndeleteVersions(ctx, e, versions...)
	})
}

func (w wire) DestroyVersions(ctx context.Context, e kv.Entry, versions ...int) error {
	return w.pass("destroy", func() error { return w.a.h.kv.DestroyVersions(ctx, e, versions...) })
}

func (w wire) Close(context.Context) error { return nil }

func (w wire) List(ctx context.Context, e kv.Entry) (names []string, err error) {
	err = w.pass("list", func() (err error) { names, err = w.a.h.kv.List(ctx, e); return })
	return names, err
}

func (w wire) Capabilities(ctx context.Context, paths ...string) (map[string][]string, error) {
	return w.a.h.kv.Capabilities(ctx, paths...)
}

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

// collect takes in what the actors came to.
func (h *history) collect(ev event) {
	if ev.fate == nil {
		ev.actor.running, ev.actor.gate, ev.actor.inFlight = false, nil, ""
		return
	}
	ev.actor.gate = &ev
}

func (h *history) step() {
	h.quiesce(h)
	var moves []string
	for i, a := range h.actors {
		switch {
		case a.gate != nil:
			moves = append(moves, slices.Repeat([]string{fmt.Sprint("go ", i)}, 5)...)
		case !a.running:
			moves = append(moves, fmt.Sprint("start ", i), fmt.Sprint("start ", i), fmt.Sprint("change ", i), fmt.Sprint("undo ", i))
		}
	}
	moves = append(moves, "write", "delete", "undelete", "purge", "time")
	move := rapid.SampledFrom(moves).Draw(h.t, "move")
	verb, who, _ := strings.Cut(move, " ")
	var a *actor
	if who != "" {
		a = h.actors[who[0]-'0']
	}
	switch verb {
	case "go":
		h.release(a, rapid.SampledFrom(fates).Draw(h.t, "fate"))
	case "start":
		a.start(rapid.IntRange(0, 7).Draw(h.t, "adopt") == 0)
	case "undo":
		a.launch(false, true)
	case "change":
		a.desired++
		a.want = rapid.IntRange(0, 3).Draw(h.t, "want") > 0
	case "write":
		out := h.out.outsideWrite(entryOf(h.address))
		created, _ := parseTime(out.CreatedTime)
		h.writers[stamp(out.Version, created)] = NoOwner
	case "delete":
		h.out.outsideDelete(entryOf(h.address))
	case "undelete":
		h.blurs++
		h.out.outsideUndelete(entryOf(h.address))
	case "purge":
		h.blurs++
		h.out.outsidePurge(entryOf(h.address))
	case "time": // it passes; what it is for is judged by the clock alone
		<-time.After(h.settle / 2)
	}
}

func (h *history) release(a *actor, f fate) {
	gate := a.gate
	a.gate = nil
	h.t.Logf("%s: %s: %v", a.owner, gate.what, f)
	gate.fate <- f
}

// settleDown lets everything under way end without further faults.
func (h *history) settleDown() { h.finish(passes) }

// finish lets everything under way end by one fate for each request.
func (h *history) finish(f fate) {
	for h.quiesce(h); slices.ContainsFunc(h.actors, func(a *actor) bool { return a.running }); h.quiesce(h) {
		if gated := slices.IndexFunc(h.actors, func(a *actor) bool { return a.gate != nil }); gated >= 0 {
			h.release(h.actors[gated], f)
			continue
		}
		select { // everybody waits for time
		case ev := <-h.events:
			h.collect(ev)
		case <-time.After(20 * h.settle):
			h.t.Fatalf("an operation neither asks for anything nor ends")
		}
	}
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

// run draws one history of the given length.
func (h *history) run(steps int) {
	h.writers, h.events = map[string]Owner{}, make(chan event, 16)
	h.actors = []*actor{
		{h: h, owner: "terraform/shop", keeps: true, want: true, desired: 1},
		{h: h, owner: "gitops/cluster-1/shop", want: true, desired: 1},
	}
	for range steps {
		h.step()
	}
	h.settleDown()
	h.awaitAge()
	h.converge(h.actors[rapid.IntRange(0, 1).Draw(h.t, "survivor")])
}

func TestHistoriesOnTheModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var stopped any
		synctest.Test(t, func(*testing.T) {
			model := newModelKV()
			h := &history{
				t: rt, kv: model, out: model, settle: DefaultSettle,
				address: Scope{Mount: DefaultMount, Prefix: DefaultPrefix, Group: "deploy"}.Secret("credentials"),
				quiesce: func(h *history) {
					synctest.Wait()
					for len(h.events) > 0 {
						h.collect(<-h.events)
					}
				},
			}
			// rapid stops a history by a panic, which belongs to its goroutine.
			// What is under way then ends with it.
			defer func() { stopped = recover(); h.finish(diesBefore) }()
			h.run(rapid.IntRange(1, 60).Draw(rt, "steps"))
		})
		if stopped != nil {
			panic(stopped)
		}
	})
}
