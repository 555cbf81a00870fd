// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vault

import (
	"context"
	"errors"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

// LoginMount is what Vault shows of an auth method without a token.
type LoginMount struct {
	// Found means that people can log in there by name, as with userpass and ldap.
	Found bool
	// Type is such as "userpass"; empty if the listing_visibility of the mount hides it.
	Type string
}

// LoginMount asks for the auth method at a mount without a token, and sends no login. Errors:
// a *kv.Error.
func (c *Clients) LoginMount(ctx context.Context, mount string) (LoginMount, error) {
	client := c.WithToken("", "")
	var listed struct {
		Auth map[string]struct {
			Type string `json:"type"`
		} `json:"auth"`
	}
	if err := client.lookUp(ctx, "list the auth methods at", "sys/internal/ui/mounts", &listed); err != nil {
		return LoginMount{}, err
	}
	out := LoginMount{Type: listed.Auth[mount+"/"].Type}
	// A login is a POST. For a GET Vault answers that the path has none, or without such a path
	// that permission is denied.
	err := client.lookUp(ctx, "look for a login at", loginPath(mount, mount, "login/any"), &struct{}{})
	switch {
	case errors.Is(err, kv.ErrUnsupported):
		out.Found, err = true, nil
	case errors.Is(err, kv.ErrPermissionDenied), errors.Is(err, kv.ErrNotFound), errors.Is(err, kv.ErrNoMount):
		err = nil
	}
	return out, err
}
