// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vaultclient

import (
	"context"
	"errors"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vault"
)

// Connect prepares a client that sends its requests to Vault; it sends nothing
// itself. cfg.KV and cfg.Concurrency are replaced. The error is a *problem.Error with
// all problems of the settings, or that of secrets.NewClient.
func Connect(to Settings, cfg secrets.Config) (*secrets.Client, error) {
	client, err := vault.New(to)
	if err != nil {
		return nil, err
	}
	cfg.KV, cfg.Concurrency = client, to.Concurrency
	return secrets.NewClient(cfg)
}

// Directory is what Vault knows about the token of a session.
type Directory interface {
	// Self looks the token up.
	Self(ctx context.Context) (Self, error)
	// Entity reads an entity by its id.
	Entity(ctx context.Context, id string) (Entity, error)
	// Capabilities returns the capabilities of the token for each API path in a namespace.
	Capabilities(ctx context.Context, namespace string, paths ...string) (map[string][]string, error)
}

// MetadataSession is a session that sends requests about metadata alone.
type MetadataSession interface {
	kv.MetadataStore
	Directory
	// Close revokes the token of a login.
	Close(ctx context.Context) error
}

// ConnectMetadata prepares a session; it sends nothing itself. The error is a
// *problem.Error with all problems of the settings.
func ConnectMetadata(to Settings) (MetadataSession, error) { return vault.New(to) }

// ConnectAs is Connect for an owner that depends on the token: cfg.Owner is replaced by
// what owner returns. Errors: as of Connect, or that of owner.
func ConnectAs(ctx context.Context, to Settings, cfg secrets.Config, owner func(context.Context, Directory) (secrets.Owner, error)) (*secrets.Client, error) {
	client, err := vault.New(to)
	if err != nil {
		return nil, err
	}
	cfg.KV, cfg.Concurrency = client, to.Concurrency
	cfg.Owner, err = owner(ctx, client)
	if err == nil {
		var c *secrets.Client
		if c, err = secrets.NewClient(cfg); err == nil {
			return c, nil
		}
	}
	// Nothing uses the token of this login any more.
	return nil, errors.Join(err, client.Close(context.WithoutCancel(ctx)))
}
