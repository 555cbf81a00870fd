// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package report

import (
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
)

// Outcome is the result of a command as an exit code.
type Outcome int

// The outcomes, as in `terraform plan -detailed-exitcode`.
const (
	// Clean: everything is as the commit wants it, or was made so.
	Clean Outcome = 0
	// Failed: something was refused, could not be observed, or was not carried out.
	Failed Outcome = 1
	// Pending: a plan has changes, or drift was reported and not repaired.
	Pending Outcome = 2
)

// OutcomeHeader is the header with which the daemon answers a request for a sync: the
// outcome, as a number.
const OutcomeHeader = "Relay-Sync-Outcome"

// String is the outcome as metrics name it.
func (o Outcome) String() string {
	switch o {
	case Clean:
		return "clean"
	case Pending:
		return "pending"
	case Failed:
	}
	return "failed"
}

// Summary counts the secrets of a sync by kind of action.
type Summary struct {
	Add             int `json:"add"`
	Change          int `json:"change"`
	Repair          int `json:"repair"`
	Adopt           int `json:"adopt"`
	HandOver        int `json:"hand_over"`
	Drift           int `json:"drift"`
	Delete          int `json:"delete"`
	Release         int `json:"release"`
	PendingApproval int `json:"pending_approval"`
	PendingHandOver int `json:"pending_hand_over"`
	Blocked         int `json:"blocked"`
	Unchanged       int `json:"unchanged"`
	// UpdateRecord are those of which only the record changes.
	UpdateRecord int `json:"update_record"`
	// Signed are the records that were signed again under the newest fingerprint key, and
	// OlderKey those that are valid only under an older one.
	Signed   int `json:"signed"`
	OlderKey int `json:"older_key"`
	// InPlace are those whose value is the one that the commit wants: unchanged,
	// only with another record, or written by this sync.
	InPlace int `json:"in_place"`
	// Drifted are the secrets with an outside change, whatever is done about it. Those of
	// another source of the controller are not among them.
	Drifted int `json:"drifted"`
	// InvalidNames are the names in Vault that cannot be managed.
	InvalidNames int `json:"invalid_names"`
	// Failed are the files and claims that were refused, and the actions that failed.
	Failed int `json:"failed"`
}

// Summary counts.
func (r Report) Summary() Summary {
	var s Summary
	counts := map[plan.Kind]*int{
		plan.Add: &s.Add, plan.Change: &s.Change, plan.Repair: &s.Repair, plan.Adopt: &s.Adopt, plan.Drift: &s.Drift,
		plan.HandOver: &s.HandOver, plan.PendingHandOver: &s.PendingHandOver,
		plan.Delete: &s.Delete, plan.Release: &s.Release, plan.PendingApproval: &s.PendingApproval, plan.Blocked: &s.Blocked,
		plan.Unchanged: &s.Unchanged, plan.UpdateRecord: &s.UpdateRecord,
	}
	for _, result := range r.Results {
		if result.Verdict.Drifted() && result.Former == secrets.NoOwner {
			s.Drifted++
		}
		if result.Err != nil {
			s.Failed++
		} else {
			*counts[result.Kind]++
		}
	}
	for _, one := range r.Signatures {
		switch {
		case one.Err != nil:
			s.Failed++
		case r.Applied:
			s.Signed++
		}
	}
	s.OlderKey = len(r.OlderKey())
	for _, names := range r.InvalidNames {
		s.InvalidNames += len(names.Keys)
	}
	if s.InPlace = s.Unchanged + s.UpdateRecord; r.Applied {
		s.InPlace += s.Written()
	}
	s.Failed += len(r.Failures)
	if r.Err != nil {
		s.Failed++
	}
	return s
}

// Written is the number of values that were sent, or would be.
func (s Summary) Written() int { return s.Add + s.Change + s.Repair + s.Adopt + s.HandOver }

// Outcome judges a sync. An applied sync with something blocked or pending approval
// has failed: the commit is not in Vault. A plan with it has something to do, and so has
// a sync with a pending hand-over: another sync ends it. Records that are
// only updated or signed again are nothing to do: no value changes.
func (r Report) Outcome() Outcome {
	s := r.Summary()
	waiting := s.Blocked + s.PendingApproval
	pending := s.Drift + s.PendingHandOver + waiting
	if !r.Applied {
		pending += s.Written() + s.Delete + s.Release
	}
	switch {
	case s.Failed > 0, r.Applied && waiting > 0:
		return Failed
	case pending > 0:
		return Pending
	}
	return Clean
}

// Worst is the outcome of several syncs or sources: failed outweighs pending.
func Worst[T interface{ Outcome() Outcome }](all []T) Outcome {
	worst := Clean
	for _, one := range all {
		if o := one.Outcome(); o == Failed || worst == Clean {
			worst = o
		}
	}
	return worst
}
