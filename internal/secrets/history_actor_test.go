// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// died ends the process of an actor.
type died struct{}

// actor is a writer whose processes come and go: a source of the controller, or one
// Terraform instance (history_instance_test.go). Several instances have one owner.
type actor struct {
	h       *history
	owner   Owner
	name    string
	keeps   bool     // keeps its state, as Terraform does
	state   instance // outlives the processes of an instance
	saved   Claim    // of a plan of the controller that is applied later
	desired int      // the generation that it wants
	applied int      // the generation that it wrote last
	want    bool
	op      operation
	running bool
	order   int // of the keys, where there is a forger
	blurs   int // of the history, when the operation began
	// inFlight is the version whose record this actor is still to write.
	inFlight string
	// decided is the observation that the last write was decided from, with the baseline.
	decided Entry
	// saw is the version of the owner's record at the last observation.
	saw  int
	gate *event
}

// operation is one run of an actor.
type operation struct {
	adopt bool
	purge bool
	undo  bool // undeletes what it deleted, in place of its sync
	saved bool // applies the saved plan
}

func (a *actor) client() *Client {
	cfg := Config{KV: wire{a}, Owner: a.owner, Settle: a.h.settle}
	if f := a.h.forger; f != nil {
		cfg.Keys, cfg.RequireMAC = f.orders[a.order], f.required
		f.weaken(&cfg)
	}
	c, err := NewClient(cfg)
	if err != nil {
		a.h.t.Fatalf("making a client: %v", err)
	}
	return c
}

// start runs one operation in a process of its own.
func (a *actor) start(op operation) {
	a.running, a.op, a.blurs = true, op, a.h.blurs
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

func (a *actor) operate(ctx context.Context, c *Client) {
	switch {
	case a.op.undo:
		_, _ = c.Undelete(ctx, a.h.address) // the entry shows the result
	case a.op.saved:
		_ = a.remove(ctx, c, a.saved)
	case a.keeps:
		a.state.apply(ctx, a, c)
	default:
		a.sync(ctx, c)
	}
}

// observe is what Survey does for the secret, in this goroutine: a crash of the actor is a panic.
func (a *actor) observe(ctx context.Context, c *Client) (Entry, error) {
	scope := a.h.address.Scope
	found, err := c.listChecked(ctx, scope)
	if err != nil {
		return Entry{}, err
	}
	if !slices.Contains(found.Manageable, a.h.address.Name) {
		return Survey{listedAt: map[Scope]time.Time{scope: found.at}}.Absent(scope), nil
	}
	return c.Describe(ctx, a.h.address)
}

// sync is one run of a source: observe, judge, write or prune.
func (a *actor) sync(ctx context.Context, c *Client) {
	e, err := a.observe(ctx, c)
	if err != nil {
		return
	}
	if !a.want {
		if claim := e.Claim(a.owner); claim != (Claim{}) {
			a.h.known(a, claim)
			_ = a.remove(ctx, c, claim)
		}
		return
	}
	if Judge(a.owner, e, nil).State == InSync {
		a.h.trusts(a, e)
	}
	if Judge(a.owner, e, nil).State == InSync && a.applied == a.desired {
		_ = c.UpdateRecord(ctx, a.h.address, e, Provenance{Origin: "again.yaml"}) // a file that was encrypted again
		return
	}
	if written, err := a.put(ctx, c, e, nil); err == nil || errors.Is(err, ErrNoRecord) {
		a.applied = a.desired
		a.h.known(a, written.Claim(a.owner))
	}
}

// put writes the desired generation.
func (a *actor) put(ctx context.Context, c *Client, e Entry, baseline *Written) (Written, error) {
	a.decided = e.withBaseline(a.owner, baseline)
	w := Write{Address: a.h.address, Value: NewValue(fmt.Sprint(a.name, a.desired)), Observed: e, Baseline: baseline, Adopt: a.op.adopt}
	written, err := c.Put(ctx, w)
	if err != nil && !a.keeps {
		a.h.failedWrite(a, e.Current+1)
	}
	return written, err
}

// remove removes a claimed version by the rule of the history. A result other than a
// deletion is a warning that names what remains.
func (a *actor) remove(ctx context.Context, c *Client, claim Claim) error {
	done, err := a.h.rule(ctx, c, a.h.address, claim, a.op.purge)
	if err == nil && !done.Outcome.Deleted() {
		a.h.warned(done.Remaining)
	}
	return err
}
