// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

// died ends the process of an actor.
type died struct{}

// actor is an owner whose processes come and go; state is what outlives them.
type actor struct {
	h       *history
	owner   Owner
	keeps   bool // keeps its last write as a baseline, as Terraform's state does
	state   *Written
	desired int // the generation that it wants
	applied int // the generation that it wrote last
	want    bool
	adopt   bool
	warned  bool // a removal reported that a value remains
	undo    bool // undeletes what it deleted, in place of its sync
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

// operate is one run of an owner: observe, judge, write.
func (a *actor) operate(ctx context.Context, c *Client) {
	if a.undo {
		_, _ = c.Undelete(ctx, a.h.address) // the entry shows the result
		return
	}
	if !a.want {
		claim := a.state.Claim(a.owner)
		if !a.keeps {
			e, err := c.Describe(ctx, a.h.address)
			if err != nil {
				return
			}
			claim = e.Claim(a.owner)
		}
		if done, err := c.Delete(ctx, a.h.address, claim); err == nil {
			a.state, a.warned = nil, a.warned || done.Remaining.Live() && !done.Outcome.Deleted()
		}
		return
	}
	e, err := c.Describe(ctx, a.h.address)
	if err != nil {
		return
	}
	verdict := Judge(a.owner, e, a.state)
	if verdict.State == InSync && a.applied == a.desired {
		if !a.keeps { // a file that was encrypted again
			_ = c.UpdateRecord(ctx, a.h.address, e, Provenance{Origin: "again.yaml"})
		}
		return
	}
	if a.keeps && a.state != nil { // a plan was made from it; apply is another process
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

// wire is the KV of an actor.
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
