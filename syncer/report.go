// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"encoding/json"
	"io"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// Outcome is what a script wants to know of a run, as an exit code.
type Outcome int

// The outcomes, as `terraform plan -detailed-exitcode` has them.
const (
	// Clean: everything is as it should be, or was made so.
	Clean Outcome = 0
	// Failed: something could not be seen, is refused, or was not carried out.
	Failed Outcome = 1
	// Pending: a plan has changes, or there is drift that was left.
	Pending Outcome = 2
)

// Summary counts the secrets of a round by kind, and what failed.
type Summary struct {
	Add       int `json:"add"`
	Change    int `json:"change"`
	Repair    int `json:"repair"`
	Adopt     int `json:"adopt"`
	Drift     int `json:"drift"`
	Delete    int `json:"delete"`
	Release   int `json:"release"`
	Blocked   int `json:"blocked"`
	Unchanged int `json:"unchanged"`
	// Reencrypted are those of which only the record changes.
	Reencrypted int `json:"re_encrypted"`
	// Drifted are the secrets that somebody else changed, whatever is done about it.
	Drifted int `json:"drifted"`
	// Failed are the files and claims that were refused and the actions that
	// did not succeed.
	Failed int `json:"failed"`
}

// Summary counts.
func (r Report) Summary() Summary {
	var s Summary
	counts := map[Kind]*int{
		Add: &s.Add, Change: &s.Change, Repair: &s.Repair, Adopt: &s.Adopt, Drift: &s.Drift, Delete: &s.Delete,
		Release: &s.Release, Blocked: &s.Blocked, Unchanged: &s.Unchanged, Reencrypted: &s.Reencrypted,
	}
	for _, result := range r.Results {
		if result.Verdict.Drifted() {
			s.Drifted++
		}
		if result.Err != nil {
			s.Failed++
		} else {
			*counts[result.Kind]++
		}
	}
	s.Failed += len(r.Failures)
	if r.Err != nil {
		s.Failed++
	}
	return s
}

// Outcome judges a round. What is blocked was not brought about, so an applied
// round with it has failed; a plan with it shows something to do. What was only
// re-encrypted is nothing to do: no value changes.
func (r Report) Outcome() Outcome {
	s := r.Summary()
	pending := s.Drift + s.Blocked
	if !r.Applied {
		pending += s.Add + s.Change + s.Repair + s.Adopt + s.Delete + s.Release
	}
	switch {
	case s.Failed > 0, r.Applied && s.Blocked > 0:
		return Failed
	case pending > 0:
		return Pending
	}
	return Clean
}

// Worst is the outcome of several rounds: a failure outweighs what is pending.
func Worst(reports []Report) Outcome {
	worst := Clean
	for _, r := range reports {
		if o := r.Outcome(); o == Failed || worst == Clean {
			worst = o
		}
	}
	return worst
}

// The JSON form. Fields are only added, never renamed or given another meaning.
type (
	reportJSON struct {
		Source   string `json:"source"`
		Branch   string `json:"branch"`
		Commit   string `json:"commit,omitempty"`
		SignedBy string `json:"signed_by,omitempty"`
		Files    int    `json:"files"`
		Applied  bool   `json:"applied"`
		PlanID   string `json:"plan_id,omitempty"`
		Approved bool   `json:"approved,omitempty"`
		Keyless  bool   `json:"keyless,omitempty"`
		// Suspended with no commit is a source that apply passed over.
		Suspended bool          `json:"suspended,omitempty"`
		Error     string        `json:"error,omitempty"`
		Failures  []failureJSON `json:"failures"`
		Secrets   []secretJSON  `json:"secrets"`
		Summary   Summary       `json:"summary"`
	}
	failureJSON struct {
		File  string `json:"file,omitempty"`
		Error string `json:"error"`
	}
	secretJSON struct {
		// Kind is "connection" for a connection, and left out for a secret. Workflow is
		// a connection's type.
		Kind     string `json:"kind,omitempty"`
		Workflow string `json:"workflow"`
		Name     string `json:"name"`
		Action   Kind   `json:"action"`
		Reason   string `json:"reason,omitempty"`
		File     string `json:"file,omitempty"`
		Line     int    `json:"line,omitempty"`
		// Drift is the verdict's sentence where it is drift.
		Drift string `json:"drift,omitempty"`
		// Version is the version in Vault, after the action if it was carried out.
		Version int    `json:"version,omitempty"`
		Error   string `json:"error,omitempty"`
	}
)

// WriteJSON writes the reports as one JSON document.
func WriteJSON(w io.Writer, reports []Report) error {
	out := struct {
		Sources []reportJSON `json:"sources"`
	}{Sources: make([]reportJSON, len(reports))}
	for i, r := range reports {
		out.Sources[i] = r.json()
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(out)
}

func (r Report) json() reportJSON {
	out := reportJSON{
		Source: r.Source, Branch: r.Branch, Commit: string(r.Commit), SignedBy: r.Signer, Files: r.Files, Applied: r.Applied,
		PlanID: r.PlanID, Approved: r.Approved, Keyless: r.Keyless, Suspended: r.Suspended,
		Error: errorText(r.Err), Failures: []failureJSON{}, Secrets: []secretJSON{}, Summary: r.Summary(),
	}
	for _, f := range r.Failures {
		out.Failures = append(out.Failures, failureJSON{File: f.File, Error: f.Err.Error()})
	}
	for _, result := range r.Results {
		out.Secrets = append(out.Secrets, result.json())
	}
	return out
}

func (r Result) json() secretJSON {
	out := secretJSON{
		Workflow: r.Address.Group, Name: r.Address.Name, Action: r.Kind, Reason: r.Reason,
		Version: max(r.Version, r.Entry.Current), Error: errorText(r.Err),
	}
	if isConnection(r.Address) {
		out.Kind = r.Address.Kind.String()
	}
	if r.Verdict.State != secrets.NotChecked && r.Verdict.Drifted() {
		out.Drift = r.Verdict.String()
	}
	if r.Want != nil {
		out.File, out.Line = r.Want.File, r.Want.Line
	}
	return out
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
