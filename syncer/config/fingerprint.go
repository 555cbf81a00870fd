// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import (
	"fmt"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// FingerprintKeys reads the keys in FingerprintKeyFile; an empty path means no key. The
// same texts as the provider's fingerprint_key make the same fingerprints.
func (cfg *Config) FingerprintKeys() (secrets.FingerprintKeys, error) {
	path := cfg.FingerprintKeyFile
	if path == "" {
		return secrets.FingerprintKeys{}, nil
	}
	lines, err := conffile.SymmetricKeys(path)
	if err != nil {
		return secrets.FingerprintKeys{}, fmt.Errorf("fingerprint_key_file: %w", err)
	}
	keys, err := secrets.NewFingerprintKeys(lines...)
	if err != nil {
		return secrets.FingerprintKeys{}, fmt.Errorf("fingerprint_key_file: %s: %w", conffile.Display(path), err)
	}
	return keys, nil
}
