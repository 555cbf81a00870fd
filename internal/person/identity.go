// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package person

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
)

// Identity is who acts with a token. Names and policies are text of others: who prints
// them escapes them.
type Identity struct {
	// EntityID is the id of the person's entity; empty for none.
	EntityID string
	// Name is the name of the entity, or that of its only alias where Vault made the
	// name up; the display name of a token without an entity.
	Name string
	// DisplayName is that of the token. It is not unique, and child tokens choose theirs.
	DisplayName string
	// Owner is the owner of what the person writes; NoOwner without an entity.
	Owner secrets.Owner
	// Policies are those of the token and of its entity, sorted.
	Policies []string
	// Expires is when the token expires; zero for never.
	Expires time.Time
	// Renewable reports whether the lifetime can be extended.
	Renewable bool
	// MayWrite is ErrNoEntity or ErrBatchToken for a token that can only look; nil for one
	// that can write what its policies allow.
	MayWrite error
}

// Identify returns who acts with the token: two requests. Errors: secrets.ErrTokenRejected,
// or a *kv.Error.
func Identify(ctx context.Context, d vaultclient.Directory) (Identity, error) {
	self, err := lookUp(ctx, d)
	if err != nil {
		return Identity{}, err
	}
	policies := slices.Concat(self.Policies, self.IdentityPolicies)
	slices.Sort(policies)
	out := Identity{
		EntityID: self.EntityID, Name: self.DisplayName, DisplayName: self.DisplayName, Policies: slices.Compact(policies),
		Expires: self.Expires(), Renewable: self.Renewable, MayWrite: mayWrite(self),
	}
	if self.EntityID == "" {
		return out, nil
	}
	entity, err := d.Entity(ctx, self.EntityID)
	if err != nil && !errors.Is(err, kv.ErrPermissionDenied) && !errors.Is(err, kv.ErrNotFound) {
		return Identity{}, err
	}
	if out.Name = nameOf(entity); out.Name == "" {
		out.Name = self.DisplayName
	}
	out.Owner, err = secrets.PersonOwner(readable(entity), self.EntityID)
	return out, err
}

// nameOf is the entity's name, or that of its only alias where Vault made the entity's name
// up.
func nameOf(e vaultclient.Entity) string {
	if generated.MatchString(e.Name) && len(e.Aliases) == 1 && e.Aliases[0].Name != "" {
		return e.Aliases[0].Name
	}
	return e.Name
}
