// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

// The histories: two instances of one Terraform owner, a source of the controller and an
// outside writer change one secret. An instance is the old or the new one of a replaced
// resource, or a copy of the other's state. Every request of a writer stops at a gate, and
// the history draws who goes next and the fate of the request. The two rules are checked
// at each request; at the end, one writer alone converges, or all of them remove what
// they wrote.

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
	refused // by a policy
	late    // a lost request for a record that Vault executes later
)

var (
	fates       = []fate{passes, passes, passes, passes, passes, lost, answerLost, diesBefore, diesAfter}
	recordFates = append([]fate{late, late, refused}, fates...)
)

// removalRule removes a claimed version.
type removalRule func(ctx context.Context, c *Client, a Address, claim Claim, purge bool) (Deletion, error)

// history is one run.
type history struct {
	t       *rapid.T
	kv      KV
	out     outsider
	settle  time.Duration
	address Address
	// rule and claimsLostCreates are the protocol, or a mutation of it.
	rule              removalRule
	claimsLostCreates bool
	// writers are the owners of versions, by number and creation time.
	writers map[string]Owner
	writes  int
	// explained are versions that may stay: a warning names them, a person undeleted
	// them, or nothing outlives the process that wrote them.
	explained map[string]bool
	// recordsLost are the owners whose record an older one replaced.
	recordsLost map[Owner]bool
	// broken are the rules that this run broke.
	broken []string
	// blurs counts purges and undeletes outside: one between an observation and
	// the request made from it can put something else under the same number,
	// which check-and-set cannot detect (a documented limit).
	blurs   int
	actors  []*actor
	events  chan event
	delayed []func() error // requests that Vault has not executed yet
	// forger writes records of others; nil for none.
	forger *forger
	// tidier removes metadata; nil for none.
	tidier *tidier
	// quiesce returns when every running actor waits: at a gate, or for time.
	quiesce func(*history)
}

type event struct {
	actor *actor
	fate  chan fate // nil: the operation ended
	what  string
}

// collect stores an event of an actor.
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
			moves = append(moves, slices.Repeat([]string{fmt.Sprint("go ", i)}, 6)...)
		case !a.running:
			for _, verb := range a.moves() {
				moves = append(moves, fmt.Sprint(verb, " ", i))
			}
		}
	}
	if len(h.delayed) > 0 {
		moves = append(moves, "arrive")
	}
	moves = append(moves, "time")
	if h.tidier == nil {
		moves = append(moves, "write", "delete", "undelete", "purge")
	}
	if h.forger != nil {
		moves = append(moves, forgeries...)
	}
	if h.tidier != nil {
		moves = append(moves, tidies...)
	}
	verb, who, _ := strings.Cut(rapid.SampledFrom(moves).Draw(h.t, "move"), " ")
	if who != "" {
		h.act(verb, h.actors[who[0]-'0'])
		return
	}
	switch verb {
	case "arrive":
		_ = h.delayed[0]()
		h.delayed = h.delayed[1:]
	case "write":
		out := h.out.outsideWrite(entryOf(h.address))
		created, _ := parseTime(out.CreatedTime)
		h.writers[stamp(out.Version, created)] = NoOwner
	case "delete":
		h.out.outsideDelete(entryOf(h.address))
	case "undelete":
		h.undeleted(h.entry())
		h.out.outsideUndelete(entryOf(h.address))
	case "purge":
		h.blurs++
		h.out.outsidePurge(entryOf(h.address))
	case "time": // it passes; only the clock matters
		<-time.After(h.settle / 2)
	case "tidy", "long":
		h.tidy(verb)
	default:
		h.tamper(verb)
	}
}

// moves are what an idle actor can do; a move that is named twice is drawn twice as often.
func (a *actor) moves() []string {
	if a.keeps {
		return []string{"start", "start", "change", "copy", "import"}
	}
	return []string{"start", "start", "change", "undo", "save", "apply"}
}

