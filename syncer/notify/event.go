// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package notify

import (
	"fmt"
	"strings"
	"time"
)

// Event is what became of a revision.
type Event struct {
	// Controller and Source say who applied it.
	Controller string
	Source     string
	Branch     string
	// Commit is empty where the source failed before it had one; commit statuses
	// are not sent then.
	Commit string
	// Applied says that everything the commit wants is in Vault; else it failed, or
	// a part of it was refused or held.
	Applied bool
	Counts  Counts
	// Problems are what was refused, blocked or failed, a sentence each, without
	// values. Signed webhooks carry them, commit statuses do not.
	Problems []string
	Time     time.Time
}

// Counts are secrets of the round.
type Counts struct {
	Written   int `json:"written"`
	Deleted   int `json:"removed"`
	Unchanged int `json:"unchanged"`
	Blocked   int `json:"blocked"`
	Drifted   int `json:"drifted"`
	// Failed counts refused files and claims too.
	Failed int `json:"failed"`
}

// String tells the counts that are not zero: "3 written, 20 unchanged".
func (c Counts) String() string {
	var parts []string
	for _, part := range []struct {
		n    int
		word string
	}{
		{c.Failed, "failed"}, {c.Blocked, "blocked"}, {c.Drifted, "drifted"},
		{c.Written, "written"}, {c.Deleted, "removed"}, {c.Unchanged, "unchanged"},
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

// label is how the controller signs a commit status: another controller that
// applies the same repository has a status of its own.
func (e Event) label() string { return "relay-sync/" + e.Controller + "/" + e.Source }
