// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package report

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/workflowfile"
)

// ExistingIn returns the secrets and connections of the verified manifests; a refused one
// has none.
func ExistingIn(all []Verified) []workflowfile.Target {
	var out []workflowfile.Target
	for _, v := range all {
		for _, leaf := range v.Leaves {
			if leaf.Type == "" {
				out = append(out, workflowfile.Target{Kind: workflowfile.Secret, Group: leaf.Workflow, Name: leaf.Name})
			} else {
				out = append(out, workflowfile.Target{Kind: workflowfile.Connection, Group: leaf.Type, Name: leaf.Connection})
			}
		}
	}
	return out
}

// WorkflowFile is a Relay workflow file.
type WorkflowFile struct {
	Path string
	// Workflow is the name of the workflow of its secrets.
	Workflow string
	Data     []byte
	// Err is why it could not be read.
	Err error
}

// WorkflowOf is the name of the workflow that a file describes: its own, without
// folder and suffix.
func WorkflowOf(file string) string {
	name := path.Base(filepath.ToSlash(file))
	for _, suffix := range []string{".yaml", ".yml"} {
		if short, found := strings.CutSuffix(name, suffix); found {
			return short
		}
	}
	return name
}

// Workflows are workflow files, compared with the secrets and connections that exist.
type Workflows struct {
	Files []References
	// Unused and Alike are those that concern no single file: connections, which every
	// workflow may use.
	Unused []workflowfile.Target
	Alike  [][]workflowfile.Target
	// Vault means that what exists in Vault counts, too; NoDomain that it could contain no
	// connections, because the configuration has no domain.
	Vault, NoDomain bool
	// NoConnections means that no connection exists.
	NoConnections bool
}

// Failed reports whether a step of a workflow cannot start.
func (w Workflows) Failed() bool { return slices.ContainsFunc(w.Files, References.Failed) }

// References are the references of a workflow file.
type References struct {
	Path string
	// Workflow is the name of the workflow of its secrets.
	Workflow string
	// File and the lists are unset if Err is set.
	File    *workflowfile.File
	Missing []workflowfile.Missing
	// Unused and Alike are secrets of Workflow.
	Unused []workflowfile.Target
	Alike  [][]workflowfile.Target
	// Unknown means that no secret of Workflow exists.
	Unknown bool
	Err     error
}

// Names returns the targets as the file names them: a secret of Workflow by its name.
func (r References) Names(targets []workflowfile.Target) []string {
	out := make([]string, len(targets))
	for i, t := range targets {
		out[i] = t.String()
		if t.Kind == workflowfile.Secret && t.Group == r.Workflow {
			out[i] = t.Name
		}
	}
	return out
}

// Failed reports whether a step of the workflow cannot start: Relay refuses it, or
// a secret or connection is missing.
func (r References) Failed() bool {
	return r.Err != nil || len(r.File.Problems) > 0 ||
		slices.ContainsFunc(r.Missing, func(m workflowfile.Missing) bool { return !m.Optional })
}

// ReadReferences reads the references of workflow files.
func ReadReferences(files []WorkflowFile) Workflows {
	paths := map[string][]string{}
	for _, f := range files {
		paths[f.Workflow] = append(paths[f.Workflow], conffile.Display(f.Path))
	}
	w := Workflows{Files: make([]References, len(files))}
	for i, f := range files {
		r := References{Path: f.Path, Workflow: f.Workflow, Err: f.Err}
		if r.Err == nil && len(paths[f.Workflow]) > 1 {
			r.Err = fmt.Errorf("%s are all named workflow %s, by their file names; check each by itself, with --workflow", strings.Join(paths[f.Workflow], " and "), f.Workflow)
		}
		if r.Err == nil {
			r.read(f)
		}
		w.Files[i] = r
	}
	return w
}

func (r *References) read(f WorkflowFile) {
	if r.Err = secrets.CheckName("workflow", f.Workflow); r.Err != nil {
		return
	}
	if r.File, r.Err = workflowfile.Read(f.Data); r.Err == nil {
		r.File.In(f.Workflow)
	}
}

// Uses returns the names of the workflows whose secrets the files may use, and whether
// they use connections.
func (w Workflows) Uses() (workflows []string, connections bool) {
	for _, r := range w.Files {
		if r.Err == nil {
			workflows = append(workflows, r.Workflow)
			connections = connections || r.File.Uses(workflowfile.Connection)
		}
	}
	return workflows, connections
}

// Compare compares the references with the secrets and connections that exist.
func (w *Workflows) Compare(targets []workflowfile.Target) {
	existing := workflowfile.NewExisting(targets)
	w.NoConnections = !existing.HasAny(workflowfile.Connection)
	var files []*workflowfile.File
	byWorkflow := map[string]*References{}
	for i := range w.Files {
		if r := &w.Files[i]; r.Err == nil {
			files = append(files, r.File)
			byWorkflow[r.Workflow] = r
			r.Missing, r.Unknown = existing.Missing(r.File), !existing.Has(workflowfile.Secret, r.Workflow)
		}
	}
	for _, t := range existing.Unused(files) {
		switch r := byWorkflow[t.Group]; {
		// A file that was refused may use the connection.
		case t.Kind == workflowfile.Connection && len(files) == len(w.Files):
			w.Unused = append(w.Unused, t)
		case t.Kind == workflowfile.Secret && r != nil:
			r.Unused = append(r.Unused, t)
		}
	}
	for _, group := range existing.Alike() {
		switch r := byWorkflow[group[0].Group]; {
		case group[0].Kind == workflowfile.Connection:
			w.Alike = append(w.Alike, group)
		case r != nil:
			r.Alike = append(r.Alike, group)
		}
	}
}
