// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/connections"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
)

// connections checks what a source says about the connections it may write.
func (c *check) connections(i int, cfg *Config, s Source) {
	if len(s.Connections) > 0 && cfg.Vault.Domain == "" {
		c.refuse("vault.domain is missing: whose connections these are, as Relay's account is", "vault", "domain")
	}
	for j, id := range s.Connections {
		_, err := connections.ParseAddress(cfg.Vault.Mount, withDefault(cfg.Vault.Domain, "any"), id)
		c.err(err, "sources", i, "connections", j)
		if slices.Index(s.Connections, id) < j {
			c.refuse(fmt.Sprintf("connection %q is there twice", id), "sources", i, "connections", j)
		}
	}
}

// ParseAddress reads the address of a secret, as workflow/name, or of a connection, as
// connection:type/name. The error wraps secrets.ErrInvalid.
func (cfg *Config) ParseAddress(text string) (secrets.Address, error) {
	if id, is := strings.CutPrefix(text, plan.ConnectionPrefix); is {
		return connections.ParseAddress(cfg.Vault.Mount, cfg.Vault.Domain, id)
	}
	return secrets.ParseAddress(cfg.Vault.Mount, cfg.Vault.Prefix, text)
}
