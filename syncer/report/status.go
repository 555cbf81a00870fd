// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package report

import (
	"time"

	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
)

// Daemon is the state of the daemon, as its /status returns it.
type Daemon struct {
	Sources []Status `json:"sources"`
	// Standby means that another replica was elected.
	Standby bool `json:"standby"`
	// ReloadFailure is why the configuration on disk is not the one in use; nil if it is.
	ReloadFailure *ReloadFailure `json:"reload_failure,omitempty"`
}

// ReloadFailure is the last reload of the configuration, which failed.
type ReloadFailure struct {
	Time  time.Time `json:"time"`
	Cause string    `json:"cause"`
}

// Status is the state of one source, as the daemon's /status returns it.
type Status struct {
	Source string `json:"source"`
	// Branch is what the source follows: a branch, or a tag as "tag v1".
	Branch string `json:"branch"`
	// Seen is the commit of the last sync, Applied the last commit that is wholly in
	// Vault.
	Seen    string `json:"seen,omitempty"`
	Applied string `json:"applied,omitempty"`
	// LastSync is when the last sync ended, NextPoll the latest time of the next poll of
	// the branch, and NextSync that of the next sync if the branch does not move. Zero
	// before the first one.
	LastSync time.Time `json:"last_sync,omitzero"`
	NextPoll time.Time `json:"next_poll,omitzero"`
	NextSync time.Time `json:"next_sync,omitzero"`
	// Watched means that a commit is noticed at once, as the last one was; otherwise by
	// polling.
	Watched bool `json:"watched"`
	// FollowedBy is the replica that follows the source, if replicas share the sources and it
	// is another one. The rest is not known then.
	FollowedBy string `json:"followed_by,omitempty"`
	// Ready means that the last sync made a plan, or that none is due because the
	// source is Suspended, or that another replica follows it.
	Ready     bool    `json:"ready"`
	Suspended bool    `json:"suspended,omitempty"`
	Summary   Summary `json:"summary"`
	// Plan is what waits for approval, nil for nothing, and PlanID its id.
	Plan   *plan.Document `json:"plan,omitempty"`
	PlanID string         `json:"plan_id,omitempty"`
	// FourEyes means that the person who approves it must not be an author, or that two
	// persons must approve it.
	FourEyes bool `json:"four_eyes,omitempty"`
	// PendingSince is when this process first made the plan that waits for approval; zero
	// if none does.
	PendingSince time.Time `json:"pending_since,omitzero"`
	// Problems are what was refused, blocked or failed, one sentence each.
	Problems []string `json:"problems"`
	// History are the last 50 syncs, oldest first. Syncs that fail because the branch cannot
	// be resolved are one entry, until it can.
	History []PastSync `json:"history,omitempty"`
}

// State is the state of a source in a few words.
type State string

// The states of sources.
const (
	InSync     State = "in sync"
	Drifted    State = "drifted"
	NotApplied State = "not all applied"
	NotReady   State = "not ready"
	Suspended  State = "suspended"
	Elsewhere  State = "followed by another replica"
)

// State sums a status up. Drift that is only reported is not in sync.
func (s Status) State() State {
	switch n := s.Summary; {
	case s.Suspended:
		return Suspended
	case s.FollowedBy != "":
		return Elsewhere
	case !s.Ready:
		return NotReady
	case n.Blocked+n.PendingApproval+n.PendingHandOver+n.Failed > 0:
		return NotApplied
	case n.Drift > 0:
		return Drifted
	case s.Applied == "" || s.Applied != s.Seen:
		return NotApplied
	}
	return InSync
}

// Outcome is the state as the result of a command.
func (s Status) Outcome() Outcome {
	switch s.State() {
	case InSync, Suspended, Elsewhere:
		return Clean
	case Drifted:
		return Pending
	case NotApplied, NotReady:
	}
	return Failed
}

// Settled reports whether the last commit seen is wholly in Vault, or the source is
// suspended.
func (s Status) Settled() bool { return s.Outcome() == Clean }
