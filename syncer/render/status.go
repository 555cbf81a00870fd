// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package render

import (
	"fmt"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

var stateColors = map[report.State]string{
	report.InSync: green, report.Drifted: yellow, report.NotApplied: yellow, report.NotReady: red, report.Suspended: yellow, report.Elsewhere: green,
}

// WriteStatus prints the state of the daemon.
func (t *Text) WriteStatus(daemon report.Daemon, now time.Time) error {
	if failed := daemon.ReloadFailure; failed != nil {
		t.finding(0, red, "x", fmt.Sprintf("the reload of the configuration failed %s ago, so the one before it is in use: %s",
			ago(now.Sub(failed.Time)), failed.Cause))
	}
	if daemon.Standby {
		t.line(0, plain("standby: another replica is the leader and follows the sources"))
		return t.err
	}
	for _, s := range daemon.Sources {
		state := s.State()
		t.line(0, part{bold, s.Source}, plain("  "+s.Branch+"  "), part{stateColors[state], string(state)})
		if s.FollowedBy != "" {
			t.line(1, plain("replica  "+s.FollowedBy))
		}
		if s.Suspended || s.FollowedBy != "" {
			continue
		}
		t.line(1, plain("seen     "+orNone(s.Seen)))
		t.line(1, plain("applied  "+orNone(s.Applied)))
		if !s.LastSync.IsZero() {
			t.line(1, plain(fmt.Sprintf("sync     %s ago, next in %s at the latest; %s", ago(now.Sub(s.LastSync)), ago(s.NextSync.Sub(now)), noticed(s, now))))
		}
		t.line(1, plain(fmt.Sprintf("secrets  %d in place, %d blocked, %d pending approval, %d pending hand-over, %d drifted, %d failed",
			s.Summary.InPlace, s.Summary.Blocked, s.Summary.PendingApproval, s.Summary.PendingHandOver, s.Summary.Drift, s.Summary.Failed)))
		if !s.PendingSince.IsZero() {
			t.line(1, plain(fmt.Sprintf("approval pending since %s (%s ago)", s.PendingSince.UTC().Format(time.RFC3339), ago(now.Sub(s.PendingSince)))))
		}
		for _, problem := range s.Problems {
			t.finding(1, red, "x", problem)
		}
		if s.PlanID != "" {
			t.line(1, plain("Pending approval. To approve as an approver: "+t.flag.ApproveAs(s.Source)))
			if s.FourEyes {
				t.line(1, plain(fourEyes))
			} else {
				t.line(1, plain("As the operator of this controller: "+t.flag.Approve(s.PlanID)))
			}
		}
	}
	return t.err
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func ago(d time.Duration) time.Duration { return max(d.Round(time.Second), 0) }

// noticed is when the daemon notices a new commit.
func noticed(s report.Status, now time.Time) string {
	if s.Watched {
		return "a new commit is noticed at once"
	}
	return fmt.Sprintf("a new commit is noticed in %s at the latest", ago(s.NextPoll.Sub(now)))
}
