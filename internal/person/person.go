// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package person

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
)

var (
	// ErrNoEntity: the token belongs to no entity, so a write would have no owner.
	ErrNoEntity = errors.New("this Vault token belongs to no entity, so it can list, but not write or approve" +
		"\nHint: log in with an auth method for people, such as vault login -method=userpass; root tokens and tokens made from them have no entity")
	// ErrBatchToken: the login gives tokens that cannot be revoked.
	ErrBatchToken = errors.New("this Vault token is a batch token, which cannot be revoked, so it can list, but not write or approve" +
		"\nHint: let the auth method issue service tokens (token_type=service), and log in again")
)

// Owner returns the owner that the person of the token is. Errors: as of EntityID.
func Owner(ctx context.Context, d vaultclient.Directory) (secrets.Owner, error) {
	id, err := EntityID(ctx, d)
	if err != nil {
		return secrets.NoOwner, err
	}
	entity, err := d.Entity(ctx, id)
	if err != nil && !errors.Is(err, kv.ErrPermissionDenied) && !errors.Is(err, kv.ErrNotFound) {
		return secrets.NoOwner, err
	}
	return secrets.PersonOwner(readable(entity), id)
}

// EntityID returns the id of the entity of the token. Errors: ErrNoEntity, ErrBatchToken,
// or a *kv.Error.
func EntityID(ctx context.Context, d vaultclient.Directory) (string, error) {
	self, err := d.Self(ctx)
	switch {
	case errors.Is(err, kv.ErrPermissionDenied): // the policy default permits it to each token
		return "", secrets.ErrTokenRejected
	case err != nil:
		return "", err
	case self.Batch():
		return "", ErrBatchToken
	case self.EntityID == "":
		return "", ErrNoEntity
	}
	return self.EntityID, nil
}

// unnamed is the readable part for an entity whose name the token may not read. Vault's
// policy default permits it.
const unnamed = "unnamed"

// generated is the form of the names that Vault gives an entity at its first login.
var generated = regexp.MustCompile(`^entity_[0-9a-f]{8}$`)

// forbidden are the characters that an owner cannot contain.
var forbidden = regexp.MustCompile(`[^a-z0-9._-]+`)

// readable is the readable part of a person's owner: the entity's name, or that of its
// only alias where Vault made the entity's name up.
func readable(e vaultclient.Entity) string {
	name := e.Name
	if generated.MatchString(name) && len(e.Aliases) == 1 && e.Aliases[0].Name != "" {
		name = e.Aliases[0].Name
	}
	name = strings.ReplaceAll(strings.ToLower(name), "@", "_at_")
	name = strings.Trim(forbidden.ReplaceAllString(name, "-"), "-")
	if len(name) > secrets.MaxReadable {
		name = strings.TrimRight(name[:secrets.MaxReadable], "-")
	}
	if name == "" {
		return unnamed
	}
	return name
}
