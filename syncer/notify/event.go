// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package notify

import (
	"fmt"
	"strings"
	"time"
)

// Event is the outcome of a revision.
type Event struct {
	// Controller and Source are who applied the revision.
	Controller string
	Source     string
	Branch     string
	// Commit is empty if the source failed before it had resolved one. No commit
	// status is sent then.
	Commit string
	// Applied reports that Vault holds everything the commit wants. Otherwise the
	// sync failed, or a part of the plan is blocked or pending approval.
	Applied bool
	Counts  Counts
	// Pending is the plan that waits for approval; nil if none does.
	Pending *Pending
	// Approved is the id of the plan that the sync carried out with an approval; empty
	// without one.
	Approved string
	// Problems describe, without values, what was invalid, blocked or failed, one
	// sentence each. Signed webhooks contain them, commit statuses do not.
	Problems []string
	Time     time.Time
}

// Counts are the numbers of secrets in a sync.
type Counts struct {
	Written   int `json:"written"`
	Deleted   int `json:"deleted"`
	Unchanged int `json:"unchanged"`
	// PendingApproval waits for an approval.
	PendingApproval int `json:"pending_approval"`
	Blocked         int `json:"blocked"`
	Drifted         int `json:"drifted"`
	// Failed also counts invalid files and duplicate claims.
	Failed int `json:"failed"`
}

// String lists the counts that are not zero: "3 written, 20 unchanged".
func (c Counts) String() string {
	var parts []string
	for _, part := range []struct {
		n    int
		word string
	}{
		{c.Failed, "failed"}, {c.PendingApproval, "pending approval"}, {c.Blocked, "blocked"}, {c.Drifted, "drifted"},
		{c.Written, "written"}, {c.Deleted, "deleted"}, {c.Unchanged, "unchanged"},
	} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprint(part.n, " ", part.word))
		}
	}
	if len(parts) == 0 {
		return "no secrets"
	}
	return strings.Join(parts, ", ")
}

// state is what a commit status shows.
type state int

const (
	failing state = iota
	// waiting means that nothing but an approval is missing.
	waiting
	succeeded
)

func (e Event) state() state {
	switch {
	case e.Applied:
		return succeeded
	case e.Pending != nil && e.Counts.Failed+e.Counts.Blocked == 0:
		return waiting
	}
	return failing
}

func (e Event) waitsFor(planID string) bool { return e.Pending != nil && e.Pending.PlanID == planID }

// link is the target of a commit status; empty for none.
func (e Event) link() string {
	if e.Pending == nil {
		return ""
	}
	return e.Pending.Link
}

// label is the context of a commit status. It names the controller, so that several
// controllers of one repository have separate statuses.
func (e Event) label() string { return "relay-sync/" + e.Controller + "/" + e.Source }
