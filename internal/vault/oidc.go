// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vault

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
)

const defaultOIDCMount = "oidc"

// OIDCAuthURL returns the address of the login page of the OpenID provider, to which the
// person's browser is sent (Vault API, JWT/OIDC, "OIDC authorization URL request"). role is
// empty for the default role of the mount. clientNonce binds the login to the browser: it
// must be random, and the same in OIDCCallback. Errors: as of LogIn, or one about the role.
func (c *Clients) OIDCAuthURL(ctx context.Context, forwardedFor, mount, role, redirectURI, clientNonce string) (string, error) {
	if err := oidcProblems(mount, clientNonce).Err(); err != nil {
		return "", err
	}
	path := loginPath(mount, defaultOIDCMount, "oidc/auth_url")
	client := c.WithToken("", forwardedFor)
	answer, err := client.api.Logical().WriteWithContext(ctx, path, map[string]any{
		"role": role, "redirect_uri": redirectURI, "client_nonce": clientNonce,
	})
	if err != nil {
		return "", client.loginError(path, err)
	}
	var data struct {
		AuthURL *string `json:"auth_url"`
	}
	if decodeData(answer, &data) != nil || data.AuthURL == nil {
		return "", malformed(path)
	}
	if *data.AuthURL == "" {
		return "", notAllowed(path, role, redirectURI)
	}
	page, err := url.Parse(*data.AuthURL)
	if err != nil || page.Scheme != "https" && page.Scheme != "http" || page.Host == "" {
		return "", malformed(path)
	}
	return page.String(), nil
}

// OIDCCallback ends a login with what the provider added to the redirect URI. Errors: as of
// LogIn. kv.ErrLoginFailed also means that state, code or clientNonce are not those of the
// login, or that they were used before.
func (c *Clients) OIDCCallback(ctx context.Context, forwardedFor, mount, state, code, clientNonce string) (Issued, error) {
	problems := oidcProblems(mount, clientNonce)
	problems.AddIf(state == "", "oidc.state", "is required")
	problems.AddIf(code == "", "oidc.code", "is required")
	if err := problems.Err(); err != nil {
		return Issued{}, err
	}
	path := loginPath(mount, defaultOIDCMount, "oidc/callback")
	client := c.WithToken("", forwardedFor)
	// The provider accepts a code once.
	response, err := client.api.Logical().ReadRawWithDataWithContext(once(ctx), path, map[string][]string{
		"state": {state}, "code": {code}, "client_nonce": {clientNonce},
	})
	auth, err := client.authOf(path, response, err)
	if err != nil {
		return Issued{}, err
	}
	return auth.issued()
}

// oidcProblems rejects a login without a nonce: Vault would accept its callback from every
// browser.
func oidcProblems(mount, clientNonce string) (out problem.List) {
	out.AddError("oidc.mount", checkMount(mount))
	out.AddIf(clientNonce == "", "oidc.client_nonce", "is required")
	return out
}

func malformed(path string) error {
	return &kv.Error{Op: "log in at", Path: path, Status: http.StatusOK, Cause: kv.ErrMalformed}
}

// notAllowed is the error for an empty address, with which Vault answers a redirect URI
// that the role does not have.
func notAllowed(path, role, redirectURI string) error {
	whose := "of the default role"
	if role != "" {
		whose = fmt.Sprintf("of the role %q", role)
	}
	return fmt.Errorf("log in at %s: %w: Vault returned no address of a login page\nHint: add %s to allowed_redirect_uris %s",
		path, kv.ErrLoginFailed, redirectURI, whose)
}
