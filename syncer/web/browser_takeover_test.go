// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
)

// TestTakeoverFromTerraformNeedsAReasonAndTheName: the page shows what happens next, too.
func TestTakeoverFromTerraformNeedsAReasonAndTheName(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.writeAs(t, "terraform/net-prod", "password", "of terraform")
	tab := w.openAs(t, policy.Operator)
	wantText(t, tab, "the Terraform configuration net-prod")
	tab.Follow("link", "Replace password")
	wantText(t, tab, "This is owned by the Terraform configuration net-prod", "Its next apply fails until the secret is removed from that configuration.")
	tab.AssertAccessible()

	tab.Fill("Type the name again to take it over", "passwort")
	tab.Fill("Value", "of ada")
	tab.Fill("Reason", "the team has left")
	tab.Follow("button", "Take over and replace")
	wantText(t, tab, "must be the name: password", "Nothing was written.")
	w.wantRead(t, "password", "of terraform")
	tab.AssertAccessible()

	tab.Fill("Type the name again to take it over", "password")
	tab.Fill("Value", "of ada")
	tab.Follow("button", "Take over and replace")
	wantText(t, tab, "Replaced password.")
	w.wantRead(t, "password", "of ada")
	if strings.Contains(tab.Text(), "net-prod") {
		t.Errorf("the owner after the takeover:\n%s", tab.Text())
	}
	if audit := readFile(t, w.audit); !strings.Contains(audit, "the team has left") || strings.Count(audit, `"former_owner":"terraform/net-prod"`) != 2 {
		t.Errorf("the audit file:\n%s", audit)
	}
	tab.Open(w.url + "/activity")
	wantText(t, tab, "adopt "+w.workflow+"/password", "taken over from the Terraform configuration net-prod", "the team has left")
	tab.AssertAccessible()
	w.page(tab, "")
	tab.Follow("link", "password")
	wantText(t, tab, "terraform/net-prod", "the Terraform configuration net-prod")
}

// TestTakeoverOfAnUnmanagedSecretByDeletion needs the same.
func TestTakeoverOfAnUnmanagedSecretByDeletion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.Write(t, w.workflow, "password", "by hand")
	tab := w.openAs(t, policy.Operator)
	tab.Follow("link", "Delete password")
	wantText(t, tab, "This is unmanaged: no record shows who wrote it.")
	tab.AssertAccessible()
	tab.Fill("Type the name again to delete it anyway", "password")
	tab.Fill("Reason", " ")
	tab.Follow("button", "Delete anyway")
	wantText(t, tab, "a takeover needs a reason")
	w.wantRead(t, "password", "by hand")
	tab.AssertAccessible()
	tab.Fill("Type the name again to delete it anyway", "password")
	tab.Fill("Reason", "no longer used")
	tab.Follow("button", "Delete anyway")
	wantText(t, tab, "Deleted password.")
	w.wantNone(t, "password")
}
