// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vaulttest

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"os"
	"strings"
	"testing"
)

// The methods of this file create logins, with the policy writer if they take no rules. Secret ids and
// passwords are canaries.

// AppRole creates a role at auth/approle. ttl is the maximum lifetime of its tokens, such
// as "1h".
func (v *Vault) AppRole(t testing.TB, name, ttl string) (roleID, secretID string) {
	t.Helper()
	role := "auth/approle/role/" + name
	secretID = Canary(t)
	v.must(t, v.RootToken, http.MethodPost, role, map[string]any{"token_policies": "writer", "token_ttl": ttl, "token_max_ttl": ttl})
	v.must(t, v.RootToken, http.MethodPost, role+"/custom-secret-id", map[string]any{"secret_id": secretID})
	return text(t, v.must(t, v.RootToken, http.MethodGet, role+"/role-id", nil), "data", "role_id"), secretID
}

// User creates a user at auth/userpass.
func (v *Vault) User(t testing.TB, name string) (password string) {
	t.Helper()
	password = Canary(t)
	v.must(t, v.RootToken, http.MethodPost, "auth/userpass/users/"+name, map[string]any{"password": password, "token_policies": "writer"})
	return password
}

// PersonLogin creates a new person at auth/userpass, whose tokens have a policy of these rules, in HCL.
func (v *Vault) PersonLogin(t testing.TB, rules ...string) (name, password string) {
	t.Helper()
	name, password = "person-"+strings.ToLower(rand.Text()), Canary(t)
	v.WritePolicy(t, name, strings.Join(rules, "\n"))
	v.must(t, v.RootToken, http.MethodPost, "auth/userpass/users/"+name, map[string]any{"password": password, "token_policies": name})
	return name, password
}

// Person logs in a new person at auth/userpass, and returns a token with a policy of these
// rules, in HCL, and the id of the person's entity.
func (v *Vault) Person(t testing.TB, rules ...string) (token, entity string) {
	t.Helper()
	name, password := v.PersonLogin(t, rules...)
	answer := v.must(t, "", http.MethodPost, "auth/userpass/login/"+name, map[string]any{"password": password})
	return text(t, answer, "auth", "client_token"), text(t, answer, "auth", "entity_id")
}

// CertificateRole enables the cert method at auth/MOUNT, with a role for clients that
// have a certificate of the authority in the file.
func (v *Vault) CertificateRole(t testing.TB, mount, role, authority string) {
	t.Helper()
	certificate, err := os.ReadFile(authority)
	if err != nil {
		t.Fatalf("read the authority: %v", err)
	}
	v.must(t, v.RootToken, http.MethodPost, "sys/auth/"+mount, map[string]any{"type": "cert"})
	v.must(t, v.RootToken, http.MethodPost, "auth/"+mount+"/certs/"+role,
		map[string]any{"certificate": string(certificate), "token_policies": "writer"})
}

// JWT creates an identity provider, the only one that auth/jwt trusts, and a role for it,
// and returns a signed token.
func (v *Vault) JWT(t testing.TB, role string) string {
	t.Helper()
	v.must(t, v.RootToken, http.MethodPost, "auth/jwt/role/"+role, map[string]any{
		"role_type": "jwt", "user_claim": "sub", "bound_audiences": []string{"relay"}, "token_policies": "writer",
	})
	return v.signed(t, map[string]any{"sub": "ada"})
}

// Tenant logs in at auth/jwt with an identity that has this metadata, and returns a token
// with a policy of these rules. Relay's operator does the same for a step
// (ARCHITECTURE.md, Policies).
func (v *Vault) Tenant(t testing.TB, rules string, metadata map[string]string) (token string) {
	t.Helper()
	name := "tenant-" + strings.ToLower(rand.Text())
	v.WritePolicy(t, name, rules)
	claims, mappings := map[string]any{"sub": name}, map[string]string{}
	for key, value := range metadata {
		claims[key], mappings[key] = value, key
	}
	v.must(t, v.RootToken, http.MethodPost, "auth/jwt/role/"+name, map[string]any{
		"role_type": "jwt", "user_claim": "sub", "bound_audiences": []string{"relay"}, "claim_mappings": mappings,
		"token_policies": name, "token_type": "batch",
	})
	answer := v.must(t, "", http.MethodPost, "auth/jwt/login", map[string]any{"role": name, "jwt": v.signed(t, claims)})
	return text(t, answer, "auth", "client_token")
}

// Accessor returns the accessor of an auth mount.
func (v *Vault) Accessor(t testing.TB, mount string) string {
	t.Helper()
	return text(t, v.must(t, v.RootToken, http.MethodGet, "sys/auth", nil), "data", mount+"/", "accessor")
}

// signed creates an identity provider, the only one that auth/jwt trusts, and returns a
// token with these claims.
func (v *Vault) signed(t testing.TB, claims map[string]any) string {
	t.Helper()
	key := issuerKey(t)
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatalf("encode the identity provider's key: %v", err)
	}
	public := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	v.must(t, v.RootToken, http.MethodPost, "auth/jwt/config", map[string]any{"jwt_validation_pubkeys": []string{public}})
	claims["aud"] = "relay"
	return sign(t, key, claims)
}
