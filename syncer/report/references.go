// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package report

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/workflowfile"
)

// Names are the names of existing secrets, by workflow.
type Names map[string][]string

// Add adds a name.
func (n Names) Add(workflow, name string) { n[workflow] = append(n[workflow], name) }

// namesIn are the secrets of the verified manifests; a refused one adds none.
func namesIn(all []Verified) Names {
	names := Names{}
	for _, v := range all {
		for _, leaf := range v.Leaves {
			if leaf.Type == "" {
				names.Add(leaf.Workflow, leaf.Name)
			}
		}
	}
	return names
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

// References are the references of a workflow file, compared with existing secrets.
type References struct {
	Path     string
	Workflow string
	// File and Comparison are unset if Err is set.
	File       *workflowfile.File
	Comparison workflowfile.Comparison
	// Unknown means that no secret of this workflow exists.
	Unknown bool
	Err     error
}

// Failed reports whether a step of the workflow cannot start: Relay refuses it,
// or a secret is missing.
func (r References) Failed() bool {
	return r.Err != nil || len(r.File.Problems) > 0 ||
		slices.ContainsFunc(r.Comparison.Missing, func(m workflowfile.Missing) bool { return !m.Optional })
}

// CompareReferences compares workflow files with the secrets of the verified manifests
// and those in more.
func CompareReferences(files []WorkflowFile, verified []Verified, more Names) []References {
	existing := namesIn(verified)
	for workflow, names := range more {
		existing[workflow] = append(existing[workflow], names...)
	}
	paths := map[string][]string{}
	for _, f := range files {
		paths[f.Workflow] = append(paths[f.Workflow], f.Path)
	}
	out := make([]References, len(files))
	for i, f := range files {
		out[i] = References{Path: f.Path, Workflow: f.Workflow, Err: f.Err}
		if out[i].Err == nil && len(paths[f.Workflow]) > 1 {
			out[i].Err = fmt.Errorf("%s are all named workflow %s, by their file names; check each by itself, with --workflow", strings.Join(paths[f.Workflow], " and "), f.Workflow)
		}
		if out[i].Err == nil {
			out[i].compare(f, existing[f.Workflow])
		}
	}
	return out
}

func (r *References) compare(f WorkflowFile, names []string) {
	if r.Err = secrets.CheckName("workflow", f.Workflow); r.Err != nil {
		return
	}
	if r.File, r.Err = workflowfile.Read(f.Data); r.Err != nil {
		return
	}
	r.Comparison, r.Unknown = r.File.Compare(names), len(names) == 0
}
