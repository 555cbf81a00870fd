// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package report

import (
	"time"

	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
)

// Activity is what the daemon changed in Vault, as its /activity returns it. It was done
// with the rights of the daemon: show a line only to who may see its workflow.
type Activity struct {
	FormatVersion string `json:"format_version"`
	// Lines are the "end" lines of the last changes, newest first, also without an audit
	// file. A restart begins again.
	Lines []AuditLine `json:"lines"`
}

// Approve is the Action of a line about the approval of a plan on the web page, and OfSource
// its Kind: Name is the source.
const (
	Approve  plan.Kind = "approve"
	OfSource string    = "source"
)

// AuditLine is one line of the audit file. It holds no value and no fingerprint.
type AuditLine struct {
	FormatVersion string    `json:"format_version"`
	Time          time.Time `json:"time"`
	// Event is "begin" before the request, "end" after it. A begin without an end is a
	// change during which the process died.
	Event string `json:"event"`
	By    string `json:"by"`
	Owner string `json:"owner"`
	// Person is who made a change by hand for a team.
	Person string `json:"person,omitempty"`
	// FormerOwner is another owner, from whom the change takes the secret; left out if it was
	// unmanaged.
	FormerOwner string    `json:"former_owner,omitempty"`
	Commit      string    `json:"commit"`
	Action      plan.Kind `json:"action"`
	// Kind is "connection" for a connection, OfSource for a source, and left out for a secret.
	// Workflow is a connection's type.
	Kind     string `json:"kind,omitempty"`
	Workflow string `json:"workflow"`
	Name     string `json:"name"`
	File     string `json:"file,omitempty"`
	From     int    `json:"version_before"`
	To       int    `json:"version_after,omitempty"`
	// Cause is why the plan has the action.
	Cause string `json:"cause,omitempty"`
	// Reason is what the person gave with --reason.
	Reason string `json:"reason,omitempty"`
	// PlanID is the plan that was approved, and Approvals those who approved it in Vault.
	PlanID    string          `json:"plan_id,omitempty"`
	Approvals []AuditApproval `json:"approvals,omitempty"`
	Error     string          `json:"error,omitempty"`
}

// AuditApproval is one approval in an audit line.
type AuditApproval struct {
	Entity string    `json:"entity"`
	Time   time.Time `json:"time"`
	Reason string    `json:"reason"`
}
