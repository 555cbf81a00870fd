// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package render

import (
	"fmt"
	"io"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// WriteUnsignedRecords prints records without a valid MAC: with what became of them
// after SignRecords, before that with what is known of them.
func (t *Text) WriteUnsignedRecords(all []report.UnsignedRecord) error {
	for _, u := range all {
		about := fmt.Sprintf("%s  %s: version %d, from %s of commit %s", u.Address.Title(), u.Problem(), u.Record.Version,
			foreign.Line(orNone(u.Record.Origin)), orNone(u.Record.Revision))
		switch {
		case u.Err != nil:
			t.finding(0, red, "x", about+"; "+u.Err.Error())
		case u.Signed:
			t.finding(0, green, "~", about+"; signed")
		default:
			t.finding(0, yellow, "?", about)
		}
	}
	if len(all) == 0 {
		t.line(0, plain("No record without a valid MAC found."))
	}
	return t.err
}

// WriteUnsignedRecordsJSON writes the same as one JSON document.
func WriteUnsignedRecordsJSON(w io.Writer, all []report.UnsignedRecord) error {
	type recordJSON struct {
		Source   string `json:"source"`
		Kind     string `json:"kind,omitempty"`
		Workflow string `json:"workflow"`
		Name     string `json:"name"`
		Version  int    `json:"version"`
		File     string `json:"file,omitempty"`
		Commit   string `json:"commit,omitempty"`
		Problem  string `json:"problem"`
		Signed   bool   `json:"signed"`
		Error    string `json:"error,omitempty"`
	}
	out := make([]recordJSON, len(all))
	for i, u := range all {
		out[i] = recordJSON{
			Source: u.Source, Kind: u.Address.Kind.Label(), Workflow: u.Address.Group, Name: u.Address.Name,
			Version: u.Record.Version, File: u.Record.Origin, Commit: u.Record.Revision,
			Problem: u.Problem(), Signed: u.Signed, Error: report.ErrorText(u.Err),
		}
	}
	return Document(w, map[string]any{"records": out})
}
