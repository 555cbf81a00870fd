// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"errors"
	"slices"

	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile/keyring"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
)

// Keys gives the source's keys, with its key files read anew. The keyring behind
// them is made once: it keeps logins and opened data keys between rounds.
func (c *Controller) keys(cfg config.Source) (*sopsfile.Keys, error) {
	ring, err := c.keyring(cfg)
	if err != nil {
		return nil, err
	}
	return ring.Load()
}

func (c *Controller) keyring(cfg config.Source) (*keyring.Keyring, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ring := c.keyrings[cfg.Name]; ring != nil {
		return ring, nil
	}
	ring, err := keyring.New(cfg.Keyring())
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
