// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"errors"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/notify"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// TestApprovalStaysWhileItIsUnknownWhatWaits: an outage must not cost the approval.
func TestApprovalStaysWhileItIsUnknownWhatWaits(t *testing.T) {
	t.Parallel()
	f := &follower{approvals: approvalWatch{pending: "a", known: true}} // without a controller, a removal panics
	for _, r := range []report.Report{{Err: errors.New("sealed")}, {Unavailable: true}, {Unavailable: true, PlanID: "b"}} {
		if f.settleApprovals(t.Context(), r); f.approvals.pending != "a" {
			t.Errorf("after %+v, %q waits", r, f.approvals.pending)
		}
	}
}

// TestStatusHasThePlanOfItsID: relay-sync approve refuses another one.
func TestStatusHasThePlanOfItsID(t *testing.T) {
	t.Parallel()
	b := newBoard([]config.Source{{Name: "shop"}})
	first, second := &plan.Document{Commit: "a"}, &plan.Document{Commit: "b"}
	waits := &notify.Pending{PlanID: "a"}
	for _, row := range []struct {
		report  report.Report
		pending *notify.Pending
		plan    *plan.Document
		four    bool
	}{
		{report.Report{Source: "shop", PlanID: "a", Plan: first, FourEyes: true}, waits, first, true},
		{report.Report{Source: "shop", Err: errors.New("sealed")}, waits, first, true},
		{report.Report{Source: "shop", Unavailable: true, PlanID: "b", Plan: second}, waits, first, true},
		{report.Report{Source: "shop"}, nil, nil, false},
	} {
		b.post(row.report, row.pending, time.Now())
		if s := b.get("shop"); s.Plan != row.plan || s.FourEyes != row.four {
			t.Errorf("after %+v: %+v, four eyes %v", row.report, s.Plan, s.FourEyes)
		}
	}
}
