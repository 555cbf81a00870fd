// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/render"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

func (o *options) undeleteCommand() *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use:   "undelete WORKFLOW/NAME...",
		Short: "Restore a secret that a sync deleted",
		Long: `undelete restores the version of a secret that its source soft-deleted, unless it was
written or destroyed since. Use it when a secret is needed before git can be fixed:
undelete does not read the repository. The next syncs do not delete the secret again.
They report its deletion as pending approval until a manifest contains the secret again
(it is then written again), or until the deletion is approved.

The token needs an additional permission:
  path "MOUNT/undelete/PREFIX/+/+" { capabilities = ["update"] }`,
		Example: `  relay-sync undelete deploy-production/registry_password --reason 'the nightly job still reads it'`,
		Args:    someSecrets,
		RunE:    func(c *cobra.Command, names []string) error { return o.undelete(c, names, reason) },
	}
	o.configFlags(c)
	completeFirst(c, workflowFolders)
	reasonFlag(c, &reason)
	return c
}

func (o *options) undelete(c *cobra.Command, names []string, reason string) error {
	cfg, controller, end, err := o.openChanging()
	if err != nil {
		return err
	}
	defer end()
	all, err := controller.Undelete(c.Context(), names, o.sources, reason)
	if err != nil {
		return err
	}
	o.changed(c.Context(), cfg)
	if err := o.writeUndeleted(cfg, all); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	for _, u := range all {
		if u.Err != nil {
			return exitError{report.Failed}
		}
	}
	return nil
}

func (o *options) writeUndeleted(cfg *config.Config, all []report.Undeletion) error {
	if o.output == "json" {
		return render.WriteUndeletedJSON(o.stdout, all)
	}
	return o.text(cfg).WriteUndeleted(all)
}
