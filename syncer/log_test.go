// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"errors"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

func TestRetriesAreLoggedOnceInADriftInterval(t *testing.T) {
	t.Parallel()
	now := time.Now()
	blocked := report.Report{Commit: "a", Err: errors.New("sealed")}
	wrote := blocked
	wrote.Results = []report.Result{{Action: plan.Action{Kind: plan.Add}}}
	clean := report.Report{Commit: "a"}
	var p repeats
	for i, row := range []struct {
		report report.Report
		after  time.Duration
		want   bool
	}{
		{blocked, 0, false}, {blocked, time.Minute, true}, {blocked, 9 * time.Minute, true}, {blocked, 11 * time.Minute, false},
		{blocked, 12 * time.Minute, true}, {wrote, 13 * time.Minute, false}, {clean, 14 * time.Minute, false}, {clean, 15 * time.Minute, false},
		{report.Report{Commit: "b", Err: blocked.Err}, 16 * time.Minute, false},
	} {
		if got := p.repeated(row.report, now.Add(row.after), 10*time.Minute); got != row.want {
			t.Errorf("report %d: repeated: %v", i, got)
		}
	}
}
