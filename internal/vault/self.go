// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vault

import (
	"context"
	"net/http"

	"github.com/hashicorp/vault/api"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

// DisplayName returns the display name of the token: the auth method and the name there,
// such as "userpass-ada" (Vault API, auth/token/lookup-self). Vault's policy default
// permits the request.
func (c *Client) DisplayName(ctx context.Context) (string, error) {
	const op, path = "look up the token at", "auth/token/lookup-self"
	var secret *api.Secret
	err := c.call(ctx, op, path, func() (err error) {
		secret, err = c.api.Logical().ReadWithContext(ctx, path)
		return err
	})
	if err != nil {
		return "", err
	}
	var self struct {
		DisplayName string `json:"display_name"`
	}
	if err := decodeData(secret, &self); err != nil {
		return "", &kv.Error{Op: op, Path: path, Status: http.StatusOK, Cause: kv.ErrMalformed}
	}
	return self.DisplayName, nil
}
