// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"errors"

	"github.com/relay-secrets/terraform-provider-relay/internal/connections"
	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
)

// source is a Source with its doors open.
type source struct {
	config.Source
	vault       config.Vault
	concurrency int
	repo        *gitsource.Repository
	keys        *sopsfile.Keys
	client      *secrets.Client
	connections *connections.Client
	// managers have the client for each kind of address.
	managers map[secrets.Kind]secrets.Manager
	// swept are bodies of connections that need no second look.
	swept map[string]bool
	warn  func(string)
	audit *Audit
	pace  *pace
	said  string
	// memory is what is known of files that were read before.
	memory *memory
	// fingerprint is for the values; it may be none.
	fingerprint secrets.FingerprintKey
	// keyless says that no key is at hand, and only ciphertexts are compared.
	keyless bool
}

func (c *Controller) open(ctx context.Context, cfg config.Source, keyless bool) (*source, error) {
	c.fileWarnings.Do(func() {
		for _, warning := range c.cfg.Warnings() {
			c.Warn(warning)
		}
	})
	repo, repoErr := c.repository(ctx, cfg)
	client, clientErr := c.connect(cfg)
	connectionsClient := connections.New(client, c.Warn)
	s := &source{
		Source: cfg, vault: c.cfg.Vault, concurrency: c.cfg.Vault.Concurrency,
		repo: repo, client: client, connections: connectionsClient, warn: c.Warn,
		audit: c.Audit, pace: c.pace, keyless: keyless,
		managers: map[secrets.Kind]secrets.Manager{secrets.Secret: client, secrets.Connection: connectionsClient},
	}
	if keyless {
		s.memory = newMemory("")
	} else {
		repoErr = errors.Join(repoErr, c.takeKeys(s))
	}
	if err := errors.Join(repoErr, clientErr); err != nil {
		return nil, err
	}
	return s, nil
}

// takeKeys gives a source its keys, and what it knows of files by them.
func (c *Controller) takeKeys(s *source) (err error) {
	var keysErr error
	s.keys, keysErr = c.keys(s.Source)
	s.fingerprint, err = c.fingerprintKey()
	if err := errors.Join(keysErr, err); err != nil {
		return err
	}
	s.memory = c.memory(s.Name, s.keys)
	s.swept = c.sweptOf(s.Name)
	return nil
}

// sweptOf gives the map of a source, which is only used in its rounds, one at a time.
func (c *Controller) sweptOf(source string) map[string]bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.swept[source] == nil {
		c.swept[source] = map[string]bool{}
	}
	return c.swept[source]
}

// connect gives the source's client, which is made once: it keeps its connections
// and its login between rounds.
func (c *Controller) connect(cfg config.Source) (*secrets.Client, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if client := c.clients[cfg.Name]; client != nil {
		return client, nil
	}
	owner, err := secrets.GitOpsOwner(c.cfg.Controller, cfg.Name)
	if err != nil {
		return nil, err
	}
	v := c.cfg.Vault
	client, err := vaultclient.Connect(v.Settings("relay-sync/"+c.version),
		secrets.Config{Owner: owner, Settle: v.Settle, MaxValueBytes: v.MaxValueBytes, Warn: c.Warn})
	if err != nil {
		return nil, err
	}
	c.clients[cfg.Name] = client
	return client, nil
}

// Close ends the connections, and revokes the tokens that were logged in for.
func (c *Controller) Close(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for name, client := range c.clients {
		errs = append(errs, client.Close(ctx))
		delete(c.clients, name)
	}
	return errors.Join(errs...)
}

func (s *source) scope(workflow string) secrets.Scope {
	return secrets.Scope{Mount: s.vault.Mount, Prefix: s.vault.Prefix, Group: workflow}
}
