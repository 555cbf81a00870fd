// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/auditfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// Audit appends a line before and after each change of Vault to a file, and keeps the last
// changes in memory. A change whose first line cannot be written is not made. A nil *Audit
// writes and keeps nothing. It is safe for concurrent use.
type Audit struct {
	file *auditfile.File // nil for none
	by   string

	mu sync.Mutex
	// ended are the "end" lines of the last changes, oldest first.
	ended []report.AuditLine
}

// maxActivity limits the changes in memory.
const maxActivity = 1000

// OpenAudit opens the file of package auditfile at path; without a path the changes are
// only kept in memory. by is who runs this process.
func OpenAudit(path, by string, streams auditfile.Streams) (*Audit, error) {
	a := &Audit{by: by}
	if path == "" {
		return a, nil
	}
	var err error
	a.file, err = auditfile.Open(path, streams)
	return a, err
}

// Close closes the file.
func (a *Audit) Close() error {
	if a == nil || a.file == nil {
		return nil
	}
	return a.file.Close()
}

// append writes one line, which a terminal can show.
func (a *Audit) append(line report.AuditLine) error {
	if a == nil {
		return nil
	}
	line.FormatVersion, line.Time, line.By = report.FormatVersion, time.Now().UTC(), a.by
	if line.Event == endEvent {
		a.keep(line)
	}
	if a.file == nil {
		return nil
	}
	data, err := json.Marshal(line)
	if err != nil {
		return fmt.Errorf("encode the audit line: %w", err)
	}
	return a.file.Append([]byte(foreign.Line(string(data))))
}

// keep keeps lines in memory, in place of the oldest ones.
func (a *Audit) keep(lines ...report.AuditLine) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ended = append(a.ended, lines...)
	if surplus := len(a.ended) - maxActivity; surplus > 0 {
		a.ended = slices.Delete(a.ended, 0, surplus)
	}
}

// Activity are the last changes, newest first.
func (a *Audit) Activity() []report.AuditLine {
	if a == nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	out := slices.Clone(a.ended)
	slices.Reverse(out)
	return out
}

// continueFrom keeps the changes of the configuration before a reload.
func (a *Audit) continueFrom(former *Audit) {
	before := former.Activity()
	slices.Reverse(before)
	if a != nil {
		a.keep(before...)
	}
}

// ManualChange is who makes a change by hand, and why.
type ManualChange struct {
	// Owner is the owner of the secret, Person the person who acts, also for a team.
	Owner, Person secrets.Owner
	// Reason is what the person gave.
	Reason string
}

// Manual writes the lines of a change by hand around it.
func (a *Audit) Manual(by ManualChange, r *report.Result, do func()) {
	line := report.AuditLine{Owner: string(by.Owner), Reason: by.Reason}
	if !by.Person.Same(by.Owner) {
		line.Person = string(by.Person)
	}
	a.around(line, r, do)
}

// Approved writes the lines of the approval of a plan around it. The error is that of do, or
// wraps ErrNotRecorded.
func (a *Audit) Approved(by ManualChange, source, planID string, do func() error) error {
	line := report.AuditLine{
		Event: beginEvent, Owner: string(by.Owner), Reason: by.Reason, Action: report.Approve, Kind: report.OfSource, Name: source, PlanID: planID,
	}
	if err := a.append(line); err != nil {
		return &notRecordedError{err}
	}
	err := do()
	line.Event, line.Error = endEvent, report.ErrorText(err)
	if failed := a.append(line); failed != nil {
		err = errors.Join(err, &resultNotRecordedError{failed})
	}
	return err
}

// ErrNotRecorded: an audit line could not be written, so the change was not made. The next lines
// may each wait as long for a pipe that no process reads.
var ErrNotRecorded = errors.New("not recorded")

type notRecordedError struct{ cause error }

// ErrResultNotRecorded: a change was made, and the line with its result could not be written.
var ErrResultNotRecorded = errors.New("result not recorded")

type resultNotRecordedError struct{ cause error }

func (e *resultNotRecordedError) Error() string   { return "done, but " + e.cause.Error() }
func (e *resultNotRecordedError) Unwrap() []error { return []error{ErrResultNotRecorded, e.cause} }

func (e *notRecordedError) Error() string   { return "not done: " + e.cause.Error() }
func (e *notRecordedError) Unwrap() []error { return []error{ErrNotRecorded, e.cause} }

// The events of audit lines.
const (
	beginEvent = "begin"
	endEvent   = "end"
)

// formerOwner is another owner than the one that makes a change, if the change takes the secret
// from it. A release of the own record leaves the secret to its owner.
func formerOwner(a plan.Action, by secrets.Owner) secrets.Owner {
	former := a.Former
	if last, _, found := a.Entry.LastOwner(); found && former == secrets.NoOwner && (a.Kind.Writes() || a.Kind == plan.Delete) {
		former = last
	}
	if former.Same(by) {
		return secrets.NoOwner
	}
	return former
}

// around writes the lines of one change around it.
func (a *Audit) around(line report.AuditLine, r *report.Result, do func()) {
	line.Event, line.Action, line.Cause = beginEvent, r.Kind, r.Cause
	line.Workflow, line.Name, line.From = r.Address.Group, r.Address.Name, r.Entry.Current
	line.Kind = r.Address.Kind.Label()
	line.FormerOwner = string(formerOwner(r.Action, secrets.Owner(line.Owner)))
	if r.Want != nil {
		line.File = r.Want.File
	}
	if err := a.append(line); err != nil {
		r.Err = &notRecordedError{err}
		return
	}
	do()
	line.Event, line.Action, line.Cause = endEvent, r.Kind, r.Cause // a removal can find a newer version
	line.To, line.Error = r.Version, report.ErrorText(r.Err)
	if err := a.append(line); err != nil {
		r.Err = errors.Join(r.Err, &resultNotRecordedError{err})
	}
}
