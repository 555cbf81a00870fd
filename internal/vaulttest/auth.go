// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vaulttest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"os"
	"testing"
	"time"
)

// The methods of this file let somebody log in who then has the policy writer.
// Secret ids and passwords are canaries.

// AppRole makes a role at auth/approle. ttl is how long its tokens live, such as
// "1h"; they can not be renewed beyond it.
func (v *Vault) AppRole(t testing.TB, name, ttl string) (roleID, secretID string) {
	t.Helper()
	role := "auth/approle/role/" + name
	secretID = Canary(t)
	v.must(t, v.RootToken, http.MethodPost, role, map[string]any{"token_policies": "writer", "token_ttl": ttl, "token_max_ttl": ttl})
	v.must(t, v.RootToken, http.MethodPost, role+"/custom-secret-id", map[string]any{"secret_id": secretID})
	return text(t, v.must(t, v.RootToken, http.MethodGet, role+"/role-id", nil), "data", "role_id"), secretID
}

// User makes a user at auth/userpass.
func (v *Vault) User(t testing.TB, name string) (password string) {
	t.Helper()
	password = Canary(t)
	v.must(t, v.RootToken, http.MethodPost, "auth/userpass/users/"+name, map[string]any{"password": password, "token_policies": "writer"})
	return password
}

// CertificateRole enables the cert method at auth/MOUNT, with a role for clients
// whose certificate is of the authority in the file.
func (v *Vault) CertificateRole(t testing.TB, mount, role, authority string) {
	t.Helper()
	certificate, err := os.ReadFile(authority)
	if err != nil {
		t.Fatalf("reading the authority: %v", err)
	}
	v.must(t, v.RootToken, http.MethodPost, "sys/auth/"+mount, map[string]any{"type": "cert"})
	v.must(t, v.RootToken, http.MethodPost, "auth/"+mount+"/certs/"+role,
		map[string]any{"certificate": string(certificate), "token_policies": "writer"})
}

// JWT makes an identity provider that auth/jwt trusts in place of any other, and
// a role for it, and returns a signed token.
func (v *Vault) JWT(t testing.TB, role string) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatalf("making the identity provider's key: %v", err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatalf("encoding the identity provider's key: %v", err)
	}
	public := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	v.must(t, v.RootToken, http.MethodPost, "auth/jwt/config", map[string]any{"jwt_validation_pubkeys": []string{public}})
	v.must(t, v.RootToken, http.MethodPost, "auth/jwt/role/"+role, map[string]any{
		"role_type": "jwt", "user_claim": "sub", "bound_audiences": []string{"relay"}, "token_policies": "writer",
	})
	now := time.Now()
	signed := segment(t, map[string]any{"alg": "RS256", "typ": "JWT"}) + "." +
		segment(t, map[string]any{"sub": "ada", "aud": "relay", "nbf": now.Add(-time.Minute).Unix(), "exp": now.Add(time.Hour).Unix()})
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	if err != nil {
		t.Fatalf("signing a token: %v", err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// segment is a part of a JWT (RFC 7519).
func segment(t testing.TB, part map[string]any) string {
	t.Helper()
	data, err := json.Marshal(part)
	if err != nil {
		t.Fatalf("encoding a token: %v", err)
	}
	return base64.RawURLEncoding.EncodeToString(data)
}
