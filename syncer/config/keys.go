// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import (
	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile/keyring"
)

// Keyring is all that the source's configuration says about keys.
func (s Source) Keyring() keyring.Config {
	cfg := s.Keys
	cfg.Age = s.AgeKeys
	return cfg
}

// Keys checks what a source says about its keys.
func (c *check) keys(i int, s Source) {
	cfg := s.Keyring()
	if cfg.Empty() {
		c.refuse("age_keys is missing: files with the age keys of this source; or keys, with pgp, aws_kms, gcp_kms, azure_key_vault or vault_transit", "sources", i, "age_keys")
	}
	for _, p := range cfg.Problems() {
		c.refuse("keys."+p.Error(), append([]any{"sources", i, "keys"}, problem.Steps(p.Path)...)...)
	}
}
