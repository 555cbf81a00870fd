// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vaulttest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// Issuer signs identity tokens as a CI system does, and publishes its key by OpenID discovery.
type Issuer struct {
	URL string
	key *rsa.PrivateKey
}

// StartIssuer starts an issuer for this test.
func StartIssuer(t testing.TB) *Issuer {
	t.Helper()
	i := &Issuer{key: issuerKey(t)}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		number := func(n *big.Int) string { return base64.RawURLEncoding.EncodeToString(n.Bytes()) }
		documents := map[string]any{
			"/.well-known/openid-configuration": map[string]any{
				"issuer": i.URL, "jwks_uri": i.URL + "/keys", "id_token_signing_alg_values_supported": []string{"RS256"},
			},
			"/keys": map[string]any{"keys": []any{map[string]any{
				"kty": "RSA", "alg": "RS256", "use": "sig",
				"n": number(i.key.N), "e": number(big.NewInt(int64(i.key.E))),
			}}},
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(documents[r.URL.Path]) // a test that misses the document fails
	}))
	// The handler reads the address: it has to be known before the first request.
	i.URL = "http://" + server.Listener.Addr().String()
	server.Start()
	t.Cleanup(server.Close)
	return i
}

// Token returns a token with these claims, for an hour.
func (i *Issuer) Token(t testing.TB, claims map[string]any) string {
	t.Helper()
	claims["iss"] = i.URL
	return sign(t, i.key, claims)
}

func issuerKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatalf("create the identity provider's key: %v", err)
	}
	return key
}

// sign returns a token with these claims and a lifetime of an hour.
func sign(t testing.TB, key *rsa.PrivateKey, claims map[string]any) string {
	t.Helper()
	now := time.Now()
	claims["nbf"], claims["exp"] = now.Add(-time.Minute).Unix(), now.Add(time.Hour).Unix()
	signed := segment(t, map[string]any{"alg": "RS256", "typ": "JWT"}) + "." + segment(t, claims)
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	if err != nil {
		t.Fatalf("sign a token: %v", err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// segment is a part of a JWT (RFC 7519).
func segment(t testing.TB, part map[string]any) string {
	t.Helper()
	data, err := json.Marshal(part)
	if err != nil {
		t.Fatalf("encode a token: %v", err)
	}
	return base64.RawURLEncoding.EncodeToString(data)
}
