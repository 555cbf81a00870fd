// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/spf13/cobra"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/workflowfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// workflowOptions are the flags of verify for workflow files.
type workflowOptions struct {
	patterns []string
	name     string
	vault    bool
}

func (w *workflowOptions) flags(c *cobra.Command) {
	c.Flags().StringArrayVar(&w.patterns, "workflows", nil, "also check the references in Relay workflow files that match this pattern (*, **, {a,b}; repeatable)")
	c.Flags().StringVar(&w.name, "workflow", "", "name of the workflow in --workflows, if it is not the name of the file")
	c.Flags().BoolVar(&w.vault, "vault", false, "also accept secrets that exist in Vault; reads metadata only, by the configuration")
}

func (w *workflowOptions) check() error {
	if len(w.patterns) == 0 && (w.name != "" || w.vault) {
		return errors.New("--workflow and --vault require --workflows")
	}
	return nil
}

// find reads the workflow files in the order of the patterns.
func (w *workflowOptions) find() ([]report.WorkflowFile, error) {
	var files []report.WorkflowFile
	seen := map[string]bool{}
	for _, pattern := range w.patterns {
		paths, err := doublestar.FilepathGlob(pattern, doublestar.WithFilesOnly())
		if err != nil {
			return nil, fmt.Errorf("--workflows %s: %w", pattern, err)
		}
		if len(paths) == 0 {
			return nil, fmt.Errorf("--workflows %s: no file matches", pattern)
		}
		for _, path := range paths {
			path = filepath.Clean(path)
			if !seen[path] {
				files = append(files, w.read(path))
			}
			seen[path] = true
		}
	}
	if w.name != "" && len(files) > 1 {
		return nil, fmt.Errorf("with --workflow %s, the pattern of --workflows must match exactly one file, but it matches %d", w.name, len(files))
	}
	return files, nil
}

func (w *workflowOptions) read(path string) report.WorkflowFile {
	file := report.WorkflowFile{Path: path, Workflow: w.name}
	if file.Workflow == "" {
		file.Workflow = report.WorkflowOf(path)
	}
	file.Data, file.Err = conffile.Read(path, workflowfile.MaxBytes)
	return file
}

// references compares the workflow files with the verified manifests, and with
// Vault if --vault is set.
func (o *options) references(ctx context.Context, w *workflowOptions, verified []report.Verified) ([]report.References, error) {
	files, err := w.find()
	if err != nil {
		return nil, err
	}
	var inVault report.Names
	if w.vault {
		_, controller, end, err := o.openController()
		if err != nil {
			return nil, err
		}
		defer end()
		workflows := make([]string, len(files))
		for i, f := range files {
			workflows[i] = f.Workflow
		}
		if inVault, err = controller.InVault(ctx, workflows); err != nil {
			return nil, err
		}
	}
	return report.CompareReferences(files, verified, inVault), nil
}

// where names what the references are compared with.
func (w *workflowOptions) where() string {
	if w.vault {
		return "the manifests and Vault contain"
	}
	return "the manifests contain"
}

type referenceJSON struct {
	Kind     workflowfile.Kind `json:"kind"`
	Type     string            `json:"type,omitempty"`
	Name     string            `json:"name,omitempty"`
	All      bool              `json:"all,omitempty"`
	Dynamic  bool              `json:"dynamic,omitempty"`
	Optional bool              `json:"optional,omitempty"`
	UsedBy   string            `json:"used_by"`
	Field    string            `json:"field"`
	Line     int               `json:"line"`
	Column   int               `json:"column"`
	// Alike lists similar names for a missing secret.
	Alike []string `json:"similar,omitempty"`
}

type noteJSON struct {
	Line   int    `json:"line"`
	Column int    `json:"column"`
	UsedBy string `json:"used_by,omitempty"`
	Text   string `json:"text"`
}

type workflowJSON struct {
	File       string          `json:"file"`
	Workflow   string          `json:"workflow"`
	Failed     bool            `json:"failed"`
	Error      string          `json:"error,omitempty"`
	References []referenceJSON `json:"references"`
	Missing    []referenceJSON `json:"missing"`
	Unused     []string        `json:"unused"`
	Alike      [][]string      `json:"similar"`
	Problems   []noteJSON      `json:"problems"`
	Warnings   []noteJSON      `json:"warnings"`
}

func workflowsJSON(all []report.References) []workflowJSON {
	out := make([]workflowJSON, len(all))
	for i, r := range all {
		out[i] = workflowJSON{
			File: r.Path, Workflow: r.Workflow, Failed: r.Failed(),
			References: []referenceJSON{}, Missing: []referenceJSON{}, Unused: []string{}, Alike: [][]string{},
			Problems: []noteJSON{}, Warnings: []noteJSON{},
		}
		if r.Err != nil {
			out[i].Error = r.Err.Error()
			continue
		}
		for _, reference := range r.File.References {
			out[i].References = append(out[i].References, jsonReference(reference, nil))
		}
		for _, m := range r.Comparison.Missing {
			out[i].Missing = append(out[i].Missing, jsonReference(m.Reference, m.Alike))
		}
		out[i].Unused = append(out[i].Unused, r.Comparison.Unused...)
		out[i].Alike = append(out[i].Alike, r.Comparison.Alike...)
		out[i].Problems, out[i].Warnings = jsonNotes(r.File.Problems), jsonNotes(r.File.Warnings)
	}
	return out
}

func jsonReference(r workflowfile.Reference, alike []string) referenceJSON {
	return referenceJSON{
		Kind: r.Kind, Type: r.Type, Name: r.Name, All: r.All, Dynamic: r.Dynamic, Optional: r.Optional,
		UsedBy: r.User.String(), Field: r.Field, Line: r.Line, Column: r.Column, Alike: alike,
	}
}

func jsonNotes(notes []workflowfile.Diagnostic) []noteJSON {
	out := make([]noteJSON, len(notes))
	for i, n := range notes {
		out[i] = noteJSON{n.Line, n.Column, n.User.String(), n.Text}
	}
	return out
}
