// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/spf13/cobra"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/render"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

func (o *options) verifyCommand() *cobra.Command {
	w := &workflowOptions{}
	c := &cobra.Command{
		Use:   "verify [FILE...]",
		Short: "Check manifests without decryption keys and without Vault",
		Long: `verify checks SOPS manifests for the errors that it can find without a key: syntax,
structure, names, unencrypted values, content that SOPS does not authenticate, and secrets
that two files claim. It reads the given files from disk, or without arguments the files
in the current commit of each source. With a configuration, by --config or in the working directory, a given file
that a source selects is checked as that source does: with its map entry, its workflows
and its recipients.

With --workflows, verify also reads Relay workflow files, and compares the secrets and
connections that their steps and triggers reference with those in the manifests, and with
--vault also with those in Vault: connections with those of vault.domain. It reports what
is missing, with what differs only in case or in - and _ and with connections of the same
name and another type, what no file uses, and expressions that Relay rejects or does not
resolve. The name of the workflow is the name of the file without its suffix, unless
--workflow is set.

--workflows also reads the paths of secrets below the configured mount and prefix in files
of GitHub Actions (the input secrets of hashicorp/vault-action) and of GitLab (the keyword
secrets:vault), and judges them in the same way. It reports where a path contains an
expression or a variable, and where another text contains such a path: these are not
checked. The name of the file decides the format (.github/workflows/, action.yml,
.gitlab/, *.gitlab-ci.yml), and otherwise its top-level keys.

verify exits with code 1 if a manifest is invalid or if a step cannot start. Unused
secrets and connections and other warnings do not change the exit code.`,
		Example: `  relay-sync verify secrets/platform/deploy.yaml
  relay-sync verify --workflows 'workflows/*.yaml' --vault
  relay-sync verify -o json`,
		RunE: func(c *cobra.Command, files []string) error { return o.verify(c, files, w) },
	}
	o.configFlags(c)
	w.flags(c)
	return c
}

func (o *options) verify(c *cobra.Command, files []string, w *workflowOptions) error {
	if err := w.check(); err != nil {
		return err
	}
	controller, err := o.verifier(c, files, w)
	if err != nil {
		return err
	}
	if controller != nil {
		defer o.closeController(controller)
	}
	verified, err := o.verifyAll(c.Context(), controller, files)
	if err != nil {
		return err
	}
	report.RefuseDuplicates(verified)
	var workflows *report.Workflows
	if len(w.patterns) > 0 {
		if workflows, err = w.compare(c.Context(), controller, verified); err != nil {
			return err
		}
	}
	if err := o.writeVerified(verified, workflows); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	if slices.ContainsFunc(verified, func(v report.Verified) bool { return v.Err != nil }) ||
		workflows != nil && workflows.Failed() {
		return exitError{report.Failed}
	}
	return nil
}

// verifyAll verifies the files, or without any those of the sources.
func (o *options) verifyAll(ctx context.Context, controller *syncer.Controller, files []string) (out []report.Verified, err error) {
	if len(files) == 0 {
		return controller.Verify(ctx, o.sources)
	}
	tally := syncer.NewTally(controller)
	for _, name := range files {
		verified, err := o.verifyFile(ctx, controller, name)
		if err == nil {
			err = tally.Add(verified)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, verified...)
	}
	return out, nil
}

// verifier returns a controller of the configuration; nil if there is no configuration
// and nothing needs one.
func (o *options) verifier(c *cobra.Command, files []string, w *workflowOptions) (*syncer.Controller, error) {
	cfg, err := config.Read(o.config)
	switch {
	case err != nil && len(files) == 0:
		return nil, fmt.Errorf("no file given, and %w", err)
	case errors.Is(err, fs.ErrNotExist) && len(o.sources) == 0 && !w.vault && !configNamed(c):
		return nil, nil //nolint:nilnil // a nil controller is one without sources
	case err != nil:
		return nil, err
	}
	return o.newController(cfg), nil
}

func (o *options) verifyFile(ctx context.Context, controller *syncer.Controller, name string) ([]report.Verified, error) {
	var data []byte
	err := syncer.CheckManifest(name)
	if err == nil {
		data, err = conffile.ReadArgument(ctx, name, sopsfile.MaxBytes)
	}
	switch {
	case errors.Is(err, context.Canceled):
		return nil, err
	case err != nil:
		return []report.Verified{{File: name, Err: err}}, nil //nolint:nilerr // the report names it
	case controller == nil:
		return []report.Verified{syncer.VerifyFile(name, data)}, nil
	}
	return controller.VerifyFile(o.sources, name, data)
}

func (o *options) writeVerified(all []report.Verified, workflows *report.Workflows) error {
	if o.output == "json" {
		return o.writeVerifiedJSON(all, workflows)
	}
	text := render.NewText(o.stdout, wantsColor(o.stdout))
	if err := text.WriteVerified(all); err != nil || workflows == nil {
		return err
	}
	return text.WriteWorkflows(*workflows)
}
