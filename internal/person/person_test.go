// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package person

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
)

// directory is a Vault that knows one token.
type directory struct {
	self    vaultclient.Self
	entity  vaultclient.Entity
	denied  bool
	granted map[string][]string
	err     error
}

func (d directory) Self(context.Context) (vaultclient.Self, error) { return d.self, d.err }

func (d directory) Entity(context.Context, string) (vaultclient.Entity, error) {
	if d.denied {
		return vaultclient.Entity{}, &kv.Error{Cause: kv.ErrPermissionDenied}
	}
	return d.entity, nil
}

func (d directory) Capabilities(context.Context, string, ...string) (map[string][]string, error) {
	return d.granted, d.err
}

func named(name string, aliases ...string) directory {
	d := directory{self: vaultclient.Self{EntityID: "id-of-ada", Type: "service"}, entity: vaultclient.Entity{Name: name}}
	for _, alias := range aliases {
		d.entity.Aliases = append(d.entity.Aliases, vaultclient.Alias{Name: alias})
	}
	return d
}

func TestOwnerIsTheEntityWithAReadablePart(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^person/([a-z0-9._-]{1,31})-([0-9a-f]{16})$`)
	denied := named("ada")
	denied.denied = true
	for _, c := range []struct {
		of   directory
		want string
	}{
		{named("ada"), "ada"},
		{named("Ada Lovelace"), "ada-lovelace"},
		{named("ada@example.com"), "ada_at_example.com"},
		{named("entity_1a2b3c4d", "ada"), "ada"},
		{named("entity_1a2b3c4d", "ada", "lovelace"), "entity_1a2b3c4d"},
		{named("ådå/../x"), "d-..-x"},
		{named("\x1b[2J"), "2j"},
		{named(strings.Repeat("a", 60)), strings.Repeat("a", 31)},
		{named(""), "unnamed"},
		{named("日本"), "unnamed"},
		{denied, "unnamed"},
	} {
		got, err := Owner(t.Context(), c.of)
		parts := form.FindStringSubmatch(string(got))
		if err != nil || parts == nil || parts[1] != c.want {
			t.Errorf("%+v: %s, %v, want %s", c.of.entity, got, err, c.want)
			continue
		}
		if other, _ := Owner(t.Context(), named("ada")); !got.Same(other) {
			t.Errorf("%s and %s are one person", got, other)
		}
	}
}

func TestTokensWithoutAPersonDoNotWrite(t *testing.T) {
	t.Parallel()
	none, batch, broken := named("ada"), named("ada"), named("ada")
	none.self.EntityID, batch.self.Type, broken.err = "", "batch", &kv.Error{Cause: kv.ErrSealed}
	for want, d := range map[error]directory{ErrNoEntity: none, ErrBatchToken: batch, kv.ErrSealed: broken} {
		if got, err := Owner(t.Context(), d); !errors.Is(err, want) || got != secrets.NoOwner {
			t.Errorf("%s, %v, want %v", got, err, want)
		}
	}
	if !strings.Contains(ErrBatchToken.Error(), "Hint: let the auth method issue service tokens") {
		t.Error(ErrBatchToken)
	}
	batch.self.Type = "service"
	if got, err := Owner(t.Context(), batch); err != nil {
		t.Errorf("with a service token: %s, %v", got, err)
	}
}

func TestTeamIsForTokensThatMayPatchItsPath(t *testing.T) {
	t.Parallel()
	const path = "customers/metadata/relay-sync/teams/shop"
	for _, c := range []struct {
		granted []string
		want    error
	}{
		{[]string{"patch"}, nil}, {[]string{"root"}, nil},
		{[]string{"deny"}, ErrNotMember}, {[]string{"read", "update"}, ErrNotMember},
	} {
		got, err := TeamOwner(t.Context(), directory{granted: map[string][]string{path: c.granted}}, "", "customers", "shop")
		if !errors.Is(err, c.want) || c.want == nil && got != "team/shop" {
			t.Errorf("%v: %s, %v", c.granted, got, err)
		}
	}
	for _, team := range []string{"", "a/b", "+", "..", "Shop", strings.Repeat("a", 49)} {
		if _, err := TeamOwner(t.Context(), directory{}, "", "customers", team); !errors.Is(err, secrets.ErrInvalid) {
			t.Errorf("team %q: %v", team, err)
		}
	}
}
