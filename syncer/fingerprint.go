// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"fmt"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// readFingerprintKeys returns the keys in a file, one a line, newest first; an empty
// path means no key. The same texts as the provider's fingerprint_key make the same
// fingerprints.
func readFingerprintKeys(path string) (secrets.FingerprintKeys, error) {
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

// fingerprintKeys returns the controller's keys, which are read once: a sync must not
// compare fingerprints of two readings. A reload reads them again.
func (c *Controller) fingerprintKeys() (secrets.FingerprintKeys, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fingerprint.Set() {
		return c.fingerprint, nil
	}
	keys, err := readFingerprintKeys(c.cfg.FingerprintKeyFile)
	c.fingerprint = keys
	return keys, err
}
