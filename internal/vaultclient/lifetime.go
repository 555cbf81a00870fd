// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vaultclient

import (
	"context"
	"errors"

	"github.com/relay-secrets/terraform-provider-relay/internal/vault"
)

// LookUpToken looks up the token of the settings, in one request. Errors: as of Connect,
// or a *kv.Error.
func LookUpToken(ctx context.Context, of Settings) (Self, error) {
	client, err := vault.New(of)
	if err != nil {
		return Self{}, err
	}
	self, err := client.Self(ctx)
	return self, errors.Join(err, client.Close(context.WithoutCancel(ctx)))
}
