// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package render

import (
	"encoding/json"
	"io"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// The JSON form of a report. Within a format version fields are only added.
type (
	reportJSON struct {
		Source   string `json:"source"`
		Branch   string `json:"branch"`
		Commit   string `json:"commit,omitempty"`
		SignedBy string `json:"signed_by,omitempty"`
		Files    int    `json:"files"`
		Applied  bool   `json:"applied"`
		PlanID   string `json:"plan_id,omitempty"`
		// Plan is what waits for approval: relay-sync approve accepts it on standard input.
		Plan *plan.Document `json:"plan,omitempty"`
		// ApprovedBy are the approvals in Vault that were used, NotApproved why others were not.
		ApprovedBy  []approvalJSON `json:"approved_by,omitempty"`
		NotApproved []string       `json:"not_approved,omitempty"`
		Approved    bool           `json:"approved,omitempty"`
		Keyless     bool           `json:"keyless,omitempty"`
		// Suspended without a commit is a source that apply skipped.
		Suspended bool          `json:"suspended,omitempty"`
		Error     string        `json:"error,omitempty"`
		Failures  []failureJSON `json:"failures"`
		// MoreFailures is the number of those that are not listed.
		MoreFailures int          `json:"more_failures,omitempty"`
		Secrets      []secretJSON `json:"secrets"`
		// InvalidNames are those in Vault that cannot be managed.
		InvalidNames []InvalidName `json:"invalid_names"`
		// Signatures are records that are signed again, and OlderKey the secrets whose
		// record is valid only under an older fingerprint key.
		Signatures []secretJSON `json:"signatures"`
		OlderKey   []string     `json:"older_key"`
		// RelayBodies are what Relay wrote for connections that this sync took over.
		RelayBodies      []relayBodyJSON `json:"relay_bodies,omitempty"`
		RelayBodiesError string          `json:"relay_bodies_error,omitempty"`
		Summary          report.Summary  `json:"summary"`
	}
	// relayBodyJSON is a body that Relay wrote and that stays live.
	relayBodyJSON struct {
		// Path is below the mount.
		Path   string   `json:"path"`
		Fields []string `json:"fields"`
		// WasOf are the connections that it may have belonged to, UsedBy those that may
		// still use it. Without UsedBy, no connection uses it.
		WasOf  []string `json:"was_of"`
		UsedBy []string `json:"used_by"`
		// Checks print the id of the body that each connection of WasOf named.
		Checks   []string `json:"checks"`
		Commands []string `json:"commands"`
	}
	approvalJSON struct {
		Entity string    `json:"entity"`
		Time   time.Time `json:"time"`
		Reason string    `json:"reason"`
	}
	failureJSON struct {
		File  string `json:"file,omitempty"`
		Error string `json:"error"`
	}
	secretJSON struct {
		// Kind is "connection" for a connection, and left out for a secret. Workflow is a
		// connection's type.
		Kind     string    `json:"kind,omitempty"`
		Workflow string    `json:"workflow"`
		Name     string    `json:"name"`
		Action   plan.Kind `json:"action"`
		Cause    string    `json:"cause,omitempty"`
		// Approved is the action if the plan is approved, if that is another one.
		Approved plan.Kind `json:"approved,omitempty"`
		File     string    `json:"file,omitempty"`
		Line     int       `json:"line,omitempty"`
		// Drift is the verdict's sentence if the secret drifted.
		Drift string `json:"drift,omitempty"`
		// Version is the version in Vault, after the action if it was carried out.
		Version int    `json:"version,omitempty"`
		Error   string `json:"error,omitempty"`
	}
)

// WriteJSON writes the reports as one JSON document.
func WriteJSON(w io.Writer, reports []report.Report) error {
	sources := make([]reportJSON, len(reports))
	for i, r := range reports {
		sources[i] = toJSON(r)
	}
	return Document(w, map[string]any{"sources": sources})
}

// Document writes one JSON document, with its format version. A terminal can show it:
// what is not printable is escaped also where JSON does not require it.
func Document(w io.Writer, fields map[string]any) error {
	fields["format_version"] = report.FormatVersion
	encoder := json.NewEncoder(foreign.NewWriter(w, false))
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(fields)
}

func toJSON(r report.Report) reportJSON {
	out := reportJSON{
		Source: r.Source, Branch: r.Branch, Commit: string(r.Commit), SignedBy: r.Signer, Files: r.Files, Applied: r.Applied,
		PlanID: r.PlanID, Plan: r.Plan, NotApproved: r.NotApproved, Approved: r.Approved, Keyless: r.Keyless, Suspended: r.Suspended,
		Error: report.ErrorText(r.Err), Failures: []failureJSON{}, Secrets: []secretJSON{}, InvalidNames: []InvalidName{},
		Signatures: []secretJSON{}, OlderKey: []string{}, Summary: r.Summary(),
		RelayBodiesError: report.ErrorText(r.RelayBodiesErr),
	}
	for _, n := range r.Approvals {
		out.ApprovedBy = append(out.ApprovedBy, approvalJSON{n.Entity, n.Time, n.Reason})
	}
	for _, s := range r.Signatures {
		out.Signatures = append(out.Signatures, resultJSON(s))
	}
	for _, a := range r.OlderKey() {
		out.OlderKey = append(out.OlderKey, a.Title())
	}
	for _, names := range r.InvalidNames {
		out.InvalidNames = append(out.InvalidNames, InvalidNames(names.Scope, names.Keys)...)
	}
	for _, b := range r.RelayBodies {
		out.RelayBodies = append(out.RelayBodies, relayBodyJSON{b.Path(), b.Names(), b.WasOf(), b.InUseBy(), b.Checks(), b.Commands()})
	}
	failures, more := r.ListedFailures()
	out.MoreFailures = more
	for _, f := range failures {
		out.Failures = append(out.Failures, failureJSON{File: f.File, Error: f.Err.Error()})
	}
	for _, result := range r.Results {
		out.Secrets = append(out.Secrets, resultJSON(result))
	}
	return out
}

// InvalidName is the JSON form of a name that cannot be managed.
type InvalidName struct {
	Workflow string `json:"workflow"`
	// Name is the name, quoted and shortened.
	Name  string `json:"name"`
	Cause string `json:"cause"`
	// Command removes it; of a folder it lists what is in it.
	Command string `json:"command"`
}

// InvalidNames returns the JSON form of the keys of a workflow that cannot be managed.
// It is never nil: an empty list shows a complete audit.
func InvalidNames(scope secrets.Scope, keys []string) []InvalidName {
	out := make([]InvalidName, len(keys))
	for i, key := range keys {
		o := scope.Other(key)
		out[i] = InvalidName{scope.Group, o.Name, o.Cause, o.Command}
	}
	return out
}

func resultJSON(r report.Result) secretJSON {
	out := secretJSON{
		Workflow: r.Address.Group, Name: r.Address.Name, Action: r.Kind, Cause: r.Cause, Approved: r.Approved,
		Version: max(r.Version, r.Entry.Current), Error: report.ErrorText(r.Err),
	}
	out.Kind = r.Address.Kind.Label()
	if r.Verdict.State != secrets.NotChecked && r.Verdict.Drifted() {
		out.Drift = r.Verdict.String()
	}
	if r.Want != nil {
		out.File, out.Line = r.Want.File, r.Want.Line
	}
	return out
}
