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
		Long: `policy prints the Vault policy of a role: ` + strings.Join(policy.RoleNames(), ", ") + `.
Writer is for Terraform and relay-sync, reader for the steps of a workflow, the others
for people. It asks Vault nothing. -o json prints Vault's JSON in place of HCL.

  relay-sync policy operator --workflow deploy-production | vault policy write shop-operator -`,
		Args:      cobra.ExactArgs(1),
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
	f.StringSliceVar(&ask.Workflows, "workflow", nil, "this workflow; may be given several times (every workflow if none)")
	f.StringSliceVar(&ask.WorkflowPrefixes, "workflow-prefix", nil, "every workflow whose name begins so; may be given several times")
	f.StringVar(&ask.Identity.Accessor, "identity-accessor", "", "take the workflow from who logs in at the auth mount with this accessor")
	f.StringVar(&ask.Identity.Workflow, "identity-workflow", "", "the metadata key of the workflow there; Relay's is tenant_id")
	f.StringVar(&ask.Identity.Domain, "identity-domain", "", "the metadata key of the connections' domain there; Relay's is domain_id")
	f.StringVar(&ask.ConnectionsDomain, "connections-domain", "", "the connections of this domain too")
	f.StringVar(&secretsBy, "secrets-by", "", "the lowest role that writes secrets: operator (if unset), approver or administrator")
	f.BoolVar(&ask.Undelete, "undelete", false, "let a writer bring deleted versions back")
	f.BoolVar(&ask.Destroy, "destroy", false, "let a writer erase versions for good")
	f.BoolVar(&ask.Settings, "settings", false, "let a writer settle how long versions are kept before the first one")
	placeFlags(c, &ask.Mount, &ask.Prefix)
	return c
}

// placeFlags are where the workflows are.
func placeFlags(c *cobra.Command, mount, prefix *string) {
	c.Flags().StringVar(mount, "mount", secrets.DefaultMount, "mount of the KV version 2 secrets engine")
	c.Flags().StringVar(prefix, "prefix", secrets.DefaultPrefix, "path below the mount that holds one folder per workflow")
}

func (o *options) writePolicy(ask policy.Grant) error {
	ask.Mount, ask.Prefix = strings.Trim(ask.Mount, "/"), strings.Trim(ask.Prefix, "/")
	write := policy.For
	if o.output == "json" {
		write = policy.JSON
	}
	text, err := write(ask)
	if err != nil {
		return fmt.Errorf("no policy can be made of this:\n  %s", strings.ReplaceAll(err.Error(), "\n", "\n  "))
	}
	if _, err := fmt.Fprint(o.stdout, text); err != nil {
		return fmt.Errorf("writing the policy: %w", err)
	}
	return nil
}
