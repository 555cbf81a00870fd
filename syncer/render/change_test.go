// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package render_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/render"
)

func TestOwnerIsInWords(t *testing.T) {
	t.Parallel()
	for owner, want := range map[secrets.Owner]string{
		"terraform/shop":                       "the Terraform configuration shop",
		"gitops/main/shop":                     "the git source shop of main",
		"team/shop":                            "the team shop",
		"person/ada-0123456789abcdef":          "ada",
		"person/ada-king-0123456789abcdef":     "ada-king",
		"person/a-name-of-thirty-characters--": "a-name-of-thirty-characters--", // without a hash
		secrets.NoOwner:                        "an unknown writer",
	} {
		if got := render.Owner(owner); got != want {
			t.Errorf("%q: %q, expected %q", owner, got, want)
		}
	}
}

func TestPlannedChangeNamesWhatHappensAndTheOwners(t *testing.T) {
	t.Parallel()
	const shop, till, prod = secrets.Owner("gitops/main/shop"), secrets.Owner("gitops/main/till"), secrets.Owner("terraform/prod")
	for _, c := range []struct {
		action plan.DocumentAction
		want   string
	}{
		{plan.DocumentAction{Action: plan.Add}, "add: writes the value of the file; no value exists now: no owner; afterwards the git source shop of main"},
		{plan.DocumentAction{Action: plan.PendingApproval, Approved: plan.Change, Version: 1, LastOwner: shop}, "change: replaces the value by that of the file: the git source shop of main, as before"},
		{plan.DocumentAction{Action: plan.Adopt, Version: 1, LastOwner: prod}, "adopt: takes it over, and writes the value of the file: the Terraform configuration prod; afterwards the git source shop of main"},
		{plan.DocumentAction{Action: plan.Adopt, Version: 1}, "adopt: takes it over, and writes the value of the file: no owner (unmanaged); afterwards the git source shop of main"},
		{plan.DocumentAction{Action: plan.PendingApproval, Approved: plan.HandOver, Version: 1, LastOwner: till}, "hand-over: takes it over from another source of this controller, and writes the value of the file: the git source till of main; afterwards the git source shop of main"},
		{plan.DocumentAction{Action: plan.PendingApproval, Approved: plan.Delete, Version: 1, LastOwner: shop}, "delete: deletes the current version; it can be undeleted: the git source shop of main; afterwards no owner"},
		{plan.DocumentAction{Action: plan.Delete, Kind: "connection", Version: 1, LastOwner: shop}, "delete: deletes the current version: the git source shop of main; afterwards no owner"},
		{plan.DocumentAction{Action: plan.Release, Version: 1, LastOwner: "person/ada-0123456789abcdef"}, "release: drops the claim of this source, and leaves the value: ada, as before"},
		{plan.DocumentAction{Action: plan.Unchanged, Approved: plan.UpdateRecord, Version: 1, LastOwner: shop}, "update record: updates the record, and leaves the value: the git source shop of main, as before"},
	} {
		c.action.Records = map[string]string{"gitops/main/shop": "format=2 version=1"}
		got := render.Changes(plan.Document{Controller: "main", Source: "shop", Actions: []plan.DocumentAction{c.action}})[0]
		if text := fmt.Sprintf("%s: %s: %s", got.Does, got.Meaning, got.Owners()); text != c.want {
			t.Errorf("%q, expected %q", text, c.want)
		}
	}
}

// TestEveryPlannedChangeHasAMeaning: an approver reads what happens, not only a word.
func TestEveryPlannedChangeHasAMeaning(t *testing.T) {
	t.Parallel()
	for _, kind := range []plan.Kind{plan.Add, plan.Change, plan.Repair, plan.Adopt, plan.HandOver, plan.Delete, plan.Release, plan.UpdateRecord, plan.Sign} {
		d := plan.Document{Actions: []plan.DocumentAction{{Action: kind}}}
		if got := render.Changes(d)[0]; !kind.Changes() || got.Meaning == "" {
			t.Errorf("%s: %+v", kind, got)
		}
	}
}

func TestPlanToApproveShowsNoRecord(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	d := plan.Document{Controller: "main", Source: "shop", Commit: "0123456789abcdef", Actions: []plan.DocumentAction{{
		Workflow: "checkout", Name: "token", Action: plan.PendingApproval, Approved: plan.Change, Cause: "it rolls back", File: "a.yaml", Line: 3,
		Version: 2, LastOwner: "gitops/main/shop", Records: map[string]string{"gitops/main/shop": "format=2 version=2"},
	}}}
	if err := render.NewText(&out, false).WritePending(d); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"~ checkout/token  change: replaces the value", "cause: it rolls back", "from a.yaml:3 at 0123456789", "owner: the git source shop of main, as before"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in:\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "format=2") {
		t.Errorf("a raw record:\n%s", out.String())
	}
}
