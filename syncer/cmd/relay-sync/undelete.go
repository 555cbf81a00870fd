// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/relay-secrets/terraform-provider-relay/syncer"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
)

func (o *options) undeleteCommand() *cobra.Command {
	var said string
	c := &cobra.Command{
		Use:   "undelete WORKFLOW/NAME...",
		Short: "Give back, before git does, what a round deleted",
		Long: `undelete brings back the version of a secret that its source soft-deleted, as long
as nobody wrote or destroyed it since. It is for an accident that cannot wait: no
repository is looked at. The next rounds do not delete it again by themselves. They
report it as held until a file has it again, which writes it anew, or until its
deletion is approved.

The token needs, only for this: path "MOUNT/undelete/PREFIX/+/+" { capabilities = ["update"] }`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, names []string) error { return o.undelete(c, names, said) },
	}
	o.configFlags(c)
	c.Flags().StringVar(&said, "reason", "", "why, for the audit file (required)")
	if err := c.MarkFlagRequired("reason"); err != nil {
		panic("relay-sync: " + err.Error()) // the flag is defined a line above
	}
	return c
}

func (o *options) undelete(c *cobra.Command, names []string, said string) error {
	cfg, err := config.Read(o.config)
	if err != nil {
		return err
	}
	controller := syncer.New(cfg, version)
	controller.Warn = func(text string) { fmt.Fprintln(o.stderr, "warning: "+text) }
	defer o.closeDown(controller)
	if controller.Audit, err = syncer.OpenAudit(cfg.Audit, whoami()); err != nil {
		return err
	}
	defer controller.Audit.Close()
	all, err := controller.Undelete(c.Context(), names, o.sources, said)
	if err != nil {
		return err
	}
	if err := o.writeUndeleted(all); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	for _, u := range all {
		if u.Err != nil {
			return exitError{syncer.Failed}
		}
	}
	return nil
}

func (o *options) writeUndeleted(all []syncer.Undeletion) error {
	if o.output == "json" {
		return syncer.WriteUndeletedJSON(o.stdout, all)
	}
	return syncer.NewText(o.stdout, wantsColor(o.stdout)).WriteUndeleted(all)
}
