// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package report

import (
	"errors"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
)

func TestOutcome(t *testing.T) {
	t.Parallel()
	one := func(kind plan.Kind, applied bool) Report {
		return Report{Applied: applied, Results: []Result{{Action: plan.Action{Kind: kind, Verdict: secrets.Verdict{State: secrets.InSync}}}}}
	}
	failed := one(plan.Add, true)
	failed.Results[0].Err = errors.New("conflict")
	refused := one(plan.Unchanged, false)
	refused.Failures = []Failure{{File: "a.yaml", Err: errors.New("bad")}}
	for _, row := range []struct {
		name   string
		report Report
		want   Outcome
	}{
		{"nothing to do", one(plan.Unchanged, false), Clean},
		{"a plan with changes", one(plan.Add, false), Pending},
		{"a plan with something blocked", one(plan.Blocked, false), Pending},
		{"a plan with something pending approval", one(plan.PendingApproval, false), Pending},
		{"something pending approval in an applied sync", one(plan.PendingApproval, true), Failed},
		{"changes carried out", one(plan.Change, true), Clean},
		{"drift that was left", one(plan.Drift, true), Pending},
		{"something blocked in an applied sync", one(plan.Blocked, true), Failed},
		{"a write that failed", failed, Failed},
		{"a plan with a refused file", refused, Failed},
		{"a sync that ended before its plan", Report{Err: errors.New("sealed")}, Failed},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if got := row.report.Outcome(); got != row.want {
				t.Errorf("outcome %d, want %d", got, row.want)
			}
		})
	}
	if got := Worst([]Report{one(plan.Unchanged, false), failed, one(plan.Add, false)}); got != Failed {
		t.Errorf("the worst of three is %d", got)
	}
	if got := Worst([]Report{one(plan.Add, false), one(plan.Unchanged, false)}); got != Pending {
		t.Errorf("the worst of two is %d", got)
	}
}

func TestInPlaceIsWhatHasTheValueOfTheCommit(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		kind             plan.Kind
		planned, applied int
	}{
		{plan.Unchanged, 1, 1}, {plan.UpdateRecord, 1, 1}, {plan.Add, 0, 1}, {plan.Change, 0, 1}, {plan.Repair, 0, 1}, {plan.HandOver, 0, 1},
		{plan.Drift, 0, 0}, {plan.Blocked, 0, 0}, {plan.PendingApproval, 0, 0}, {plan.PendingHandOver, 0, 0}, {plan.Delete, 0, 0},
	} {
		r := Report{Results: []Result{{Action: plan.Action{Kind: row.kind}}}}
		if got := r.Summary().InPlace; got != row.planned {
			t.Errorf("%s, planned: %d in place, want %d", row.kind, got, row.planned)
		}
		r.Applied = true
		if got := r.Summary().InPlace; got != row.applied {
			t.Errorf("%s, applied: %d in place, want %d", row.kind, got, row.applied)
		}
		r.Results[0].Err = errors.New("conflict")
		if got := r.Summary().InPlace; got != 0 {
			t.Errorf("%s, failed: %d in place", row.kind, got)
		}
	}
}

func TestRemovalThatFindsANewerVersionIsNotReportedAsDeleted(t *testing.T) {
	t.Parallel()
	failed := errors.New("sealed")
	for _, row := range []struct {
		planned plan.Kind
		err     error
		outcome secrets.Outcome
		want    plan.Kind
		cause   string
	}{
		{plan.Delete, nil, secrets.SoftDeleted, plan.Delete, "planned"},
		{plan.Delete, nil, secrets.WrittenSince, plan.Release, "not deleted: the same owner has written a newer version since"},
		{plan.Delete, nil, secrets.ReleasedOnly, plan.Release, "not deleted: another writer has written a newer version"},
		{plan.Delete, nil, secrets.AlreadyDeleted, plan.Release, "not deleted: version 0 was already deleted"},
		{plan.Delete, failed, secrets.NothingClaimed, plan.Delete, "planned"},
		{plan.Release, nil, secrets.ReleasedOnly, plan.Release, "planned"},
		{plan.Release, nil, secrets.WrittenSince, plan.Release, "not released: the same owner has written a newer version since"},
		{plan.Release, nil, secrets.SoftDeleted, plan.Delete, "planned"},
	} {
		r := Result{Action: plan.Action{Kind: row.planned, Cause: "planned"}, Err: row.err}
		r.SetRemoved(secrets.Deletion{Outcome: row.outcome})
		if r.Kind != row.want || !strings.HasPrefix(r.Cause, row.cause) {
			t.Errorf("%s with outcome %d: %s, %q", row.planned, row.outcome, r.Kind, r.Cause)
		}
	}
}
