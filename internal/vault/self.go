// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vault

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

// Self is what Vault knows about the token of a session (Vault API,
// auth/token/lookup-self).
type Self struct {
	// EntityID is the entity of the login; empty for none, as of a root token.
	EntityID string `json:"entity_id"`
	// DisplayName is what the auth method, or who made a child token, chose. It is not
	// unique. Text of others.
	DisplayName string `json:"display_name"`
	// Policies are those of the token, IdentityPolicies those of its entity and of the
	// groups of that.
	Policies         []string `json:"policies"`
	IdentityPolicies []string `json:"identity_policies"`
	// Renewable reports whether RenewSelf can extend the lifetime.
	Renewable bool `json:"renewable"`
	// Type is "service" or "batch".
	Type string `json:"type"`
	// ExpireTime is in RFC 3339; empty for a token that never expires.
	ExpireTime string `json:"expire_time"`
	// CreationTTL is the lifetime, in seconds, that the token was created with.
	CreationTTL int64 `json:"creation_ttl"`
}

// Expires is when the token expires unless it is renewed; zero for never.
func (s Self) Expires() time.Time {
	at, err := time.Parse(time.RFC3339Nano, s.ExpireTime)
	if err != nil {
		return time.Time{}
	}
	return at
}

// Batch reports whether the token cannot be revoked.
func (s Self) Batch() bool { return s.Type == "batch" }

// Entity is an entity of Vault's identity store.
type Entity struct {
	Name    string  `json:"name"`
	Aliases []Alias `json:"aliases"`
}

// Alias is the name of an entity in one auth mount.
type Alias struct {
	Name string `json:"name"`
}

// Self looks the token up. Vault's policy default permits the request.
func (c *Client) Self(ctx context.Context) (Self, error) {
	var self Self
	return self, c.lookUp(ctx, "look up the token at", "auth/token/lookup-self", &self)
}

// Entity reads an entity by its id. Vault's policy default permits it for the entity of
// the token.
func (c *Client) Entity(ctx context.Context, id string) (Entity, error) {
	var entity Entity
	return entity, c.lookUp(ctx, "read the entity of the token at", "identity/entity/id/"+url.PathEscape(id), &entity)
}

func (c *Client) lookUp(ctx context.Context, op, path string, into any) error {
	var secret *api.Secret
	err := c.call(ctx, op, path, func(ctx context.Context) (err error) {
		secret, err = c.api.Logical().ReadWithContext(ctx, path)
		return err
	})
	if err != nil {
		return err
	}
	if secret == nil {
		return &kv.Error{Op: op, Path: path, Status: http.StatusNotFound, Cause: kv.ErrNotFound}
	}
	if err := decodeData(secret, into); err != nil {
		return &kv.Error{Op: op, Path: path, Status: http.StatusOK, Cause: kv.ErrMalformed}
	}
	return nil
}

// RenewSelf extends the lifetime of the token, to increment from now if its limits allow
// it, and returns the new one.
func (c *Client) RenewSelf(ctx context.Context, increment time.Duration) (time.Duration, error) {
	const op, path = "renew the token at", "auth/token/renew-self"
	secret, err := c.post(ctx, op, c.namespace, path, map[string]any{"increment": int(increment.Seconds())})
	if err != nil {
		return 0, err
	}
	if secret == nil || secret.Auth == nil {
		return 0, &kv.Error{Op: op, Path: path, Status: http.StatusOK, Cause: kv.ErrMalformed}
	}
	return time.Duration(secret.Auth.LeaseDuration) * time.Second, nil
}

// RevokeSelf revokes the token, with all tokens made from it.
func (c *Client) RevokeSelf(ctx context.Context) error {
	_, err := c.post(ctx, "revoke the token at", c.namespace, "auth/token/revoke-self", nil)
	return err
}
