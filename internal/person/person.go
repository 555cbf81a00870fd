// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package person

import (
	"context"
	"errors"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
	"github.com/relay-secrets/terraform-provider-relay/internal/lazyregexp"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
)

var (
	// ErrNoEntity: the token belongs to no entity, so a write would have no owner.
	ErrNoEntity = errors.New("this Vault token belongs to no entity, so it can list, but not write or approve" +
		"\nHint: log in with an auth method for people, such as vault login -method=userpass; root tokens and tokens made from them have no entity")
	// ErrBatchToken: the login gives tokens that cannot be revoked.
	ErrBatchToken = vaultclient.ErrBatchToken
)

// Owner returns the owner that the person of the token is. Errors: as of EntityID.
func Owner(ctx context.Context, d vaultclient.Directory) (secrets.Owner, error) {
	identity, err := Identify(ctx, d)
	if err == nil {
		err = identity.MayWrite
	}
	if err != nil {
		return secrets.NoOwner, err
	}
	return identity.Owner, nil
}

// EntityID returns the id of the entity of the token. Errors: ErrNoEntity, ErrBatchToken,
// or a *kv.Error.
func EntityID(ctx context.Context, d vaultclient.Directory) (string, error) {
	self, err := lookUp(ctx, d)
	if err == nil {
		err = mayWrite(self)
	}
	if err != nil {
		return "", err
	}
	return self.EntityID, nil
}

// lookUp looks the token up. The policy default permits it to each token.
func lookUp(ctx context.Context, d vaultclient.Directory) (vaultclient.Self, error) {
	self, err := d.Self(ctx)
	if errors.Is(err, kv.ErrPermissionDenied) {
		err = secrets.ErrTokenRejected
	}
	return self, err
}

// mayWrite is why a token cannot write, as at Identity.MayWrite.
func mayWrite(self vaultclient.Self) error {
	switch {
	case self.Batch():
		return ErrBatchToken
	case self.EntityID == "":
		return ErrNoEntity
	}
	return nil
}

// unnamed is the readable part for an entity whose name the token may not read. Vault's
// policy default permits it.
const unnamed = "unnamed"

// generated is the form of the names that Vault gives an entity at its first login.
var generated = lazyregexp.New(`^entity_[0-9a-f]{8}$`)

// forbidden are the characters that an owner cannot contain.
var forbidden = lazyregexp.New(`[^a-z0-9._-]+`)

// readable is the readable part of a person's owner.
func readable(e vaultclient.Entity) string {
	name := strings.ReplaceAll(strings.ToLower(nameOf(e)), "@", "_at_")
	name = strings.Trim(forbidden.ReplaceAllString(name, "-"), "-")
	if len(name) > secrets.MaxReadable {
		name = strings.TrimRight(name[:secrets.MaxReadable], "-")
	}
	if name == "" {
		return unnamed
	}
	return name
}
