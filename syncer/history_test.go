// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
)

// TestRewrittenHistoryIsPendingApproval rewrites a branch under a source that refuses
// that. Every sync is a process of its own: what is known of the history is in
// Vault.
func TestRewrittenHistoryIsPendingApproval(t *testing.T) {
	t.Parallel()
	for _, remote := range []bool{false, true} {
		w := newWorld(t, 2)
		if remote {
			w.overHTTPS(t)
		}
		w.cfg.Sources[0].History = plan.RefuseHistory
		a, b := w.workflow(0), w.workflow(1)
		w.secretsIn("first.yaml", a, "stays", "moves")
		w.applied()
		w.secretsIn("second.yaml", b, "gone")
		w.secretsIn("first.yaml", a, "stays", "moves", "added")
		w.applied()
		w.run("git", "reset", "-q", "--hard", "HEAD~1")
		w.secretsIn("first.yaml", a, "stays", "other")
		w.commit()

		w.writes()
		rep := w.sync(true)
		if len(rep.Results) == 0 || rep.PlanID == "" || !strings.Contains(w.text(), "does not descend from") && !strings.Contains(w.text(), "cannot be determined") {
			t.Fatalf("the rewritten history is not pending approval:\n%s", w.text())
		}
		for _, r := range w.proxy.Requests() {
			if r.Method == "POST" && strings.Contains(r.Path, "/data/") || r.Method == "PATCH" {
				t.Errorf("%s %s in a sync that is pending approval", r.Method, r.Path)
			}
		}
		w.live(a, "stays", "moves", "added")

		rep = w.approved()
		w.live(a, "stays", "other")
		w.gone(b, "gone") // its record is of the old history, and its deletion was approved
		for _, r := range rep.Results {
			if r.Err != nil {
				t.Errorf("%s: %v", r.Address, r.Err)
			}
		}
		w.commit() // on top of what was approved
		rep = w.sync(true)
		for _, r := range rep.Results {
			if r.Want != nil && r.Kind != plan.Unchanged {
				t.Errorf("after the approval: %s %s, %s", r.Kind, r.Address, r.Cause)
			}
		}
	}
}
