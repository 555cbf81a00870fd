// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package render

import (
	"fmt"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/workflowfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// WriteReferences prints the references of workflow files and the missing secrets. where
// names what was searched for them.
func (t *Text) WriteReferences(all []report.References, where string) error {
	failed := 0
	for _, r := range all {
		if r.Failed() {
			failed++
		}
		t.references(r, where)
	}
	t.line(0, "")
	t.line(0, fmt.Sprintf("%s, %d with errors.", count(len(all), "workflow file"), failed))
	return t.err
}

func (t *Text) references(r report.References, where string) {
	if r.Err != nil {
		t.line(0, t.paint(red, "refused")+" "+r.Path)
		t.block(1, r.Err.Error())
		return
	}
	word := t.paint(green, "ok")
	if r.Failed() {
		word = t.paint(red, "failed")
	}
	t.line(0, fmt.Sprintf("%s %s  workflow %s, %s used", word, r.Path, r.Workflow, count(len(r.File.Secrets()), "secret")))
	for _, p := range r.File.Problems {
		t.finding(red, "x", p.String())
	}
	if r.Unknown && len(r.Comparison.Missing) > 0 {
		t.finding(yellow, "!", fmt.Sprintf("%s no workflow %s; the name is the file's, and --workflow gives another", where, r.Workflow))
	}
	for _, m := range r.Comparison.Missing {
		color, mark := red, "x"
		if m.Optional {
			color, mark = yellow, "!"
		}
		t.finding(color, mark, missing(m))
	}
	for _, w := range r.File.Warnings {
		t.finding(yellow, "!", w.String())
	}
	for _, group := range r.Comparison.Alike {
		t.finding(yellow, "!", "secrets "+strings.Join(group, ", ")+" differ only in case, or by - and _")
	}
	for _, name := range r.Comparison.Unused {
		t.finding(yellow, "!", "secret "+name+": no reference in this file")
	}
}

func (t *Text) finding(color, mark, text string) { t.block(1, t.paint(color, mark)+" "+text) }

// missing names a missing secret, where it is used, and similar names.
func missing(m workflowfile.Missing) string {
	text := fmt.Sprintf("line %d: %s: no secret %q", m.Line, m.User, m.Name)
	switch err := secrets.CheckName("secret", m.Name); {
	case err != nil:
		text = fmt.Sprintf("line %d: %s: %v", m.Line, m.User, err)
	case len(m.Alike) > 0:
		text += "; similar: " + strings.Join(m.Alike, ", ") + " (names must match exactly)"
	}
	if m.Optional {
		text += "; the step runs without it"
	}
	return text
}
