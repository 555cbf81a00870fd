// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// InVault returns the names of the live secrets of workflows, from metadata alone.
func (c *Controller) InVault(ctx context.Context, workflows []string) (report.Names, error) {
	c.warnOfFiles()
	client, err := c.connect(c.cfg.Sources[0], true)
	if err != nil {
		return nil, err
	}
	var scopes []secrets.Scope
	for _, workflow := range slices.Compact(slices.Sorted(slices.Values(workflows))) {
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
	names := report.Names{}
	for address, entry := range seen.Entries {
		if entry.Live() {
			names.Add(address.Group, address.Name)
		}
	}
	return names, nil
}
