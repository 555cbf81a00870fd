// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
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

// TestAncestryIsRememberedOnlyWhileHistoryIsNotRewritten uses one process: what it knows
// of a commit must not stand for a commit of another history.
func TestAncestryIsRememberedOnlyWhileHistoryIsNotRewritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	commit := func() string {
		w.commit()
		return strings.TrimSpace(w.run("git", "rev-parse", "HEAD"))
	}
	repo, err := gitsource.Open(t.Context(), w.repo)
	if err != nil {
		t.Fatal(err)
	}
	first, second, third := commit(), commit(), commit()
	w.run("git", "reset", "-q", "--hard", first)
	w.run("git", "commit", "-q", "--allow-empty", "-m", "other")
	rewritten, after := strings.TrimSpace(w.run("git", "rev-parse", "HEAD")), commit()
	lost := strings.Repeat("1", 40)
	a := &ancestry{}
	for i, step := range []struct {
		at   string
		want map[string]bool
	}{
		{second, map[string]bool{first: true, second: true}},
		{second, map[string]bool{first: true, second: true, third: false}},
		{third, map[string]bool{first: true, second: true, third: true}},
		{rewritten, map[string]bool{first: true, second: false, third: false}},
		{rewritten, map[string]bool{first: true, second: false}},
		{after, map[string]bool{first: true, second: false, rewritten: true}},
		{third, map[string]bool{first: true, second: true, rewritten: false}},
	} {
		revisions := map[string]bool{lost: true}
		for revision := range step.want {
			revisions[revision] = true
		}
		got, err := a.ask(t.Context(), repo, gitsource.Commit(step.at), revisions)
		if err != nil {
			t.Fatal(err)
		}
		for revision, want := range step.want {
			if descends, known := got[revision]; !known || descends != want {
				t.Errorf("step %d: %s: %v, known %v, want %v", i, revision, descends, known, want)
			}
		}
		if _, known := got[lost]; known {
			t.Errorf("step %d: a missing commit is known", i)
		}
	}
}
