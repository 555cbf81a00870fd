// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"errors"

	"github.com/relay-secrets/terraform-provider-relay/internal/vault"
)

// VaultSettings says how to reach Vault. Nothing is taken from the environment.
type VaultSettings = vault.Settings

// DefaultConcurrency is how many requests are under way at once, DefaultMaxRetries
// how often one is repeated, unless the VaultSettings say otherwise.
const (
	DefaultConcurrency = vault.DefaultConcurrency
	DefaultMaxRetries  = vault.DefaultMaxRetries
)

// Login is a way to get a token: one of the types below.
type Login = vault.Login

// The logins, as internal/vault describes them.
type (
	// AppRole logs in with a role's id and a secret id.
	AppRole = vault.AppRole
	// JWT logs in with a token of an identity provider.
	JWT = vault.JWT
	// Kubernetes logs in with a service account's token.
	Kubernetes = vault.Kubernetes
	// UserPass logs in with a name and a password.
	UserPass = vault.UserPass
	// Cert logs in with the client certificate of the connection.
	Cert = vault.Cert
)

// Connect prepares a client that speaks to Vault; it sends nothing. cfg.KV and
// cfg.Concurrency are replaced. The error is a
// *problem.Error with all problems of the settings, or that of NewClient.
func Connect(to VaultSettings, cfg Config) (*Client, error) {
	kv, err := vault.New(to)
	if err != nil {
		return nil, err
	}
	cfg.KV, cfg.Concurrency = kv, to.Concurrency
	c, err := NewClient(cfg)
	if err != nil {
		return nil, err
	}
	c.close = kv.Close
	for _, warning := range to.Warnings() {
		c.warn(warning)
	}
	return c, nil
}

// ConnectAs is Connect for an owner that depends on what Vault calls whoever has the
// token, which it asks: cfg.Owner is replaced by what owner makes of the display
// name. Errors: as of Connect, a *vault.Error, or that of owner.
func ConnectAs(ctx context.Context, to VaultSettings, cfg Config, owner func(displayName string) (Owner, error)) (*Client, error) {
	kv, err := vault.New(to)
	if err != nil {
		return nil, err
	}
	cfg.KV, cfg.Concurrency = kv, to.Concurrency
	c, err := clientAs(ctx, kv, cfg, owner)
	if err != nil {
		// What was logged in for is of no more use.
		return nil, errors.Join(err, kv.Close(context.WithoutCancel(ctx)))
	}
	c.close = kv.Close
	return c, nil
}

func clientAs(ctx context.Context, kv *vault.Client, cfg Config, owner func(displayName string) (Owner, error)) (*Client, error) {
	displayName, err := kv.DisplayName(ctx)
	if err != nil {
		return nil, err
	}
	if cfg.Owner, err = owner(displayName); err != nil {
		return nil, err
	}
	return NewClient(cfg)
}
