// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/relay-secrets/terraform-provider-relay/internal/connections"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/workflowfile"
)

// maxWorkflows bounds the requests that workflow files can cause.
const maxWorkflows = 1000

// InVault returns the live secrets of workflows and, if asked for, the live connections of
// the domain, from metadata alone.
func (c *Controller) InVault(ctx context.Context, workflows []string, withConnections bool) ([]workflowfile.Target, error) {
	c.warnOfFiles()
	client, err := c.connect(c.cfg.Sources[0], true)
	if err != nil {
		return nil, err
	}
	var scopes []secrets.Scope
	workflows = slices.Compact(slices.Sorted(slices.Values(workflows)))
	if len(workflows) > maxWorkflows {
		return nil, fmt.Errorf("read the secrets in Vault: the files name more than %d workflows", maxWorkflows)
	}
	for _, workflow := range workflows {
		if secrets.CheckName("workflow", workflow) == nil {
			scopes = append(scopes, c.cfg.Vault.Root().In(workflow))
		}
	}
	seen, err := client.Survey(ctx, scopes...)
	if err != nil {
		return nil, err
	}
	if len(seen.Failed) > 0 {
		return nil, errors.Join(slices.Collect(maps.Values(seen.Failed))...)
	}
	var out []workflowfile.Target
	for a, entry := range seen.Entries {
		if entry.Live() {
			out = append(out, workflowfile.Target{Kind: workflowfile.Secret, Group: a.Group, Name: a.Name})
		}
	}
	if !withConnections || c.cfg.Vault.Domain == "" {
		return out, nil
	}
	live, err := connections.New(client, c.Warn).Live(ctx, c.cfg.Vault.Root(), c.cfg.Vault.Domain)
	for _, a := range live {
		out = append(out, workflowfile.Target{Kind: workflowfile.Connection, Group: a.Group, Name: a.Name})
	}
	return out, err
}

// Layout is where the configuration's secrets are.
func (c *Controller) Layout() workflowfile.Layout {
	root := c.cfg.Vault.Root()
	return workflowfile.Layout{Namespace: root.Namespace, Mount: root.Mount, Prefix: root.Prefix}
}

// HasDomain reports whether the configuration has a domain of connections.
func (c *Controller) HasDomain() bool { return c.cfg.Vault.Domain != "" }
