// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import (
	"cmp"
	"slices"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/connections"
	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

func (s Source) connectionProblems(v Vault) (out problem.List) {
	for i, id := range s.Connections {
		at := problem.Index("connections", i)
		_, err := connections.ParseAddress(v.Root(), cmp.Or(v.Domain, "any"), id)
		out.AddError(at, err)
		out.AddIf(slices.Index(s.Connections, id) < i, at, "duplicate connection %q", id)
	}
	return out
}

// ParseAddress reads the address of a secret, as workflow/name, or of a connection, as
// connection:type/name. The error wraps secrets.ErrInvalid.
func (cfg *Config) ParseAddress(text string) (secrets.Address, error) {
	if id, is := strings.CutPrefix(text, secrets.Connection.String()+":"); is {
		return connections.ParseAddress(cfg.Vault.Root(), cfg.Vault.Domain, id)
	}
	return secrets.ParseAddress(cfg.Vault.Root(), text)
}
