// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"errors"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

func TestRetryOfEverythingButTheContentOfTheCommit(t *testing.T) {
	t.Parallel()
	result := func(kind plan.Kind, want *plan.Want) report.Report {
		return report.Report{Applied: true, Results: []report.Result{{Action: plan.Action{Kind: kind, Want: want}}}}
	}
	failure := func(r report.Report, err error) report.Report {
		r.Failures = append(r.Failures, report.Failure{Err: err})
		return r
	}
	failed := result(plan.Change, &plan.Want{})
	failed.Results[0].Err = errors.New("conflict")
	content := &sopsfile.Problems{File: "a.yaml"}
	for _, row := range []struct {
		name   string
		report report.Report
		want   bool
	}{
		{"all is in place", result(plan.Unchanged, &plan.Want{}), false},
		{"drift is reported", result(plan.Drift, &plan.Want{}), false},
		{"another owner has a secret", result(plan.Blocked, &plan.Want{}), true},
		{"a plan waits for approval", result(plan.PendingApproval, nil), true},
		{"a write failed", failed, true},
		{"the sync ended before its plan", report.Report{Err: errors.New("sealed")}, true},
		{"no key opens a file", failure(result(plan.Blocked, nil), errors.New("no available key")), true},
		{"a file is invalid, and a deletion waits for it", failure(result(plan.Blocked, nil), content), false},
		{"a file is invalid, and another owner has a secret", failure(result(plan.Blocked, &plan.Want{}), content), true},
	} {
		if got := retryable(row.report); got != row.want {
			t.Errorf("%s: retried: %v", row.name, got)
		}
	}
}

func TestRetryWaitsAMinuteOrTwentySyncsAndAtMostTheDriftInterval(t *testing.T) {
	t.Parallel()
	unavailable := report.Report{Err: errors.New("timed out")}
	for _, row := range []struct {
		report            report.Report
		took, drift, want time.Duration
	}{
		{report.Report{}, time.Second, 10 * time.Minute, time.Minute},
		{report.Report{}, 6 * time.Second, 10 * time.Minute, 2 * time.Minute},
		{report.Report{}, time.Minute, 10 * time.Minute, 10 * time.Minute},
		{unavailable, time.Minute, 10 * time.Minute, time.Minute},
		{unavailable, time.Minute, 5 * time.Second, 5 * time.Second},
	} {
		if got := longestRetry(row.report, row.took, row.drift); got != row.want {
			t.Errorf("after %s: %s, want %s", row.took, got, row.want)
		}
	}
}
