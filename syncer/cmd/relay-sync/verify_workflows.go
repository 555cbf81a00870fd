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
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/workflowfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// workflowOptions are the flags of verify for workflow files.
type workflowOptions struct {
	patterns []string
	name     string
	vault    bool
}

func (w *workflowOptions) flags(c *cobra.Command) {
	c.Flags().StringArrayVar(&w.patterns, "workflows", nil, "also check the references in workflow files of Relay, GitHub Actions and GitLab that match this pattern (*, **, {a,b}; repeatable)")
	c.Flags().StringVar(&w.name, "workflow", "", "name of the Relay workflow in --workflows, if it is not the name of the file")
	complete(c, "workflow", workflowNames)
	c.Flags().BoolVar(&w.vault, "vault", false, "also accept secrets and connections that exist in Vault; reads metadata only, by the configuration")
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
	if file.Err = syncer.CheckLinks(path); file.Err == nil {
		file.Data, file.Err = conffile.Read(path, workflowfile.MaxBytes)
	}
	return file
}

// compare compares the workflow files with the verified manifests, and with Vault if
// --vault is set.
func (w *workflowOptions) compare(ctx context.Context, controller *syncer.Controller, verified []report.Verified) (*report.Workflows, error) {
	files, err := w.find()
	if err != nil {
		return nil, err
	}
	layout := workflowfile.Layout{Mount: secrets.DefaultMount, Prefix: secrets.DefaultPrefix}
	if controller != nil {
		layout = controller.Layout()
	}
	workflows := report.ReadReferences(files, layout)
	existing := report.ExistingIn(verified)
	if w.vault {
		names, withConnections := workflows.Uses()
		inVault, err := controller.InVault(ctx, names, withConnections)
		if err != nil {
			return nil, err
		}
		existing = append(existing, inVault...)
		workflows.Vault, workflows.NoDomain = true, !controller.HasDomain()
	}
	workflows.Compare(existing)
	return &workflows, nil
}
