// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package report

import "time"

// PastSync is a sync of a source that has ended.
type PastSync struct {
	// Time is when it ended, and Seconds how long it took.
	Time    time.Time `json:"time"`
	Seconds float64   `json:"seconds"`
	// Outcome is "clean", "pending" or "failed".
	Outcome string `json:"outcome"`
	// Commit is empty if the sync ended before it was resolved.
	Commit string `json:"commit,omitempty"`
	// Added, Changed and Deleted are what it did: Changed are values that were written in
	// place of others, Deleted includes releases.
	Added   int `json:"added"`
	Changed int `json:"changed"`
	Deleted int `json:"deleted"`
	// Drifted are the secrets with an outside change, whatever was done about it. The others
	// are as in Summary.
	Drifted         int `json:"drifted"`
	Blocked         int `json:"blocked"`
	PendingApproval int `json:"pending_approval"`
	Failed          int `json:"failed"`
}

// Past is the report as a part of the history of its source.
func (r Report) Past(ended time.Time, took time.Duration) PastSync {
	s := r.Summary()
	return PastSync{
		Time: ended, Seconds: took.Seconds(), Outcome: r.Outcome().String(), Commit: string(r.Commit),
		Added: s.Add, Changed: s.Written() - s.Add, Deleted: s.Delete + s.Release,
		Drifted: s.Drifted, Blocked: s.Blocked, PendingApproval: s.PendingApproval, Failed: s.Failed,
	}
}
