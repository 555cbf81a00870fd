// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
)

// TestARewrittenHistoryIsRefused rewrites a branch under a source that refuses
// that. Every round is a process of its own: what is known of the history is in
// Vault.
func TestARewrittenHistoryIsRefused(t *testing.T) {
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
		report := w.round(true)
		if len(report.Results) == 0 || report.PlanID == "" || !strings.Contains(w.text(), "does not descend from") && !strings.Contains(w.text(), "cannot be told") {
			t.Fatalf("the rewritten history is not held:\n%s", w.text())
		}
		for _, r := range w.proxy.Requests() {
			if r.Method == "POST" && strings.Contains(r.Path, "/data/") || r.Method == "PATCH" {
				t.Errorf("%s %s in a round that is held", r.Method, r.Path)
			}
		}
		w.live(a, "stays", "moves", "added")

		report = w.approved()
		w.live(a, "stays", "other")
		w.live(b, "gone") // its record is of the old history: never deleted by itself
		for _, r := range report.Results {
			if r.Err != nil {
				t.Errorf("%s: %v", r.Address, r.Err)
			}
		}
		w.commit() // on top of what was approved
		report = w.round(true)
		for _, r := range report.Results {
			if r.Want != nil && r.Kind != Unchanged {
				t.Errorf("after the approval: %s %s, %s", r.Kind, r.Address, r.Reason)
			}
		}
	}
}

// TestTheWholePlanIsHeld has one secret of a lost history among others.
func TestTheWholePlanIsHeld(t *testing.T) {
	t.Parallel()
	lost := by(us, 1)
	r := lost[us]
	r.Revision = strange
	lost[us] = r
	in := PlanInput{
		Owner: us, History: plan.RefuseHistory, Deletes: plan.DeletePolicy{AllowEmpty: true},
		Ancestry: map[string]gitsource.Ancestry{older: gitsource.Yes, strange: gitsource.No},
		Observed: map[secrets.Address]secrets.Entry{
			deploy.Secret("as it was"): entry(1, by(us, 1)), deploy.Secret("changed"): entry(1, by(us, 1)),
			deploy.Secret("lost"): entry(1, lost), deploy.Secret("unwanted"): entry(1, by(us, 1)),
		},
	}
	for _, name := range []string{"as it was", "changed", "lost", "new"} {
		w := Want{Address: deploy.Secret(name), Sealed: noon, SOPS1: "same", Key1: "key"}
		if name == "changed" {
			w.SOPS1 = "other"
		}
		in.Wants = append(in.Wants, w)
	}
	describe := func(actions []Action) string {
		var out []string
		for _, a := range actions {
			out = append(out, a.Address.Name+" "+string(a.Kind))
		}
		return strings.Join(out, ", ")
	}
	plan := Plan(in)
	if got, want := describe(plan), "as it was unchanged, changed blocked, lost blocked, new blocked, unwanted blocked"; got != want {
		t.Errorf("planned %s, want %s", got, want)
	}
	if got, want := describe(Approve(plan)), "as it was unchanged, changed change, lost re-encrypted, new add, unwanted delete"; got != want {
		t.Errorf("approved %s, want %s", got, want)
	}
}
