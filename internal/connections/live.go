// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package connections

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// Live returns the live connections of a domain, from the metadata of the pointers alone.
// Errors: as of Pointers.
func (c *Client) Live(ctx context.Context, root secrets.Scope, domain string) ([]secrets.Address, error) {
	all, err := c.Pointers(ctx, root, domain)
	if err != nil {
		return nil, err
	}
	var live []secrets.Address
	for a, entry := range all {
		if entry.Live() {
			live = append(live, a)
		}
	}
	return live, nil
}

// Pointers observes all connections of a domain, also deleted ones, without the fields of
// their bodies. Errors: as of secrets.Client.Groups and secrets.Client.Survey.
func (c *Client) Pointers(ctx context.Context, root secrets.Scope, domain string) (map[secrets.Address]secrets.Entry, error) {
	all := Address(root, domain, "", "").Scope
	folders, err := c.Groups(ctx, all)
	if err != nil {
		return nil, err
	}
	var types []secrets.Scope
	for _, name := range folders.Manageable {
		if !isID(name) {
			types = append(types, all.In(name))
		}
	}
	seen, err := c.Survey(ctx, types...)
	if err != nil {
		return nil, err
	}
	if len(seen.Failed) > 0 {
		return nil, errors.Join(slices.Collect(maps.Values(seen.Failed))...)
	}
	return withoutBodies(seen.Entries), nil
}

// withoutBodies drops the fields of bodies of Relay's development mode: the body of the
// connection "name" is in the folder "_name", beside the types.
func withoutBodies(all map[secrets.Address]secrets.Entry) map[secrets.Address]secrets.Entry {
	named := map[string]bool{}
	for a := range all {
		named[a.Name] = true
	}
	maps.DeleteFunc(all, func(a secrets.Address, _ secrets.Entry) bool {
		name, is := strings.CutPrefix(a.Group, devPrefix)
		return is && named[name]
	})
	return all
}
