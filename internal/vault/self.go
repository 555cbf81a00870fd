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
	err := c.call(ctx, op, path, func() (err error) {
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
