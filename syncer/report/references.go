// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package report

import (
	"cmp"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
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

// WorkflowFile is a workflow file of any format.
type WorkflowFile struct {
	Path string
	// Workflow is the name of the workflow of the secrets of a Relay workflow file, if it
	// is not that of the file.
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
	// workflow may use, and secrets of workflows that only files of CI systems name.
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
	// Workflow is the name of the workflow of the secrets of a Relay workflow file; empty
	// for other formats, which name the workflow in each path.
	Workflow string
	// File and the lists are unset if Err is set.
	File    *workflowfile.File
	Missing []workflowfile.Missing
	// Unused and Alike are secrets of Workflow.
	Unused []workflowfile.Target
	Alike  [][]workflowfile.Target
	// Unknown lists the workflows of missing secrets of which no secret exists, sorted.
	Unknown []string
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

// ReadReferences reads the references of workflow files. layout is where their secrets are.
func ReadReferences(files []WorkflowFile, layout workflowfile.Layout) Workflows {
	w := Workflows{Files: make([]References, len(files))}
	paths := map[string][]string{}
	for i, f := range files {
		w.Files[i] = readReferences(f, layout)
		if name := w.Files[i].Workflow; name != "" {
			paths[name] = append(paths[name], conffile.Display(f.Path))
		}
	}
	for i := range w.Files {
		r := &w.Files[i]
		if same := paths[r.Workflow]; r.Err == nil && len(same) > 1 {
			r.Err = fmt.Errorf("%s are all named workflow %s, by their file names; check each by itself, with --workflow", problem.Listed(same), r.Workflow)
		}
	}
	return w
}

func readReferences(f WorkflowFile, layout workflowfile.Layout) References {
	r := References{Path: f.Path, Err: f.Err}
	if r.Err != nil {
		return r
	}
	if r.File, r.Err = workflowfile.ReadAny(filepath.ToSlash(f.Path), f.Data, layout); r.Err != nil {
		return r
	}
	if r.File.Format != workflowfile.Relay {
		if f.Workflow != "" {
			r.Err = fmt.Errorf("--workflow is for Relay workflow files: this file of %s names the workflow in each path", r.File.Format)
		}
		return r
	}
	r.Workflow = cmp.Or(f.Workflow, WorkflowOf(f.Path))
	if r.Err = secrets.CheckName("workflow", r.Workflow); r.Err == nil {
		r.File.In(r.Workflow)
	}
	return r
}

// Uses returns the names of the workflows whose secrets the files may use, and whether
// they use connections.
func (w Workflows) Uses() (workflows []string, connections bool) {
	for _, r := range w.Files {
		if r.Err == nil {
			workflows = append(workflows, r.workflows()...)
			connections = connections || r.File.Uses(workflowfile.Connection)
		}
	}
	return workflows, connections
}

// workflows returns the names of the workflows that the file names.
func (r References) workflows() []string {
	if r.Workflow != "" {
		return []string{r.Workflow}
	}
	var out []string
	for _, ref := range r.File.References {
		if ref.Kind == workflowfile.Secret && ref.Workflow != "" {
			out = append(out, ref.Workflow)
		}
	}
	return out
}

// Compare compares the references with the secrets and connections that exist.
func (w *Workflows) Compare(targets []workflowfile.Target) {
	existing := workflowfile.NewExisting(targets)
	w.NoConnections = !existing.HasAny(workflowfile.Connection)
	var files []*workflowfile.File
	// files of Relay by their workflow, and nil for the workflows of other formats
	byWorkflow := map[string]*References{}
	for i := range w.Files {
		r := &w.Files[i]
		if r.Err != nil {
			continue
		}
		files = append(files, r.File)
		r.miss(existing)
		for _, name := range r.workflows() {
			if r.Workflow != "" {
				byWorkflow[name] = r
			} else if byWorkflow[name] == nil {
				byWorkflow[name] = nil
			}
		}
	}
	// Of a refused file it is not known what it uses.
	all := len(files) == len(w.Files)
	for _, t := range existing.Unused(files) {
		r, named := byWorkflow[t.Group]
		switch {
		case t.Kind == workflowfile.Secret && r != nil:
			r.Unused = append(r.Unused, t)
		case all && (named || t.Kind == workflowfile.Connection):
			w.Unused = append(w.Unused, t)
		}
	}
	for _, group := range existing.Alike() {
		r, named := byWorkflow[group[0].Group]
		switch kind := group[0].Kind; {
		case kind == workflowfile.Secret && r != nil:
			r.Alike = append(r.Alike, group)
		case named || kind == workflowfile.Connection:
			w.Alike = append(w.Alike, group)
		}
	}
}

// miss sets what is missing.
func (r *References) miss(existing workflowfile.Existing) {
	r.Missing = existing.Missing(r.File)
	for _, m := range r.Missing {
		if m.Kind == workflowfile.Secret && !existing.Has(m.Kind, m.Workflow) {
			r.Unknown = append(r.Unknown, m.Workflow)
		}
	}
	slices.Sort(r.Unknown)
	r.Unknown = slices.Compact(r.Unknown)
}