// act makes a move of an actor.
func (h *history) act(verb string, a *actor) {
	if h.forger != nil && verb != "go" {
		a.order = rapid.IntRange(0, 1).Draw(h.t, "order of the keys")
	}
	switch verb {
	case "go":
		choice := fates
		if a.gate.what == "record" {
			choice = recordFates
		}
		h.release(a, rapid.SampledFrom(choice).Draw(h.t, "fate"))
	case "start":
		a.start(operation{adopt: rapid.IntRange(0, 4).Draw(h.t, "adopt") == 0, purge: rapid.IntRange(0, 3).Draw(h.t, "purge") == 0})
	case "undo":
		a.start(operation{undo: true})
	case "save":
		a.saved = h.view(a.owner).Claim(a.owner)
		h.known(a, a.saved)
	case "apply":
		a.start(operation{saved: true})
	case "change":
		a.desired++
		a.want = rapid.IntRange(0, 2).Draw(h.t, "want") > 0
	case "copy":
		if other := h.actors[1-slices.Index(h.actors, a)]; !other.running {
			a.copies(other)
		}
	case "import":
		a.imports()
	}
}

func (h *history) release(a *actor, f fate) {
	gate := a.gate
	a.gate = nil
	h.t.Logf("%s: %s: %v", a.name, gate.what, f)
	gate.fate <- f
}

// settleDown ends all operations without further faults.
func (h *history) settleDown() { h.finish(passes) }

// finish ends all operations, with one fate for each request.
func (h *history) finish(f fate) {
	for h.quiesce(h); slices.ContainsFunc(h.actors, func(a *actor) bool { return a.running }); h.quiesce(h) {
		if gated := slices.IndexFunc(h.actors, func(a *actor) bool { return a.gate != nil }); gated >= 0 {
			h.release(h.actors[gated], f)
			continue
		}
		select { // all actors wait for time
		case ev := <-h.events:
			h.collect(ev)
		case <-time.After(20 * h.settle):
			h.t.Fatalf("an operation neither sends a request nor ends")
		}
	}
}

// run draws one history of the given length.
func (h *history) run(steps int) {
	h.writers, h.explained, h.recordsLost = map[string]Owner{}, map[string]bool{}, map[Owner]bool{}
	h.events = make(chan event, 16)
	h.actors = []*actor{
		{h: h, owner: shop, name: "first instance", keeps: true, want: true, desired: 1},
		{h: h, owner: shop, name: "second instance", keeps: true, want: true, desired: 1},
		{h: h, owner: cluster, name: "source", want: true, desired: 1},
	}
	if h.tidier != nil {
		h.beginReleased()
	}
	for range steps {
		h.step()
	}
	h.settleDown()
	for _, do := range h.delayed {
		_ = do()
	}
	h.awaitAge()
	if rapid.Bool().Draw(h.t, "drain") {
		h.drain(rapid.Permutation([]int{0, 1, 2}).Draw(h.t, "order"))
	} else {
		h.converge(h.actors[rapid.IntRange(0, 2).Draw(h.t, "survivor")])
	}
}

// byClaim is the protocol.
func byClaim(ctx context.Context, c *Client, a Address, claim Claim, purge bool) (Deletion, error) {
	if purge {
		return c.Purge(ctx, a, claim)
	}
	return c.Delete(ctx, a, claim)
}

// onModel runs one history on the model and returns the rules that it broke.
func onModel(t *testing.T, rt *rapid.T, change func(*history)) (broken []string) {
	var stopped any
	synctest.Test(t, func(*testing.T) {
		model := newModelKV()
		h := &history{
			t: rt, kv: model, out: model, settle: DefaultSettle, rule: byClaim,
			address: Scope{Mount: DefaultMount, Prefix: DefaultPrefix, Group: "deploy"}.Secret("credentials"),
			quiesce: func(h *history) {
				synctest.Wait()
				for len(h.events) > 0 {
					h.collect(<-h.events)
				}
			},
		}
		change(h)
		// rapid stops a history by a panic, which belongs to its goroutine.
		// All operations then end with it.
		defer func() { stopped = recover(); h.finish(diesBefore) }()
		h.run(rapid.IntRange(1, 60).Draw(rt, "steps"))
		broken = h.broken
	})
	if stopped != nil {
		panic(stopped)
	}
	return broken
}

func TestHistoriesOnTheModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		for _, rule := range onModel(t, rt, func(*history) {}) {
			rt.Error(rule)
		}
	})
}
