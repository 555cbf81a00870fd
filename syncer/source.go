// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"errors"

	"github.com/relay-secrets/terraform-provider-relay/internal/approval"
	"github.com/relay-secrets/terraform-provider-relay/internal/connections"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile/keyring"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
)

// source is a config.Source in one sync: with its commit, its keys and its client.
type source struct {
	config.Source
	location
	vault       config.Vault
	keys        *sopsfile.Keys
	client      *secrets.Client
	connections *connections.Client
	// managers have the client for each kind of address.
	managers map[secrets.Kind]secrets.Manager
	// cleaned are bodies of connections that need no second look.
	cleaned connections.Settled
	// approvals is where the approvals of its plans are.
	approvals approval.Folder
	flag      plan.ConfigFlag
	warn      func(string)
	audit     *Audit
	rateLimit *rateLimit
	// reason is the person's, for the audit file.
	reason string
	cache  *manifestCache
	// unlocked are files that this sync has read, by path.
	unlocked map[string]*sopsfile.Unlocked
	// ancestry is what is known of the commit's history.
	ancestry *ancestry
	// fingerprint is for the values; it may be none.
	fingerprint secrets.FingerprintKeys
	// keyless means that there is no key, and only ciphertexts are compared.
	keyless bool
}

func (c *Controller) open(cfg config.Source, at location, keyless bool) (*source, error) {
	made, clientErr := c.connected(cfg, keyless)
	client := made.client
	connectionsClient := connections.New(client, c.Warn)
	s := &source{
		Source: cfg, location: at, vault: c.cfg.Vault, client: client, connections: connectionsClient,
		managers: map[secrets.Kind]secrets.Manager{secrets.Secret: client, secrets.Connection: connectionsClient},
		flag:     c.cfg.Flag, warn: c.Warn, audit: c.Audit, rateLimit: c.rateLimit, keyless: keyless, ancestry: c.ancestryOf(cfg.Name),
	}
	if client != nil {
		s.approvals = c.approvalsIn(cfg, client)
	}
	if keyless {
		s.cache = newManifestCache(nil)
		return s, clientErr
	}
	s.fingerprint = made.keys
	return s, errors.Join(c.loadKeys(s), clientErr)
}

// loadKeys sets the keys of a source, and what it knows of files by them.
func (c *Controller) loadKeys(s *source) (err error) {
	if s.keys, err = c.keys(s.Source); err != nil {
		return err
	}
	s.cache = c.manifestCache(s.Name, s.keys)
	s.cleaned = c.cleanedOf(s.Name)
	return nil
}

// keys returns the source's keys, with its key files read again. The keyring behind
// them is made once: it keeps logins and opened data keys between syncs.
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

// cleanedOf returns the map of a source. Only its syncs use it, one at a time.
func (c *Controller) cleanedOf(source string) connections.Settled {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cleaned[source] == nil {
		c.cleaned[source] = connections.Settled{}
	}
	return c.cleaned[source]
}

func (s *source) scope(workflow string) secrets.Scope {
	return s.vault.Root().In(workflow)
}
