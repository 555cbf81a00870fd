// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vaultclient

import (
	"context"
	"errors"

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

// ConnectAs is Connect for an owner that depends on the token's display name, which
// it reads from Vault: cfg.Owner is replaced by what owner returns for it. Errors: as
// of Connect, a *kv.Error, or that of owner.
func ConnectAs(ctx context.Context, to Settings, cfg secrets.Config, owner func(displayName string) (secrets.Owner, error)) (*secrets.Client, error) {
	client, err := vault.New(to)
	if err != nil {
		return nil, err
	}
	cfg.KV, cfg.Concurrency = client, to.Concurrency
	c, err := clientAs(ctx, client, cfg, owner)
	if err != nil {
		// Nothing uses the token of this login any more.
		return nil, errors.Join(err, client.Close(context.WithoutCancel(ctx)))
	}
	return c, nil
}

func clientAs(ctx context.Context, client *vault.Client, cfg secrets.Config, owner func(displayName string) (secrets.Owner, error)) (*secrets.Client, error) {
	displayName, err := client.DisplayName(ctx)
	if err != nil {
		return nil, err
	}
	if cfg.Owner, err = owner(displayName); err != nil {
		return nil, err
	}
	return secrets.NewClient(cfg)
}
