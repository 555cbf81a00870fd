// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"fmt"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// readFingerprintKey returns the key in a file; an empty path means no key. The same
// text as the provider's fingerprint_key makes the same fingerprints.
func readFingerprintKey(path string) (secrets.FingerprintKey, error) {
	if path == "" {
		return secrets.FingerprintKey{}, nil
	}
	data, err := conffile.SymmetricKey(path)
	if err != nil {
		return secrets.FingerprintKey{}, fmt.Errorf("fingerprint_key_file: %w", err)
	}
	key, err := secrets.NewFingerprintKey(data)
	if err != nil {
		return secrets.FingerprintKey{}, fmt.Errorf("fingerprint_key_file: %s: %w", conffile.Display(path), err)
	}
	return key, nil
}

// fingerprintKey returns the controller's key, which is read once: a sync must not compare
// fingerprints of two keys. A reload reads it again.
func (c *Controller) fingerprintKey() (secrets.FingerprintKey, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fingerprint.Set() {
		return c.fingerprint, nil
	}
	key, err := readFingerprintKey(c.cfg.FingerprintKeyFile)
	c.fingerprint = key
	return key, err
}
