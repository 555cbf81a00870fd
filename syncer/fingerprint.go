// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import "github.com/relay-secrets/terraform-provider-relay/internal/secrets"

// fingerprintKeys returns the controller's keys, which are read once: a sync must not
// compare fingerprints of two readings. A reload reads them again.
func (c *Controller) fingerprintKeys() (secrets.FingerprintKeys, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fingerprint.Set() {
		return c.fingerprint, nil
	}
	keys, err := c.cfg.FingerprintKeys()
	c.fingerprint = keys
	return keys, err
}
