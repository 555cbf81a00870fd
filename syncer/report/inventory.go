// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package report

import (
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/workflowfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
)

// Inventory is what the daemon knows of the secrets and connections of its sources, from the
// last sync of each, as its /inventory returns it. It was read with the rights of the
// daemon: show a part of it only to who may see that part.
type Inventory struct {
	FormatVersion string `json:"format_version"`
	// Controller is the name of the daemon's installation.
	Controller string `json:"controller"`
	// Namespace, Mount and Prefix are where the workflows are in Vault, and Domain is the
	// domain of the connections; empty for none.
	Namespace string `json:"namespace,omitempty"`
	Mount     string `json:"mount"`
	Prefix    string `json:"prefix"`
	Domain    string `json:"domain,omitempty"`
	// Standby means that another replica was elected, so that this one knows nothing new.
	Standby bool `json:"standby,omitempty"`
	// Workflows are the workflows that sources list, in order of name.
	Workflows []Workflow `json:"workflows"`
	// Connections are those that sources list or workflow files use, in order of type and
	// name. With one workflow, they are those that it uses.
	Connections []Connection `json:"connections"`
}

// Workflow is what is known of one workflow; of an unknown one, only its name.
func (i Inventory) Workflow(name string) Workflow {
	for _, w := range i.Workflows {
		if w.Name == name {
			return w
		}
	}
	return Workflow{Name: name}
}

// Workflow is what the daemon knows of the secrets of a workflow.
type Workflow struct {
	Name string `json:"name"`
	// Sources are the sources that list the workflow.
	Sources []string `json:"sources"`
	// Observed is when the last sync ended that observed the workflow; zero if none did.
	// Then nothing is known of its secrets.
	Observed time.Time `json:"observed,omitzero"`
	// Live is the number of secrets with a value, and Drifted of those that drifted.
	Live    int `json:"live"`
	Drifted int `json:"drifted"`
	// LastChange is when the newest version was created; zero for none.
	LastChange time.Time `json:"last_change,omitzero"`
	// MissingKnown means that a workflow file was read and the workflow observed, so that
	// it is known what is missing.
	MissingKnown bool `json:"missing_known"`
	// Missing is the number of secrets without which a step cannot start. MissingSecrets are
	// all that workflow files name and that are not live, optional ones included.
	Missing        int             `json:"missing"`
	MissingSecrets []MissingSecret `json:"missing_secrets,omitempty"`
	// Secrets and References are left out of a summary. Secrets are in order of name, also
	// dead ones; References in that of sources, files and lines.
	Secrets    []Secret    `json:"secrets,omitempty"`
	References []Reference `json:"references,omitempty"`
	// Problems are why the workflow was not observed, or a workflow file not read: one
	// sentence each.
	Problems []string `json:"problems,omitempty"`
}

// MissingSecret is a secret that workflow files name and that is not live.
type MissingSecret struct {
	Name string `json:"name"`
	// Optional means that each step that names it runs without it.
	Optional bool `json:"optional,omitempty"`
}

// Secret is a secret or a connection as the last sync left it.
type Secret struct {
	Name string `json:"name"`
	Live bool   `json:"live"`
	// Version is the newest version, and Changed when it was created; zero for none.
	Version int       `json:"version"`
	Changed time.Time `json:"changed,omitzero"`
	// Expires is when Vault will delete it by itself; zero for never.
	Expires time.Time `json:"expires,omitzero"`
	// Owner is the last owner; empty if no record counts.
	Owner string `json:"owner,omitempty"`
	// Source is the source that wants or owns it; empty if no source of this daemon does.
	Source string `json:"source,omitempty"`
	// File and Revision are where the value comes from: the file and commit of the source,
	// or else what the record of the owner has.
	File     string `json:"file,omitempty"`
	Revision string `json:"revision,omitempty"`
	// Drift is the drift in words: that of the source, or else that of the owner. Drifted
	// means that it is one: not "in sync" and not "absent".
	Drift   string `json:"drift"`
	Drifted bool   `json:"drifted,omitempty"`
	// Waiting is what the last sync did not do; nil if it did all.
	Waiting *Waiting `json:"waiting,omitempty"`
}

// Waiting is an action that a sync left undone, and the cause.
type Waiting struct {
	// Kind is "pending approval", "pending hand-over", "blocked" or "drift"; "failed" for an
	// action that failed.
	Kind  plan.Kind `json:"kind"`
	Cause string    `json:"cause"`
}

// ActionFailed is the Kind of a Waiting action that failed.
const ActionFailed plan.Kind = "failed"

// Connection is what the daemon knows of a connection.
type Connection struct {
	Type string `json:"type"`
	Secret
	// Sources are the sources that list it, none for one that only workflow files use.
	Sources []string `json:"sources,omitempty"`
	// Observed is when the last sync ended that observed it; zero if none did. Then it is
	// not known whether it is live.
	Observed time.Time `json:"observed,omitzero"`
	// UsedBy are the workflows that use it, in order of name. Their References have the
	// steps.
	UsedBy []string `json:"used_by,omitempty"`
	// Problems are why it was not observed.
	Problems []string `json:"problems,omitempty"`
}

// Reference is one use of a secret or a connection in a workflow file.
type Reference struct {
	// Source is the source of the file.
	Source string            `json:"source"`
	Kind   workflowfile.Kind `json:"kind"`
	// Type is the type of a connection; empty for a secret, or if not known.
	Type string `json:"type,omitempty"`
	// Name is empty if All or Dynamic is set.
	Name string `json:"name,omitempty"`
	// All means every secret, or every connection (of Type), and Dynamic that the name is
	// known only at run time.
	All     bool `json:"all,omitempty"`
	Dynamic bool `json:"dynamic,omitempty"`
	// Optional means that the step runs without the value.
	Optional bool `json:"optional,omitempty"`
	// UserKind is "step" or "trigger", and User its name, "#2" for the second if it has none.
	UserKind string `json:"user_kind,omitempty"`
	User     string `json:"user,omitempty"`
	// Field is the path in the step, such as "spec.aws.region".
	Field string `json:"field,omitempty"`
	File  string `json:"file"`
	Line  int    `json:"line"`
}
