// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package doctor

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// webLogin checks a way to log in to the page, as far as Vault shows it without a token. It
// sends no credentials. With OIDC Vault compares the redirect URI with those of the role.
func (d Doctor) webLogin(ctx context.Context, login config.WebLogin, redirectURI string) report.Check {
	if login.Method == config.LoginToken {
		return ok(webLoginName, "token: needs no auth method")
	}
	clients, err := d.clients()
	if err != nil {
		return failed(webLoginName, err, "")
	}
	at := fmt.Sprintf("%s at auth/%s", login.Method, login.Mount)
	enable := fmt.Sprintf("vault auth enable -path=%s %s, or correct web.logins", login.Mount, login.Method)
	if login.Method == config.LoginOIDC {
		if _, err := clients.OIDCAuthURL(ctx, "", login.Mount, login.Role, redirectURI, rand.Text()); err != nil {
			return failed(webLoginName, fmt.Errorf("%s: %w", at, err), "enable the method with a role that permits "+redirectURI+": "+enable)
		}
		return ok(webLoginName, at+": its role permits "+redirectURI)
	}
	mount, err := clients.LoginMount(ctx, login.Mount)
	if err != nil {
		return failed(webLoginName, fmt.Errorf("%s: %w", at, err), "")
	}
	return ofLogin(at, login.Method, mount, enable)
}

// ofLogin is the check of a login by user name and password. Pure.
func ofLogin(at, method string, mount vaultclient.LoginMount, enable string) report.Check {
	switch {
	case mount.Type != "" && mount.Type != method:
		return bad(webLoginName, fmt.Sprintf("%s: the auth method there is %s", at, mount.Type), "correct web.logins, or: "+enable)
	case !mount.Found:
		return bad(webLoginName, at+": Vault has no login by user name there", enable)
	case mount.Type == "":
		return ok(webLoginName, at+": Vault has a login by user name there; it does not show its type")
	}
	return ok(webLoginName, at+": enabled")
}
