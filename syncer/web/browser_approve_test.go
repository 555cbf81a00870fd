// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
	"github.com/relay-secrets/terraform-provider-relay/internal/browsertest"
	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
)

// newPendingWorld is a world whose source waits for approval to delete a secret.
func newPendingWorld(t *testing.T) *daemonWorld {
	t.Helper()
	w := newDaemonWorld(t)
	w.cfg.Sources[0].Deletes.Max = new(int)
	w.manifest(t, "secrets/a.yaml", "kept")
	w.manifest(t, "secrets/b.yaml", "first", "second")
	w.run(t)
	w.manifest(t, "secrets/b.yaml", "second")
	w.sync(t)
	return w
}

// approver logs a new person in who may approve plans.
func (w *daemonWorld) approver(t *testing.T) *browsertest.Tab {
	t.Helper()
	return w.open(t, w.rules(t, policy.Approver, func(g *policy.Grant) { g.Controller = w.cfg.Controller }))
}

func TestApprovedPlanIsApplied(t *testing.T) {
	t.Parallel()
	w := newPendingWorld(t)
	w.wantRead(t, "first", "of git")
	tab := w.approver(t)
	tab.Follow("link", "Sources")
	wantText(t, tab, "shop", "pending approval")
	tab.AssertAccessible()
	tab.Follow("link", "shop")
	wantText(t, tab, "A plan is pending approval", w.workflow+"/first")
	wantPlanInWords(t, w, tab)
	tab.AssertAccessible()
	tab.Follow("link", "Review and approve")
	wantText(t, tab, "You approve exactly what this page shows", w.workflow+"/first")
	wantPlanInWords(t, w, tab)
	tab.AssertAccessible()
	tab.Fill("Reason", " ")
	tab.Follow("button", "Approve")
	wantText(t, tab, "a reason of at most 500 bytes is required")
	tab.AssertAccessible()
	tab.Fill("Reason", "no longer used")
	tab.Follow("button", "Approve")
	wantText(t, tab, "Approved. The daemon applies the plan at its next sync")
	gone := func() bool {
		_, live := w.ReadAs(t, w.RootToken, w.workflow, "first")
		return !live
	}
	if !await.Until(time.Minute, gone) {
		t.Error("the secret is not deleted after the approval")
	}
	w.wantRead(t, "second", "of git")
	tab.Open(w.url + "/activity")
	wantText(t, tab, "delete "+w.workflow+"/first", "the git source shop")
}

// wantPlanInWords asserts that the page shows the plan as a person needs it: what happens to
// which value and owner, and no record unless it is asked for.
func wantPlanInWords(t *testing.T, w *daemonWorld, tab *browsertest.Tab) {
	t.Helper()
	wantText(t, tab, "deletes the current version; it can be undeleted", "the plan deletes 1 secret", "version 1 of 20",
		"the git source shop of "+w.cfg.Controller+"; afterwards no owner")
	if text := tab.Text(); strings.Contains(text, "format=") || strings.Contains(text, "sops1") {
		t.Errorf("the page shows a raw record:\n%s", text)
	}
}

// TestApprovalOfAChangedPlanIsRefused: the approver has not seen what would be applied.
func TestApprovalOfAChangedPlanIsRefused(t *testing.T) {
	t.Parallel()
	w := newPendingWorld(t)
	tab := w.approver(t)
	tab.Open(w.url + "/sources/shop/approve")
	tab.Fill("Reason", "no longer used")
	w.git(t, "rm", "-q", "secrets/b.yaml")
	w.sync(t)
	tab.Follow("button", "Approve")
	wantText(t, tab, "The plan has changed", "Nothing was approved.")
	tab.AssertAccessible()
	w.sync(t)
	w.wantRead(t, "first", "of git")
	w.wantRead(t, "second", "of git")
}

// TestOperatorSeesWhichPolicyAnApprovalNeeds: a person without the right sees which policy it needs.
func TestOperatorSeesWhichPolicyAnApprovalNeeds(t *testing.T) {
	t.Parallel()
	w := newPendingWorld(t)
	tab := w.openAs(t, policy.Operator)
	wantText(t, tab, "pending approval")
	tab.Open(w.url + "/sources/shop")
	wantText(t, tab, "To approve it, your policies need:", "relay-sync/"+w.cfg.Controller+"/shop")
	if tab.Has("link", "Review and approve") {
		t.Error("the page offers an approval that Vault would refuse")
	}
	tab.AssertAccessible()
	tab.Open(w.url + "/sources/shop/approve")
	wantText(t, tab, "Missing permission")
	if tab.Status() != 403 {
		t.Errorf("status %d", tab.Status())
	}
	tab.AssertAccessible()
}
