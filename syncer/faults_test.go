// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"flag"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

var allFaults = flag.Bool("faults.all", false, "try each fault at each request (make proof), not a part of them")

// faults are what a server before Vault does to one request, or to all from that one on.
var faults = []struct {
	name   string
	action vaulttest.Action
	onward bool
}{
	{"cut before", vaulttest.CutAt(vaulttest.Before), false},
	{"cut after", vaulttest.CutAt(vaulttest.After), false},
	{"garbled", vaulttest.GarbleAnswer(), false},
	{"delayed", vaulttest.Delay(300 * time.Millisecond), false},
	{"412", vaulttest.FailWith(http.StatusPreconditionFailed), false}, // an eventually consistent standby
	{"429", vaulttest.FailWith(http.StatusTooManyRequests), false},
	{"473", vaulttest.FailWith(473), false}, // a performance standby
	{"500", vaulttest.FailWith(http.StatusInternalServerError), false},
	{"503", vaulttest.FailWith(http.StatusServiceUnavailable), false},
	{"cut before, from then on", vaulttest.CutAt(vaulttest.Before), true},
	{"cut after, from then on", vaulttest.CutAt(vaulttest.After), true},
	{"403, from then on", vaulttest.FailWith(http.StatusForbidden), true},
}

// operation is what one sync does.
type operation struct {
	name string
	// before prepares Vault and git, and change commits what the sync applies.
	before, change func(w *world)
	request        Request
	// live are the secrets that can be read afterwards with their values, gone those that cannot.
	live map[string]string
	gone []string
}

var operations = []operation{
	{
		name:   "create",
		change: func(w *world) { w.values("a.yaml", "one: 1", "two: 2") },
		live:   map[string]string{"one": "1", "two": "2"},
	},
	{
		name:   "update",
		before: func(w *world) { w.values("a.yaml", "one: 1") },
		change: func(w *world) { w.values("a.yaml", "one: 2") },
		live:   map[string]string{"one": "2"},
	},
	{
		name:   "delete",
		before: func(w *world) { w.values("a.yaml", "one: 1", "two: 2") },
		change: func(w *world) { w.values("a.yaml", "one: 1") },
		live:   map[string]string{"one": "1"},
		gone:   []string{"two"},
	},
	{
		name:   "repair an outside change",
		before: func(w *world) { w.values("a.yaml", "one: 1") },
		change: func(w *world) { w.vault.Write(w.t, w.workflow(0), "one", "foreign") },
		live:   map[string]string{"one": "1"},
	},
	{
		name:   "repair an outside deletion",
		before: func(w *world) { w.values("a.yaml", "one: 1") },
		change: func(w *world) { w.vault.SoftDelete(w.t, w.workflow(0), "one") },
		live:   map[string]string{"one": "1"},
	},
	{
		name:    "adopt",
		before:  func(w *world) { w.vault.Write(w.t, w.workflow(0), "one", "unmanaged") },
		change:  func(w *world) { w.values("a.yaml", "one: 1") },
		request: Request{Adopt: []string{"one"}, Reason: "test"},
		live:    map[string]string{"one": "1"},
	},
	{
		name:   "a set of 20",
		before: func(w *world) { w.values("a.yaml", numberedValues(20, "old")...) },
		change: func(w *world) { w.values("a.yaml", numberedValues(20, "new")...) },
		live:   map[string]string{"s0": "new", "s9": "new", "s19": "new"},
	},
}

func numberedValues(n int, value string) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("s%d: %s", i, value)
	}
	return out
}

// values commits a manifest of the workflow with lines of the form NAME: VALUE.
func (w *world) values(file string, lines ...string) {
	w.t.Helper()
	text := "workflows:\n  " + w.workflow(0) + ":\n"
	for _, line := range lines {
		text += "    " + strings.Replace(line, ": ", `: "`, 1) + "\"\n"
	}
	w.seal(file, text)
	w.commit()
}

// TestEachFaultAtEachRequestIsOvercome: whatever happens to one request of a sync, a later
// sync has everything as the commit has it. Nothing is lost, nothing foreign is touched, and
// every version was written by a sync.
func TestEachFaultAtEachRequestIsOvercome(t *testing.T) {
	t.Parallel()
	for o, op := range operations {
		requests := op.count(t)
		for f, fault := range faults {
			for k := 1; k <= requests; k++ {
				if !*allFaults && (o+f+k)%(2*len(faults)) != 0 {
					continue
				}
				t.Run(fmt.Sprintf("%s, %s at request %d of %d", op.name, fault.name, k, requests), func(t *testing.T) {
					t.Parallel()
					w := op.world(t)
					w.proxy.Hook(func(n int, _ *http.Request) vaulttest.Action {
						if n == k || fault.onward && n > k {
							return fault.action
						}
						return vaulttest.Action{}
					})
					w.askAll(op.of(w))
					w.proxy.Hook(nil)
					op.converges(w)
				})
			}
		}
	}
}

// world is one before the sync of the operation, with a foreign secret beside it.
func (o operation) world(t *testing.T) *world {
	w := newWorld(t, 1)
	w.cfg.Vault.Concurrency = 1
	w.vault.Write(t, w.workflow(0), "foreign", "untouched")
	if o.before != nil {
		o.before(w)
		if w.hasCommit() {
			w.endsClean(Request{Apply: true})
		}
	}
	o.change(w)
	w.proxy.Reset()
	return w
}

func (w *world) hasCommit() bool {
	return strings.TrimSpace(w.run("git", "rev-list", "--all", "--max-count=1")) != ""
}

// of is the request for the sync of the operation.
func (o operation) of(w *world) Request {
	out := o.request
	out.Apply = true
	out.Adopt = nil
	for _, name := range o.request.Adopt {
		out.Adopt = append(out.Adopt, w.workflow(0)+"/"+name)
	}
	return out
}

// count is the number of requests of the operation without a fault.
func (o operation) count(t *testing.T) int {
	w := o.world(t)
	w.endsClean(o.of(w))
	return len(w.proxy.Requests())
}

// converges syncs until everything is as in the commit. A version without a record is repaired
// after the time to settle.
func (o operation) converges(w *world) {
	w.t.Helper()
	if !await.Until(time.Minute, func() bool { return w.ask(o.of(w)).Outcome() == report.Clean }) {
		w.t.Errorf("not clean:\n%s", w.text())
	}
	for name, value := range o.live {
		w.wantRead(w.workflow(0), name, value)
	}
	w.gone(w.workflow(0), o.gone...)
	w.wantRead(w.workflow(0), "foreign", "untouched")
	if versions, _ := w.vault.Metadata(w.t, w.workflow(0), "foreign")["current_version"]; fmt.Sprint(versions) != "1" {
		w.t.Errorf("the foreign secret has version %v", versions)
	}
	w.proxy.AssertBlind(w.t)
	w.proxy.AssertCheckAndSet(w.t)
	w.proxy.Reset()
	w.endsClean(Request{Apply: true})
	if n := w.writes(); n != 0 {
		w.t.Errorf("one more sync sends %d values", n)
	}
}
