// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/doctor"
	"github.com/relay-secrets/terraform-provider-relay/syncer/render"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

func (o *options) doctorCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Check the installation: files, git, Vault, policy, keys, sources, addresses, web page",
		Long: `doctor checks what a sync needs, from the outside in: the configuration and its files, git,
the address and TLS of Vault, clocks, the token and its lifetime, the mount, the policy (complete, and not
wider than needed), whether the available keys open the files at the commit of each source, the
addresses of the daemon, and what relay-sync web needs: its certificate and files, its address, the
daemon, and the logins as far as Vault shows them without a token. It changes nothing. The first line that failed names the cause, and each
line has the next step. Run it as the user of the daemon, or of relay-sync web, with the same
configuration.

The exit code is 0 if nothing failed, also with warnings, and 1 otherwise.`,
		Example: `  relay-sync doctor -c /etc/relay-sync/relay-sync.yaml`,
		Args:    noArguments,
		RunE:    func(c *cobra.Command, _ []string) error { return o.doctor(c.Context()) },
	}
	o.configFlag(c)
	return c
}

func (o *options) doctor(ctx context.Context) error {
	cfg, err := config.ReadAny(o.config)
	if err != nil && o.output == "json" {
		return o.checked([]report.Check{doctor.Invalid(err)})
	}
	if err != nil {
		return err
	}
	text := o.text(cfg)
	var failure error
	all := doctor.Doctor{Config: cfg, Version: build.Version, Each: func(c report.Check) {
		if o.output == "text" && failure == nil {
			failure = errors.Join(text.Check(c), o.stdout.Flush())
		}
	}}.Run(ctx)
	if failure != nil {
		return failure
	}
	return o.checked(all)
}

// checked ends a doctor with its checks: it prints them as JSON, if that was asked for.
func (o *options) checked(all []report.Check) error {
	worst := report.WorstCheck(all)
	if o.output == "json" {
		if err := render.Document(o.stdout, map[string]any{"checks": all, "state": worst}); err != nil {
			return err
		}
	}
	if worst == report.CheckFailed {
		return exitError{report.Failed}
	}
	return nil
}
