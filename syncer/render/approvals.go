// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package render

import (
	"fmt"
	"io"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/approval"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
)

// WritePending prints what waits for approval, in full.
func (t *Text) WritePending(d plan.Document) error {
	t.line(0, part{bold, d.Source}, plain("  of controller "+d.Controller+" @ "+plan.Short(d.Commit)))
	t.line(1, plain("plan "+d.ID()))
	t.line(1, plain("vault mount "+d.Mount+", namespace "+orNone(d.Namespace)))
	for _, c := range Changes(d) {
		mark := marks[c.Does]
		t.line(1, part{mark.color, mark.sign}, plain(" "+c.Title()+"  "), part{mark.color, string(c.Does)}, plain(": "+c.Meaning))
		if c.Cause != "" {
			t.line(3, plain("cause: "+c.Cause))
		}
		if c.File != "" {
			t.line(3, plain(fmt.Sprintf("from %s:%d at %s, encrypted at %s", c.File, c.Line, plan.Short(d.Commit), c.Sealed)))
		}
		if c.Version > 0 {
			t.line(3, plain(fmt.Sprintf("in Vault: version %d of %s", c.Version, c.Created)))
		}
		t.line(3, plain("owner: "+c.Owners()))
	}
	return t.err
}

// WriteApprovals prints a list of approvals.
func (t *Text) WriteApprovals(all []approval.Listed, now time.Time) error {
	if len(all) == 0 {
		t.line(0, plain("no approvals"))
	}
	width := 0
	for _, l := range all {
		width = max(width, len(l.Name()))
	}
	for _, l := range all {
		t.line(0, plain(pad(l.Name(), width)+"  "+describeApproval(l, now)))
	}
	return t.err
}

func describeApproval(l approval.Listed, now time.Time) string {
	if l.Note.Plan == "" {
		return "no approval"
	}
	state := "expired"
	if l.MayCount(now) {
		state = "may count"
	}
	return fmt.Sprintf("%s  plan %s  %s  %s", pad(state, len("may count")), plan.Short(l.Note.Plan), l.Note.Time.UTC().Format(time.RFC3339), l.Note.Reason)
}

// WriteApprovalsJSON writes a list of approvals as one JSON document.
func WriteApprovalsJSON(w io.Writer, field string, all []approval.Listed, now time.Time) error {
	type listed struct {
		Name       string    `json:"name"`
		Controller string    `json:"controller"`
		Source     string    `json:"source"`
		Entity     string    `json:"entity"`
		PlanID     string    `json:"plan_id,omitempty"`
		Time       time.Time `json:"time,omitzero"`
		Reason     string    `json:"reason,omitempty"`
		MayCount   bool      `json:"may_count"`
	}
	out := make([]listed, len(all))
	for i, l := range all {
		out[i] = listed{l.Name(), l.Controller, l.Source, l.Note.Entity, l.Note.Plan, l.Note.Time, l.Note.Reason, l.MayCount(now)}
	}
	return Document(w, map[string]any{field: out})
}
