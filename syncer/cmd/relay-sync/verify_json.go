// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"github.com/relay-secrets/terraform-provider-relay/internal/workflowfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/render"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

type fileJSON struct {
	Source  string `json:"source,omitempty"`
	File    string `json:"file"`
	Secrets int    `json:"secrets"`

	Connections int      `json:"connections,omitempty"`
	Notes       []string `json:"notes,omitempty"`
	Error       string   `json:"error,omitempty"`
}

func (o *options) writeVerifiedJSON(all []report.Verified, workflows *report.Workflows) error {
	files := make([]fileJSON, len(all))
	for i, v := range all {
		files[i] = fileJSON{
			Source: v.Source, File: v.File, Secrets: v.Secrets, Connections: v.Connections, Notes: v.Notes, Error: report.ErrorText(v.Err),
		}
	}
	document := map[string]any{"files": files}
	if workflows != nil {
		document["workflows"] = workflowsJSON(workflows.Files)
		document["unused"] = jsonTargets(workflows.Unused)
		alike := make([][]targetJSON, len(workflows.Alike))
		for i, group := range workflows.Alike {
			alike[i] = jsonTargets(group)
		}
		document["similar"] = alike
	}
	return render.Document(o.stdout, document)
}

type referenceJSON struct {
	Kind workflowfile.Kind `json:"kind"`
	// Workflow is left out in a Relay workflow file, which has one.
	Workflow string `json:"workflow,omitempty"`
	Type     string `json:"type,omitempty"`
	Name     string `json:"name,omitempty"`
	All      bool   `json:"all,omitempty"`
	Dynamic  bool   `json:"dynamic,omitempty"`
	Optional bool   `json:"optional,omitempty"`
	UsedBy   string `json:"used_by"`
	Field    string `json:"field"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	// Alike and Elsewhere list what exists with a similar name, or with this name
	// elsewhere: names of secrets of the workflow, "workflow/name", "type/name".
	Alike     []string `json:"similar,omitempty"`
	Elsewhere []string `json:"elsewhere,omitempty"`
}

// targetJSON is a secret or a connection that concerns no single file.
type targetJSON struct {
	Kind     workflowfile.Kind `json:"kind"`
	Workflow string            `json:"workflow,omitempty"`
	Type     string            `json:"type,omitempty"`
	Name     string            `json:"name"`
}

type noteJSON struct {
	Line   int    `json:"line"`
	Column int    `json:"column"`
	UsedBy string `json:"used_by,omitempty"`
	Text   string `json:"text"`
}

type workflowJSON struct {
	File string `json:"file"`
	// Format is empty if the file was refused. Workflow is that of a Relay workflow file.
	Format     workflowfile.Format `json:"format"`
	Workflow   string              `json:"workflow"`
	Failed     bool                `json:"failed"`
	Error      string              `json:"error,omitempty"`
	References []referenceJSON     `json:"references"`
	Missing    []referenceJSON     `json:"missing"`
	Unused     []string            `json:"unused"`
	Alike      [][]string          `json:"similar"`
	Problems   []noteJSON          `json:"problems"`
	Warnings   []noteJSON          `json:"warnings"`
	// OtherPaths counts the paths of a file of a CI system that are not those of secrets.
	OtherPaths int `json:"other_paths,omitempty"`
}

func workflowsJSON(all []report.References) []workflowJSON {
	out := make([]workflowJSON, len(all))
	for i, r := range all {
		out[i] = workflowJSON{
			File: r.Path, Workflow: r.Workflow, Failed: r.Failed(),
			References: []referenceJSON{}, Missing: []referenceJSON{}, Unused: r.Names(r.Unused), Alike: [][]string{},
			Problems: []noteJSON{}, Warnings: []noteJSON{},
		}
		if r.Err != nil {
			out[i].Error = r.Err.Error()
			continue
		}
		out[i].Format, out[i].OtherPaths = r.File.Format, r.File.Others
		for _, reference := range r.File.References {
			out[i].References = append(out[i].References, jsonReference(r, reference))
		}
		for _, m := range r.Missing {
			missing := jsonReference(r, m.Reference)
			missing.Alike, missing.Elsewhere = r.Names(m.Alike), r.Names(m.Elsewhere)
			out[i].Missing = append(out[i].Missing, missing)
		}
		for _, group := range r.Alike {
			out[i].Alike = append(out[i].Alike, r.Names(group))
		}
		out[i].Problems, out[i].Warnings = jsonNotes(r.File.Problems), jsonNotes(r.File.Warnings)
	}
	return out
}

func jsonReference(in report.References, r workflowfile.Reference) referenceJSON {
	out := referenceJSON{
		Kind: r.Kind, Type: r.Type, Name: r.Name, All: r.All, Dynamic: r.Dynamic, Optional: r.Optional,
		UsedBy: r.User.String(), Field: r.Field, Line: r.Line, Column: r.Column,
	}
	if in.Workflow == "" {
		out.Workflow = r.Workflow
	}
	return out
}

func jsonTargets(targets []workflowfile.Target) []targetJSON {
	out := make([]targetJSON, len(targets))
	for i, t := range targets {
		out[i] = targetJSON{Kind: t.Kind, Name: t.Name}
		if t.Kind == workflowfile.Secret {
			out[i].Workflow = t.Group
		} else {
			out[i].Type = t.Group
		}
	}
	return out
}

func jsonNotes(notes []workflowfile.Diagnostic) []noteJSON {
	out := make([]noteJSON, len(notes))
	for i, n := range notes {
		out[i] = noteJSON{n.Line, n.Column, n.User.String(), n.Text}
	}
	return out
}
