// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// sourceOperations are those of several sources, of persons and of the daemon.
var sourceOperations = []operation{
	{
		name: "hand-over",
		world: func(t *testing.T) *world {
			w := newTeams(t)
			w.cfg.Vault.Concurrency = 1
			w.move()
			return w
		},
		run:  syncs(Request{}),
		live: map[string]string{"moved": "one", "own": "one", "stays": "one"},
		also: func(w *world) { w.wantOwner("team-a", w.versionOf("moved")) },
	},
	{
		name:  "a plan that a person approved",
		world: approvedWorld,
		run:   appliesApproved,
		live:  map[string]string{"kept": "value of kept"},
		gone:  []string{"first", "second"},
	},
	{
		name: "undelete",
		world: prepared(func(w *world) {
			w.letApprove()
			w.values("a.yaml", "one: 1", "two: 2")
			w.endsClean(Request{Apply: true})
			w.values("a.yaml", "one: 1")
		}, func(*world) {}),
		run: func(w *world) bool {
			results, err := New(w.cfg, "test").Undelete(w.t.Context(), []string{w.workflow(0) + "/two"}, nil, "test")
			if err != nil {
				w.t.Fatal(err)
			}
			return results[0].Err == nil || strings.Contains(results[0].Err.Error(), "not deleted: version 1 is live")
		},
		live:       map[string]string{"one": "1", "two": "2"},
		afterwards: report.Failed, // no file has it, so its deletion waits for approval
	},
	{name: "tidy", world: tidyWorld, run: tidies, live: map[string]string{}, also: func(w *world) {
		if now := w.versions(); now["one"] != 1 || now["two"] != 0 {
			w.t.Errorf("after the tidy: %v", now)
		}
	}},
}

// approvedWorld is a world with a plan of two deletes that a person has approved.
func approvedWorld(t *testing.T) *world {
	t.Helper()
	w := newApprovalWorld(t)
	w.cfg.Vault.Concurrency = 1
	w.approver().approve(w.pendingID())
	return w
}

// appliesApproved syncs, and approves what still waits for it: an approval counts once.
func appliesApproved(w *world) bool {
	rep := w.sync(true)
	if rep.Outcome() == report.Clean {
		return true
	}
	if rep.PlanID != "" && rep.Summary().PendingApproval > 0 {
		w.approver().approve(rep.PlanID)
	}
	return false
}

// tidyWorld is a world with a live secret, and one whose name a tidy marked ten minutes ago.
func tidyWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, 1)
	w.ownPrefix()
	w.cfg.Vault.Concurrency = 1
	w.two()
	w.secretsIn("two.yaml", w.workflow(0))
	w.applied()
	mark := "version=1 time=" + time.Now().Add(2*time.Second).UTC().Format(time.RFC3339)
	w.vault.Call(t, w.vault.RootToken, http.MethodPatch, "customers/metadata/"+w.cfg.Vault.Prefix+"/"+w.workflow(0)+"/two",
		map[string]any{"custom_metadata": map[string]string{"relay.tidy": mark}})
	w.proxy.Skew(secrets.TidyPause + time.Minute)
	return w
}

// tidies removes the names that were marked before, or else marks them for the next tidy.
func tidies(w *world) bool {
	t, err := NewTidy(w.cfg.TidySettings("relay-sync/test"), nil, func(string) {})
	if err != nil {
		w.t.Fatal(err)
	}
	t.Root, t.Domain, t.After = w.cfg.Vault.Root(), w.cfg.Vault.Domain, w.cfg.Tidy.After
	defer func() { _ = t.Client.Close(w.t.Context()) }()
	found, err := t.Find(w.t.Context())
	if err != nil || len(found.Failed) > 0 {
		return false
	}
	results, marked := t.Mark(w.t.Context(), found)
	if len(marked.Names) > 0 {
		w.proxy.Skew(2*secrets.TidyPause + 2*time.Minute)
		return false
	}
	for _, r := range results {
		if r.Err != nil || r.Cause != "" {
			return false
		}
	}
	return true
}
