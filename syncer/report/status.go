// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package report

import "time"

// Status is the state of one source, as the daemon's /status returns it.
type Status struct {
	Source string `json:"source"`
	// Branch is what the source follows: a branch, or a tag as "tag v1".
	Branch string `json:"branch"`
	// Seen is the commit of the last sync, Applied the last commit that is wholly in
	// Vault.
	Seen    string `json:"seen,omitempty"`
	Applied string `json:"applied,omitempty"`
	// LastSync is when the last sync ended, NextPoll the latest time of the next poll.
	// Zero before the first one.
	LastSync time.Time `json:"last_sync,omitzero"`
	NextPoll time.Time `json:"next_poll,omitzero"`
	// Watched means that a commit is noticed at once; otherwise by polling.
	Watched bool `json:"watched"`
	// Ready means that the last sync made a plan, or that none is due because the
	// source is Suspended.
	Ready     bool    `json:"ready"`
	Suspended bool    `json:"suspended,omitempty"`
	Summary   Summary `json:"summary"`
	PlanID    string  `json:"plan_id,omitempty"`
	// Problems are what was refused, blocked or failed, one sentence each.
	Problems []string `json:"problems"`
}

// Settled reports whether the last commit seen is wholly in Vault, or the source is
// suspended.
func (s Status) Settled() bool { return s.Suspended || (s.Ready && s.Applied == s.Seen) }
