// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package report

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/approval"
	"github.com/relay-secrets/terraform-provider-relay/internal/connections"
	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
)

// Report is the outcome of one sync.
type Report struct {
	Source string
	// Branch is what the source follows: a branch, or a tag as "tag v1".
	Branch string
	// Commit is empty if the sync ended before it was resolved.
	Commit gitsource.Commit
	// Signer is who signed the commit or tag, if the source requires a signature.
	Signer string
	Files  int
	// Results are all secrets of the source, in order of address. In a sync that only
	// planned, none was carried out.
	Results []Result
	// Signatures sign records again that are valid only under an older fingerprint key and
	// that no result writes, in order of address.
	Signatures []Result
	// Plan is the part of the plan that waits for approval, and PlanID its id; nil and
	// empty if nothing waits.
	Plan   *plan.Document
	PlanID string
	// Approved means that it was approved: by the notes in Approvals, or by who ran the
	// command without one.
	Approved  bool
	Approvals []approval.Note
	// FourEyes means that only approvals in Vault approve it.
	FourEyes bool
	// NotApproved are why an approval does not count, or could not be read.
	NotApproved []string
	// Observation is what Vault has after the sync; nil if Vault was not observed.
	Observation *Observation
	// Failures are files and claims that were not applied.
	Failures []Failure
	// InvalidNames are the names in the workflows that cannot be managed.
	InvalidNames []InvalidNames
	// RelayBodies are the bodies that Relay's own programs wrote for connections that this
	// sync took over. They stay live.
	RelayBodies []connections.RelayBody
	// RelayBodiesErr is why they could not all be found.
	RelayBodiesErr error
	// Err ended the sync before its plan.
	Err error
	// Unavailable means that Vault could not be observed in whole, for a cause that may
	// pass by itself.
	Unavailable bool
	// Applied distinguishes a sync that carried out its plan from one that only planned.
	Applied bool
	// Suspended means that the configuration suspends the source.
	Suspended bool
	// Keyless means that the plan compared ciphertexts alone.
	Keyless bool
}

// Result is the outcome of one action.
type Result struct {
	plan.Action
	// Version is the version that was written, 0 for none. Created is when, and Expires when
	// Vault will delete it by itself, zero for never.
	Version          int
	Created, Expires time.Time
	// Err is why the action was not, or not wholly, carried out.
	Err error
}

// SetRemoved sets what a delete or release did, if it did not fail. Another writer, or the
// same owner, can have written since the plan: then the value stays.
func (r *Result) SetRemoved(done secrets.Deletion) {
	switch {
	case r.Err != nil:
	case done.Outcome.Deleted():
		r.Kind = plan.Delete
	case r.Kind == plan.Delete:
		r.Kind, r.Cause = plan.Release, "not deleted: "+done.NotDeleted(r.Address)
	case done.Outcome == secrets.WrittenSince:
		r.Cause = "not released: " + done.NotDeleted(r.Address)
	}
}

// ShortenEntries drops what only the plan and the apply need of the observed entries:
// versions and records take most of the memory of a sync.
func (r *Report) ShortenEntries() {
	for _, results := range [][]Result{r.Results, r.Signatures} {
		for i := range results {
			results[i].Entry = secrets.Entry{Current: results[i].Entry.Current, MAC: results[i].Entry.MAC}
		}
	}
}

// ErrorText is the text of an error in JSON; empty for nil.
func ErrorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// Failure is something that was refused or could not be observed: a file, a claim, a
// workflow.
type Failure struct {
	// File is empty if no file is the cause.
	File string
	// Err names the cause and what to do.
	Err error
}

// InvalidNames are the keys in a workflow that cannot be managed (secrets.Names.Other).
type InvalidNames struct {
	Scope secrets.Scope
	Keys  []string
}

// Skipped reports whether there was no sync because the source is suspended.
func (r Report) Skipped() bool { return r.Suspended && r.Commit == "" && r.Err == nil }

// Damaged reports whether git found the repository damaged.
func (r Report) Damaged() bool {
	for _, f := range r.Failures {
		if errors.Is(f.Err, gitsource.ErrDamaged) {
			return true
		}
	}
	return errors.Is(r.Err, gitsource.ErrDamaged)
}

// AnyFailed reports whether an action failed.
func AnyFailed(results []Result) bool {
	return slices.ContainsFunc(results, func(r Result) bool { return r.Err != nil })
}

// OlderKey are the secrets and connections whose record is valid only under an older
// fingerprint key: all that the plan was made from, or what a sync left. The key is needed
// as long as there is one.
func (r Report) OlderKey() []secrets.Address {
	left := map[secrets.Address]bool{}
	for _, results := range [][]Result{r.Results, r.Signatures} { // a signature decides after a result
		for i := range results { // a copy of each would be large
			if one := &results[i]; one.Entry.MAC == secrets.MACOlderKey {
				left[one.Address] = !r.Applied || one.Err != nil || !one.Kind.Changes()
			}
		}
	}
	maps.DeleteFunc(left, func(_ secrets.Address, is bool) bool { return !is })
	return slices.SortedFunc(maps.Keys(left), plan.Compare)
}

// maxProblems and maxProblemBytes limit the problems of a report, and the failures in its
// output: thousands of files may fail for one cause, each with names of its own.
const (
	maxProblems     = 50
	maxProblemBytes = 64 << 10
)

// ListedFailures are the first failures. more is the number of the others, which no output
// has.
func (r Report) ListedFailures() (listed []Failure, more int) {
	n, size := 0, 0
	for ; n < min(len(r.Failures), maxProblems) && size < maxProblemBytes; n++ {
		size += len(r.Failures[n].Err.Error())
	}
	return r.Failures[:n], len(r.Failures) - n
}

// Problems are what was refused, blocked or failed, one sentence each.
func (r Report) Problems() []string {
	out, size := []string{}, 0
	add := func(format string, args ...any) {
		if len(out) < maxProblems && size < maxProblemBytes {
			text := fmt.Sprintf(format, args...)
			out, size = append(out, text), size+len(text)
		}
	}
	if r.Err != nil {
		add("%v", r.Err)
	}
	for _, f := range r.Failures {
		add("%v", f.Err)
	}
	for _, result := range r.Results {
		switch {
		case result.Err != nil:
			add("%s: %v", result.Address, result.Err)
		case result.Kind.Waits() || result.Kind == plan.Drift:
			add("%s: %s", result.Address, result.Cause)
		}
	}
	for _, s := range r.Signatures {
		if s.Err != nil {
			add("sign the record of %s: %v", s.Address.Title(), s.Err)
		}
	}
	return out
}
