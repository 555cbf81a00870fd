// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package render

import (
	"fmt"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/connections"
	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/workflowfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// WriteWorkflows prints the references of workflow files, and what is missing or unused.
func (t *Text) WriteWorkflows(w report.Workflows) error {
	failed, noConnections := 0, false
	for _, r := range w.Files {
		if r.Failed() {
			failed++
		}
		t.references(r, where(w))
		for _, m := range r.Missing {
			noConnections = noConnections || w.NoConnections && m.Kind == workflowfile.Connection
		}
	}
	if noConnections || len(w.Alike)+len(w.Unused) > 0 {
		t.line(0, part{bold, "all workflow files"})
	}
	if noConnections {
		text := where(w) + " no connections"
		if w.Vault && w.NoDomain {
			text += "; set vault.domain in the configuration to compare with those in Vault"
		}
		t.finding(1, yellow, "!", text)
	}
	for _, group := range w.Alike {
		t.alike(names(group))
	}
	for _, target := range w.Unused {
		t.finding(1, yellow, "!", fmt.Sprintf("%s %s: no reference in these files", target.Kind, target))
	}
	t.line(0)
	t.line(0, plain(fmt.Sprintf("%s, %d with errors.", Count(len(w.Files), "workflow file"), failed)))
	return t.err
}

// where names what the references were compared with.
func where(w report.Workflows) string {
	if w.Vault {
		return "the manifests and Vault contain"
	}
	return "the manifests contain"
}

func (t *Text) references(r report.References, where string) {
	path := conffile.Display(r.Path)
	if r.Err != nil {
		t.finding(0, red, "refused", path)
		t.block(1, plain(r.Err.Error()))
		return
	}
	color, word := green, "ok"
	if r.Failed() {
		color, word = red, "failed"
	}
	owner := "workflow " + r.Workflow
	if r.Workflow == "" {
		owner = r.File.Format.String()
	}
	t.finding(0, color, word, fmt.Sprintf("%s  %s, %s", path, foreign.Line(owner), used(r.File)))
	for _, p := range r.File.Problems {
		t.note(red, "x", p.String())
	}
	for _, workflow := range r.Unknown {
		text := fmt.Sprintf("%s no workflow %s", where, foreign.Quote(workflow))
		if r.Workflow != "" {
			text = fmt.Sprintf("%s no workflow %s; the name is the file's, and --workflow gives another", where, workflow)
		}
		t.note(yellow, "!", text)
	}
	for _, m := range r.Missing {
		color, mark := red, "x"
		if m.Optional {
			color, mark = yellow, "!"
		}
		t.note(color, mark, missing(r, m))
	}
	for _, w := range r.File.Warnings {
		t.note(yellow, "!", w.String())
	}
	for _, group := range r.Alike {
		t.alike("secrets " + strings.Join(r.Names(group), ", "))
	}
	for _, name := range r.Names(r.Unused) {
		t.note(yellow, "!", "secret "+name+": no reference in this file")
	}
}

// used counts what a file uses.
func used(f *workflowfile.File) string {
	text := Count(len(f.Targets(workflowfile.Secret)), "secret")
	if n := len(f.Targets(workflowfile.Connection)); n > 0 {
		text += ", " + Count(n, "connection")
	}
	text += " used"
	if f.Others > 0 {
		text += ", " + Count(f.Others, "other path") + " in Vault not checked"
	}
	return text
}

// note prints a text of one line about a workflow file, whose names may have line breaks.
func (t *Text) note(color, mark, text string) { t.line(1, part{color, mark}, plain(" "+text)) }

// alike prints a group of similar names.
func (t *Text) alike(group string) {
	t.note(yellow, "!", group+" differ only in case, or by - and _")
}

// names are the names of connections, or of secrets with their workflow.
func names(targets []workflowfile.Target) string {
	out := make([]string, len(targets))
	for i, target := range targets {
		out[i] = target.String()
	}
	return string(targets[0].Kind) + "s " + strings.Join(out, ", ")
}

// missing names what is missing, where it is used, and similar names.
func missing(r report.References, m workflowfile.Missing) string {
	target := m.Target()
	err := secrets.CheckName(string(m.Kind), m.Name)
	if err == nil && m.Kind == workflowfile.Connection {
		err = connections.CheckType(m.Type)
	}
	text := fmt.Sprintf("line %d: %s: ", m.Line, m.User)
	if err != nil {
		text += err.Error()
	} else {
		text += fmt.Sprintf("no %s %q", m.Kind, r.Names([]workflowfile.Target{target})[0])
	}
	if len(m.Alike) > 0 {
		text += "; similar: " + strings.Join(r.Names(m.Alike), ", ") + " (names must match exactly)"
	}
	if len(m.Elsewhere) > 0 {
		what := "in another workflow"
		if m.Kind == workflowfile.Connection {
			what = "of another type"
		}
		text += "; " + what + ": " + strings.Join(r.Names(m.Elsewhere), ", ")
	}
	if m.Optional {
		text += "; the step runs without it"
	}
	return text
}
