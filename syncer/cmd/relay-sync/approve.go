// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/relay-secrets/terraform-provider-relay/internal/approval"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/manual"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/render"
)

// approveFlags are the flags of approve.
type approveFlags struct {
	socket, url, plan, reason string
	yes                       bool
	list, remove, expired     bool
	mount                     string
}

func (o *options) approveCommand() *cobra.Command {
	var f approveFlags
	c := &cobra.Command{
		Use:   "approve SOURCE",
		Short: "Approve the plan of a source that is pending approval",
		Long: `approve shows what waits for approval, asks, and stores the approval in Vault with your
own token, from the settings of the vault command (VAULT_ADDR, VAULT_TOKEN or the token
stored by "vault login", and so on). Vault's policy decides whether you may approve the
plans of this source: relay-sync policy approver. The controller notices the approval,
removes it, and applies the plan once.

The plan comes from the daemon: at the socket or listen address of the configuration, at
--socket, or at --url. Or it comes from relay-sync plan -o json, with --plan. The
approval is for exactly the plan that is shown. It has no effect after a change of the
commit or of Vault, and it counts only for a limited time.

With --list, approve lists the approvals of all controllers, sources and people, and with
--remove it removes those that are named as --list prints them: of people who left, of
former controllers. --remove --expired removes all that can no longer count. Both are for
an administrator: relay-sync policy administrator --approvals.`,
		Example: `  relay-sync approve shop --reason 'CHG-1234: retired services'
  relay-sync plan --source shop -o json | relay-sync approve shop --plan - --reason 'CHG-1234'
  relay-sync approve --list
  relay-sync approve --remove --expired`,
		RunE: func(c *cobra.Command, args []string) error {
			if f.list || f.remove {
				return o.approvals(c.Context(), f, args)
			}
			if f.expired {
				return errors.New("--expired requires --remove")
			}
			if len(args) != 1 {
				return fmt.Errorf("expected one SOURCE, received %d arguments", len(args))
			}
			return o.approve(c.Context(), f, args[0])
		},
	}
	o.configFlag(c)
	completeFirst(c, sourceNames)
	c.Flags().StringVar(&f.socket, "socket", "", "path of the daemon's socket, instead of the configuration")
	c.Flags().StringVar(&f.url, "url", "", "URL of the daemon's endpoint, such as https://relay-sync.example.com, instead of the configuration")
	c.Flags().StringVar(&f.plan, "plan", "", "file with the output of relay-sync plan -o json, - for standard input")
	c.Flags().BoolVar(&f.yes, "yes", false, "do not ask")
	c.Flags().BoolVar(&f.list, "list", false, "list the approvals of all controllers and people")
	c.Flags().BoolVar(&f.remove, "remove", false, "remove approvals, as CONTROLLER/SOURCE/ENTITY")
	c.Flags().BoolVar(&f.expired, "expired", false, "with --remove: all approvals that can no longer count")
	c.Flags().StringVar(&f.mount, "mount", secrets.DefaultMount, "with --list and --remove: mount of the KV version 2 secrets engine")
	c.MarkFlagsMutuallyExclusive("config", "socket", "url", "plan", "list", "remove")
	c.Flags().StringVar(&f.reason, "reason", "", "reason for the approval (required to approve)")
	return c
}

// approve shows the plan of a source and stores the person's approval of it.
func (o *options) approve(ctx context.Context, f approveFlags, source string) error {
	if err := approval.CheckReason(f.reason); err != nil {
		return fmt.Errorf("invalid --reason: %w", err)
	}
	if err := checkWords(f.reason); err != nil {
		return err
	}
	settings, err := o.personSettings()
	if err != nil {
		return err
	}
	doc, err := o.pendingPlan(ctx, f, source)
	if err != nil {
		return err
	}
	approver, err := manual.OpenApprover(ctx, settings)
	if err != nil {
		return err
	}
	defer o.endSession(approver)
	if err := o.confirmPlan(f, doc); err != nil {
		return err
	}
	note, err := approver.Approve(ctx, doc, f.reason)
	if err != nil {
		return err
	}
	o.wakeDaemon(ctx, f, source)
	return o.writeApproval(doc, note)
}

// personSettings are the Vault settings of the environment.
func (o *options) personSettings() (vaultclient.Settings, error) {
	settings := o.environment.VaultSettings()
	settings.UserAgent = "relay-sync/" + build.Version
	return settings, manual.EnvironmentProblems(settings).Err()
}

// confirmPlan prints the plan and asks, unless --yes is set.
func (o *options) confirmPlan(f approveFlags, doc plan.Document) error {
	if err := render.NewText(o.stderr, wantsColor(o.stderr)).WritePending(doc); err != nil {
		return fmt.Errorf("print the plan: %w", err)
	}
	if f.yes {
		return nil
	}
	ask := o.confirmed
	if f.plan == "-" {
		ask = o.confirmedOnTerminal
	}
	if !ask("Approve this plan? Answer yes to approve: ") {
		return errors.New("not approved")
	}
	return nil
}

// wakeDaemon lets the daemon of this machine look for the approval at once. A failure does
// not matter: the daemon looks by itself, later.
func (o *options) wakeDaemon(ctx context.Context, f approveFlags, source string) {
	socket := f.socket
	if f.plan != "" || f.url != "" {
		return
	}
	if socket == "" {
		cfg, err := config.Read(o.config)
		if err != nil {
			return
		}
		socket = cfg.Socket
	}
	wake(ctx, socket, source)
}

func (o *options) writeApproval(doc plan.Document, n approval.Note) error {
	if o.output == "json" {
		return render.Document(o.stdout, map[string]any{
			"source": doc.Source, "plan_id": n.Plan, "entity": n.Entity, "time": n.Time.UTC(), "reason": n.Reason, "plan": doc,
		})
	}
	_, err := fmt.Fprintf(o.stdout, "approved plan %s of source %s as entity %s; the controller applies it if it is still the same\n",
		plan.Short(n.Plan), doc.Source, n.Entity)
	return err
}
