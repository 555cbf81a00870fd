// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"errors"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
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

// Counts are those of status: a drift that was repaired is not one any more.
func TestLogOfASyncHasItsOutcomeAsLevel(t *testing.T) {
	t.Parallel()
	drifted := secrets.Verdict{State: secrets.Overwritten}
	blocked := report.Report{Applied: true, Results: []report.Result{{Action: plan.Action{Kind: plan.Blocked, Verdict: drifted}}}}
	reported := report.Report{Applied: true, Results: []report.Result{{Action: plan.Action{Kind: plan.Drift, Verdict: drifted}}}}
	deleted := report.Report{Applied: true, Results: []report.Result{{Action: plan.Action{Kind: plan.Delete, Entry: secrets.Entry{Current: 7}}}}}
	for want, r := range map[string]report.Report{
		`level=ERROR msg="sync done".* blocked=1 drifted=0`:        blocked,
		`level=WARN msg="sync done".* drifted=1`:                   reported,
		`action=delete version=7(.|\n)*level=INFO msg="sync done"`: deleted,
	} {
		var out strings.Builder
		logSync(slog.New(slog.NewTextHandler(&out, nil)), r)
		if !regexp.MustCompile(want).MatchString(out.String()) {
			t.Errorf("want %s: %s", want, out.String())
		}
	}
}
