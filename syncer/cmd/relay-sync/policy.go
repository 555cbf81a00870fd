// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

func (o *options) policyCommand() *cobra.Command {
	var (
		ask       policy.Grant
		secretsBy string
	)
	c := &cobra.Command{
		Use:   "policy ROLE",
		Short: "Print the Vault policy of a role",
		Long: `policy prints the Vault policy of a role:
` + strings.Join(policy.RoleNames(), ", ") + `.

The role writer is for Terraform, controller is for relay-sync: it has the rights of a
writer, and reads and removes the approvals of its sources. reader is for the steps of a
workflow, tidy is for relay-sync tidy. The others are for people, at the command line and
on the web page. policy sends no request to Vault. With -o json it prints the policy as
JSON instead of HCL.`,
		Example: `  relay-sync policy operator --workflow deploy-production | vault policy write shop-operator -
  relay-sync policy operator --workflow deploy-production --team shop | vault policy write shop-team -
  relay-sync policy approver --workflow deploy-production --controller cluster-1 --source shop | vault policy write shop-approver -
  relay-sync policy administrator --workflow deploy-production --connections-domain my-account | vault policy write shop-administrator -
  relay-sync policy controller --workflow deploy-production --controller cluster-1 | vault policy write relay-sync -`,
		Args:      oneRole,
		ValidArgs: policy.RoleNames(),
		RunE: func(_ *cobra.Command, args []string) error {
			var err error
			if ask.Role, err = policy.ParseRole(args[0]); err != nil {
				return err
			}
			if secretsBy != "" {
				if ask.SecretsBy, err = policy.ParseRole(secretsBy); err != nil {
					return fmt.Errorf("--secrets-by: %w", err)
				}
			}
			return o.writePolicy(ask)
		},
	}
	f := c.Flags()
	f.StringSliceVar(&ask.Workflows, "workflow", nil, "grant access to this workflow (repeatable; all workflows if unset)")
	f.StringSliceVar(&ask.WorkflowPrefixes, "workflow-prefix", nil, "grant access to all workflows whose names have this prefix (repeatable)")
	f.StringVar(&ask.Identity.Accessor, "identity-accessor", "", "take the workflow from the identity metadata of the auth mount with this accessor")
	f.StringVar(&ask.Identity.Workflow, "identity-workflow", "", "metadata key of the workflow; Relay uses tenant_id")
	f.StringVar(&ask.Identity.Domain, "identity-domain", "", "metadata key of the connections' domain; Relay uses domain_id")
	f.StringVar(&ask.ConnectionsDomain, "connections-domain", "", "also grant access to the connections of this domain")
	f.StringVar(&secretsBy, "secrets-by", "", "lowest role that may write secrets: operator, approver or administrator (default operator)")
	f.BoolVar(&ask.Undelete, "undelete", false, "let a writer, controller, operator or approver undelete versions")
	f.StringVar(&ask.Team, "team", "", "let the person act for this team")
	f.BoolVar(&ask.Destroy, "destroy", false, "let a writer or controller destroy versions")
	f.BoolVar(&ask.Settings, "settings", false, "let a writer or controller set delete_version_after before the first version of a secret")
	f.StringVar(&ask.Controller, "controller", "", "controller whose planned changes an approver approves, or that a controller's policy is for")
	f.StringSliceVar(&ask.Sources, "source", nil, "grant rights on the approvals of this source of the controller (repeatable; all sources if unset)")
	f.BoolVar(&ask.Approvals, "approvals", false, "let an administrator list and remove the approvals of all controllers")
	locationFlags(c, &ask.Mount, &ask.Prefix)
	complete(c, "workflow", workflowNames)
	complete(c, "source", sourceNames)
	complete(c, "controller", controllerNames)
	complete(c, "secrets-by", func(*cobra.Command) []string { return []string{"operator", "approver", "administrator"} })
	return c
}

// locationFlags are the flags for the location of the workflows in Vault.
func locationFlags(c *cobra.Command, mount, prefix *string) {
	c.Flags().StringVar(mount, "mount", secrets.DefaultMount, "mount of the KV version 2 secrets engine")
	c.Flags().StringVar(prefix, "prefix", secrets.DefaultPrefix, "path below the mount that contains one folder per workflow")
}

func (o *options) writePolicy(ask policy.Grant) error {
	ask.Mount, ask.Prefix = strings.Trim(ask.Mount, "/"), strings.Trim(ask.Prefix, "/")
	write := policy.For
	if o.output == "json" {
		write = policy.JSON
	}
	text, err := write(ask)
	if err != nil {
		return fmt.Errorf("print the policy: invalid flags:\n  %s", strings.ReplaceAll(err.Error(), "\n", "\n  "))
	}
	if _, err := fmt.Fprint(o.stdout, text); err != nil {
		return fmt.Errorf("write the policy: %w", err)
	}
	return nil
}
