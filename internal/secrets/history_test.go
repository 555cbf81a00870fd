// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

// The histories: two owners and an outside writer change one secret. Every request of
// an owner stops at a gate, and the history draws which actor goes next and the fate
// of its request: it passes, it is lost, its answer is lost, or its process dies before
// or after it. The two rules are checked at each request, convergence at the end.

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

// history is one run.
type history struct {
	t       *rapid.T
	kv      KV
	out     outsider
	settle  time.Duration
	address Address
	// writers are the writers of versions, by number and creation time.
	writers map[string]Owner
	writes  int
	// blurs counts purges and undeletes outside: one between an observation and
	// the request made from it can put something else under the same number,
	// which check-and-set cannot detect (a documented limit).
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
	case "time": // it passes; only the clock matters
		<-time.After(h.settle / 2)
	}
}

func (h *history) release(a *actor, f fate) {
	gate := a.gate
	a.gate = nil
	h.t.Logf("%s: %s: %v", a.owner, gate.what, f)
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
			// All operations then end with it.
			defer func() { stopped = recover(); h.finish(diesBefore) }()
			h.run(rapid.IntRange(1, 60).Draw(rt, "steps"))
		})
		if stopped != nil {
			panic(stopped)
		}
	})
}
