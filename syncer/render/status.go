// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package render

import (
	"fmt"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// WriteStatus prints statuses.
func (t *Text) WriteStatus(all []report.Status, now time.Time) error {
	for _, s := range all {
		color, word := green, "in sync"
		switch {
		case s.Suspended:
			color, word = yellow, "suspended"
		case !s.Ready:
			color, word = red, "not ready"
		case s.Applied != s.Seen || s.Applied == "":
			color, word = yellow, "not all applied"
		}
		t.line(0, fmt.Sprintf("%s  %s  %s", t.paint(bold, s.Source), s.Branch, t.paint(color, word)))
		if s.Suspended {
			continue
		}
		t.line(1, fmt.Sprintf("seen     %s", orNone(s.Seen)))
		t.line(1, fmt.Sprintf("applied  %s", orNone(s.Applied)))
		if !s.LastSync.IsZero() {
			t.line(1, fmt.Sprintf("sync     %s ago, next poll in %s at the latest", now.Sub(s.LastSync).Round(time.Second), s.NextPoll.Sub(now).Round(time.Second)))
		}
		t.line(1, fmt.Sprintf("secrets  %d unchanged, %d blocked, %d pending approval, %d drifted, %d failed", s.Summary.Unchanged, s.Summary.Blocked, s.Summary.PendingApproval, s.Summary.Drifted, s.Summary.Failed))
		for _, problem := range s.Problems {
			t.block(1, t.paint(red, "x")+" "+problem)
		}
		if s.PlanID != "" {
			t.line(1, "Pending approval. To approve: "+t.flag.Approve(s.PlanID))
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
