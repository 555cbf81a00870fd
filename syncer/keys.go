// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"errors"
	"slices"

	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile/keyring"
)

// keyring is all that the source's configuration says about keys.
func (s Source) keyring() keyring.Config {
	cfg := s.Keys
	cfg.Age = s.AgeKeys
	return cfg
}

// keys gives the source's keys, with its key files read anew. The keyring behind
// them is made once: it keeps logins and opened data keys between rounds.
func (c *Controller) keys(cfg Source) (*sopsfile.Keys, error) {
	ring, err := c.keyring(cfg)
	if err != nil {
		return nil, err
	}
	return ring.Load()
}

func (c *Controller) keyring(cfg Source) (*keyring.Keyring, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ring := c.keyrings[cfg.Name]; ring != nil {
		return ring, nil
	}
	ring, err := keyring.New(cfg.keyring())
	if err == nil {
		c.keyrings[cfg.Name] = ring
	}
	return ring, err
}

// keyServerOut reports whether a file was not opened because a key server, or what
// to log in with, was out of reach.
func keyServerOut(failures []Failure) bool {
	return slices.ContainsFunc(failures, func(f Failure) bool { return errors.Is(f.Err, keyring.ErrUnavailable) })
}

// keys checks what a source says about its keys.
func (c *configCheck) keys(i int, s Source) {
	cfg := s.keyring()
	if cfg.Empty() {
		c.refuse("age_keys is missing: files with the age keys of this source; or keys, with pgp, aws_kms, gcp_kms, azure_key_vault or vault_transit", "sources", i, "age_keys")
	}
	for _, problem := range cfg.Problems() {
		c.refuse(problem.Text, append([]any{"sources", i, "keys"}, problem.At...)...)
	}
}
