// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"fmt"
	"strings"
	"testing"
)

// prepared is a world in which a commit is synced, if there is one, and then changed.
func prepared(before, change func(w *world)) func(t *testing.T) *world {
	return func(t *testing.T) *world {
		t.Helper()
		w := newWorld(t, 1)
		w.cfg.Vault.Concurrency = 1
		if before != nil {
			before(w)
		}
		if strings.TrimSpace(w.run("git", "rev-list", "--all", "--max-count=1")) != "" {
			w.endsClean(Request{Apply: true})
		}
		change(w)
		return w
	}
}

// syncOperations are those of one source on secrets.
var syncOperations = []operation{
	{
		name:  "create",
		world: prepared(nil, func(w *world) { w.values("a.yaml", "one: 1", "two: 2") }),
		run:   creates,
		live:  map[string]string{"one": "1", "two": "2"},
	},
	{
		name:  "update",
		world: prepared(func(w *world) { w.values("a.yaml", "one: 1") }, func(w *world) { w.values("a.yaml", "one: 2") }),
		run:   syncs(Request{}),
		live:  map[string]string{"one": "2"},
	},
	{
		name:  "delete",
		world: prepared(func(w *world) { w.values("a.yaml", "one: 1", "two: 2") }, func(w *world) { w.values("a.yaml", "one: 1") }),
		run:   syncs(Request{}),
		live:  map[string]string{"one": "1"},
		gone:  []string{"two"},
	},
	{
		name: "repair an outside change",
		world: prepared(func(w *world) { w.values("a.yaml", "one: 1") }, func(w *world) {
			w.vault.Write(w.t, w.workflow(0), "one", "foreign")
		}),
		run:  syncs(Request{}),
		live: map[string]string{"one": "1"},
	},
	{
		name: "repair an outside deletion",
		world: prepared(func(w *world) { w.values("a.yaml", "one: 1") }, func(w *world) {
			w.vault.SoftDelete(w.t, w.workflow(0), "one")
		}),
		run:  syncs(Request{}),
		live: map[string]string{"one": "1"},
	},
	{
		name: "adopt",
		world: prepared(func(w *world) { w.vault.Write(w.t, w.workflow(0), "one", "unmanaged") }, func(w *world) {
			w.values("a.yaml", "one: 1")
		}),
		run:  syncs(Request{Adopt: []string{"one"}, Reason: "test"}),
		live: map[string]string{"one": "1"},
	},
	{
		name: "a set of 20",
		world: prepared(func(w *world) { w.values("a.yaml", numberedValues(20, "old")...) }, func(w *world) {
			w.values("a.yaml", numberedValues(20, "new")...)
		}),
		run:     syncs(Request{}),
		repeats: true,
		live:    map[string]string{"s0": "new", "s9": "new", "s19": "new"},
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
