// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import (
	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile/keyring"
)

// Keyring returns the configuration of all keys of the source.
func (s Source) Keyring() keyring.Config {
	cfg := s.Keys
	cfg.Age = s.AgeKeys
	return cfg
}

func (s Source) checkKeys(out *problem.List) {
	cfg := s.Keyring()
	out.AddIf(cfg.Empty(), "age_keys", "is required; files with the age keys of this source. Or set keys, with pgp, aws_kms, gcp_kms, azure_key_vault or vault_transit")
	out.AddList("keys", cfg.Problems())
}
