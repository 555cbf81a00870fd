// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package report

import "testing"

func TestStatusIsNotInSyncWhileSomethingIsNotAsTheCommitWants(t *testing.T) {
	t.Parallel()
	applied := Status{Ready: true, Seen: "a", Applied: "a"}
	with := func(change func(*Status)) Status {
		s := applied
		change(&s)
		return s
	}
	for _, row := range []struct {
		name    string
		status  Status
		want    State
		outcome Outcome
	}{
		{"applied", applied, InSync, Clean},
		{"repaired", with(func(s *Status) { s.Summary = Summary{Repair: 1, Drifted: 1} }), InSync, Clean},
		{"drift that is only reported", with(func(s *Status) { s.Summary = Summary{Drift: 1, Drifted: 1} }), Drifted, Pending},
		{"taken over by another owner since", with(func(s *Status) { s.Summary.Blocked = 1 }), NotApplied, Failed},
		{"pending hand-over", with(func(s *Status) { s.Summary.PendingHandOver = 1 }), NotApplied, Failed},
		{"pending approval", with(func(s *Status) { s.Summary.PendingApproval = 1 }), NotApplied, Failed},
		{"a new commit that failed", with(func(s *Status) { s.Seen, s.Summary.Failed = "b", 1 }), NotApplied, Failed},
		{"no sync yet", Status{Ready: true}, NotApplied, Failed},
		{"no plan", with(func(s *Status) { s.Ready = false }), NotReady, Failed},
		{"suspended", Status{Suspended: true}, Suspended, Clean},
	} {
		if got := row.status.State(); got != row.want || row.status.Outcome() != row.outcome {
			t.Errorf("%s: %q, outcome %s, want %q, %s", row.name, got, row.status.Outcome(), row.want, row.outcome)
		}
	}
}
