// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vaulttest

import (
	"net/http"
	"strings"
	"testing"
)

// OIDCClient is what an OpenID provider knows Vault as.
type OIDCClient struct{ Issuer, ID, Secret, RedirectURI string }

// OIDC enables the oidc method at auth/MOUNT, with a default role for every person of the provider. Their
// tokens have a policy of these rules; the name of their entity is the email address.
func (v *Vault) OIDC(t testing.TB, mount string, client OIDCClient, rules ...string) {
	t.Helper()
	v.WritePolicy(t, mount, strings.Join(rules, "\n"))
	v.must(t, v.RootToken, http.MethodPost, "sys/auth/"+mount, map[string]any{"type": "oidc"})
	v.must(t, v.RootToken, http.MethodPost, "auth/"+mount+"/config", map[string]any{
		"oidc_discovery_url": client.Issuer, "oidc_client_id": client.ID, "oidc_client_secret": client.Secret, "default_role": "person",
	})
	v.must(t, v.RootToken, http.MethodPost, "auth/"+mount+"/role/person", map[string]any{
		"role_type": "oidc", "user_claim": "email", "oidc_scopes": []string{"email"}, "token_policies": mount,
		"allowed_redirect_uris": []string{client.RedirectURI},
	})
}

// LDAP enables the ldap method at auth/MOUNT, for people of a directory who bind as cn=NAME,base. Their tokens
// have a policy of these rules.
func (v *Vault) LDAP(t testing.TB, mount, directory, base string, rules ...string) {
	t.Helper()
	v.WritePolicy(t, mount, strings.Join(rules, "\n"))
	v.must(t, v.RootToken, http.MethodPost, "sys/auth/"+mount, map[string]any{"type": "ldap"})
	v.must(t, v.RootToken, http.MethodPost, "auth/"+mount+"/config", map[string]any{
		"url": directory, "userdn": base, "userattr": "cn", "token_policies": mount,
	})
}
