// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package render

import (
	"fmt"
	"io"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// WriteUndeleted prints the outcome of Undelete.
func (t *Text) WriteUndeleted(all []report.Undeletion) error {
	undeleted := 0
	for _, u := range all {
		if u.Err != nil {
			t.finding(0, red, "x", u.Err.Error())
			continue
		}
		undeleted++
		t.finding(0, green, "+", fmt.Sprintf("%s  undeleted: version %d, from %s of commit %s", u.Address, u.Record.Version, foreign.Line(orNone(u.Record.Origin)), orNone(u.Record.Revision)))
	}
	t.line(0)
	if undeleted > 0 {
		t.line(0, plain("Syncs leave an undeleted secret and report it until a file has it again (git revert)"))
		t.line(0, plain("or its deletion is approved ("+t.flag.Approve("ID")+")."))
	}
	return t.err
}

// WriteUndeletedJSON writes the outcome of Undelete as one JSON document.
func WriteUndeletedJSON(w io.Writer, all []report.Undeletion) error {
	type undeletedJSON struct {
		Source   string `json:"source"`
		Workflow string `json:"workflow"`
		Name     string `json:"name"`
		Version  int    `json:"version,omitempty"`
		File     string `json:"file,omitempty"`
		Commit   string `json:"commit,omitempty"`
		Error    string `json:"error,omitempty"`
	}
	out := make([]undeletedJSON, len(all))
	for i, u := range all {
		out[i] = undeletedJSON{
			Source: u.Source, Workflow: u.Address.Group, Name: u.Address.Name,
			Version: u.Record.Version, File: u.Record.Origin, Commit: u.Record.Revision, Error: report.ErrorText(u.Err),
		}
	}
	return Document(w, map[string]any{"secrets": out})
}
