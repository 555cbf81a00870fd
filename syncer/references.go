// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/workflowfile"
)

// Held are the names of the secrets that there are, by workflow.
type Held map[string][]string

func (h Held) add(workflow, name string) { h[workflow] = append(h[workflow], name) }

// heldBy is what the verified manifests hold; a refused one holds nothing.
func heldBy(all []Verified) Held {
	held := Held{}
	for _, v := range all {
		for _, leaf := range v.Leaves {
			if leaf.Type == "" {
				held.add(leaf.Workflow, leaf.Name)
			}
		}
	}
	return held
}

// WorkflowFile is a Relay workflow file as it lies somewhere.
type WorkflowFile struct {
	Path string
	// Workflow is the name under which its secrets are kept.
	Workflow string
	Data     []byte
	// Err says why it could not be read.
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

// References is what a workflow file takes, compared with the secrets there are.
type References struct {
	Path     string
	Workflow string
	// File and Comparison are unset where Err says why there is none.
	File       *workflowfile.File
	Comparison workflowfile.Comparison
	// Unknown means that there is no secret of this workflow at all.
	Unknown bool
	Err     error
}

// Failed reports whether a step of the workflow cannot start: Relay refuses it,
// or a secret is missing.
func (r References) Failed() bool {
	return r.Err != nil || len(r.File.Problems) > 0 ||
		slices.ContainsFunc(r.Comparison.Missing, func(m workflowfile.Missing) bool { return !m.Optional })
}

// CompareReferences compares workflow files with the secrets that the verified
// manifests hold, and those in more.
func CompareReferences(files []WorkflowFile, verified []Verified, more Held) []References {
	held := heldBy(verified)
	for workflow, names := range more {
		held[workflow] = append(held[workflow], names...)
	}
	paths := map[string][]string{}
	for _, f := range files {
		paths[f.Workflow] = append(paths[f.Workflow], f.Path)
	}
	out := make([]References, len(files))
	for i, f := range files {
		out[i] = References{Path: f.Path, Workflow: f.Workflow, Err: f.Err}
		if out[i].Err == nil && len(paths[f.Workflow]) > 1 {
			out[i].Err = fmt.Errorf("%s are all called workflow %s, by their file names; check each by itself, with --workflow", strings.Join(paths[f.Workflow], " and "), f.Workflow)
		}
		if out[i].Err == nil {
			out[i].compare(f, held[f.Workflow])
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

// InVault names the live secrets of workflows, by the metadata alone.
func (c *Controller) InVault(ctx context.Context, workflows []string) (Held, error) {
	client, err := c.connect(c.cfg.Sources[0])
	if err != nil {
		return nil, err
	}
	var scopes []secrets.Scope
	for _, workflow := range slices.Compact(slices.Sorted(slices.Values(workflows))) {
		if secrets.CheckName("workflow", workflow) == nil {
			scopes = append(scopes, secrets.Scope{Mount: c.cfg.Vault.Mount, Prefix: c.cfg.Vault.Prefix, Group: workflow})
		}
	}
	seen, err := client.Survey(ctx, scopes...)
	if err != nil {
		return nil, err
	}
	if len(seen.Failed) > 0 {
		return nil, errors.Join(slices.Collect(maps.Values(seen.Failed))...)
	}
	held := Held{}
	for address, entry := range seen.Entries {
		if entry.Live() {
			held.add(address.Group, address.Name)
		}
	}
	return held, nil
}
