// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vault_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
	"github.com/relay-secrets/terraform-provider-relay/internal/vault"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// provider is an OpenID provider without a login page, as far as Vault uses one: it accepts
// every code, for the person "ada".
type provider struct {
	// URL is known before the first request: Vault's requests read it.
	URL string
	key *rsa.PrivateKey
	// nonce is that of the login under way.
	nonce atomic.Value
	codes atomic.Int32
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{key: key}
	answer := func(w http.ResponseWriter, body map[string]any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(body)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{
			"issuer": p.URL, "authorization_endpoint": p.URL + "/login", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
			"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"},
		})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		encode := base64.RawURLEncoding.EncodeToString
		answer(w, map[string]any{"keys": []any{map[string]any{
			"kty": "RSA", "alg": "RS256", "use": "sig", "n": encode(key.N.Bytes()), "e": encode(big.NewInt(int64(key.E)).Bytes()),
		}}})
	})
	mux.HandleFunc("/token", func(w http.ResponseWriter, _ *http.Request) {
		p.codes.Add(1)
		answer(w, map[string]any{"access_token": "a", "token_type": "Bearer", "id_token": p.idToken(t)})
	})
	server := httptest.NewUnstartedServer(mux)
	p.URL = "http://" + server.Listener.Addr().String()
	server.Start()
	t.Cleanup(server.Close)
	return p
}

func (p *provider) idToken(t *testing.T) string {
	part := func(v map[string]any) string {
		data, err := json.Marshal(v)
		if err != nil {
			t.Error(err)
		}
		return base64.RawURLEncoding.EncodeToString(data)
	}
	now := time.Now()
	text := part(map[string]any{"alg": "RS256", "typ": "JWT"}) + "." + part(map[string]any{
		"iss": p.URL, "aud": "relay", "sub": "ada", "nonce": p.nonce.Load(), "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
	})
	digest := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, p.key, crypto.SHA256, digest[:])
	if err != nil {
		t.Error(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

const redirectURI = "https://relay.example.com/login/oidc/callback"

// oidcMount enables a mount for the provider, with the role people.
func oidcMount(t *testing.T, v *vaulttest.Vault, p *provider) string {
	t.Helper()
	mount := person(t)
	call(t, v, "POST", "sys/auth/"+mount, map[string]any{"type": "jwt"})
	call(t, v, "POST", "auth/"+mount+"/config", map[string]any{
		"oidc_discovery_url": p.URL, "oidc_client_id": "relay", "oidc_client_secret": "s", "default_role": "people",
	})
	call(t, v, "POST", "auth/"+mount+"/role/people", map[string]any{
		"role_type": "oidc", "user_claim": "sub", "allowed_redirect_uris": []string{redirectURI}, "token_policies": "writer",
	})
	return mount
}

// begin begins a login, and returns the state that the provider would send back.
func (p *provider) begin(t *testing.T, clients *vault.Clients, mount, nonce string) (state string) {
	t.Helper()
	text, err := clients.OIDCAuthURL(t.Context(), "", mount, "", redirectURI, nonce)
	if err != nil {
		t.Fatal(err)
	}
	page, err := url.Parse(text)
	if err != nil || !strings.HasPrefix(text, p.URL+"/login?") || page.Query().Get("redirect_uri") != redirectURI {
		t.Fatalf("the login page is %s, %v", text, err)
	}
	p.nonce.Store(page.Query().Get("nonce"))
	return page.Query().Get("state")
}

func TestOIDCLogin(t *testing.T) {
	t.Parallel()
	v, p := vaulttest.Start(t), newProvider(t)
	mount := oidcMount(t, v, p)
	clients := newClients(t, vault.Settings{Address: v.Address})
	state := p.begin(t, clients, mount, "nonce-of-this-browser")
	issued, err := clients.OIDCCallback(t.Context(), "203.0.113.7", mount, state, "code", "nonce-of-this-browser")
	if err != nil {
		t.Fatal(err)
	}
	self, err := clients.WithToken(issued.Token, "").Self(t.Context())
	if err != nil || self.EntityID == "" || !issued.Renewable || issued.Lease <= 0 {
		t.Errorf("%+v, %v", self, err)
	}
	if _, err := clients.OIDCCallback(t.Context(), "", mount, state, "code", "nonce-of-this-browser"); !errors.Is(err, kv.ErrLoginFailed) {
		t.Errorf("the callback was accepted twice: %v", err)
	}
	if n := p.codes.Load(); n != 1 {
		t.Errorf("the code was sent %d times", n)
	}
}

func TestOIDCCallbackOfAnotherBrowser(t *testing.T) {
	t.Parallel()
	v, p := vaulttest.Start(t), newProvider(t)
	mount := oidcMount(t, v, p)
	clients := newClients(t, vault.Settings{Address: v.Address})
	state := p.begin(t, clients, mount, "nonce-of-this-browser")
	for _, nonce := range []string{"nonce-of-another", ""} {
		_, err := clients.OIDCCallback(t.Context(), "", mount, state, "hunter2", nonce)
		_, incomplete := errors.AsType[*problem.Error](err)
		if !errors.Is(err, kv.ErrLoginFailed) && !incomplete || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), state) {
			t.Errorf("nonce %q: %v", nonce, err)
		}
	}
	if n := p.codes.Load(); n != 0 {
		t.Error("the code was sent to the provider")
	}
}

func TestOIDCLoginNeedsTheRedirectURIInTheRole(t *testing.T) {
	t.Parallel()
	v, p := vaulttest.Start(t), newProvider(t)
	mount := oidcMount(t, v, p)
	clients := newClients(t, vault.Settings{Address: v.Address})
	for role, want := range map[string]string{
		"people": `Hint: add https://other.example.com/callback to allowed_redirect_uris of the role "people"`,
		"":       "allowed_redirect_uris of the default role",
	} {
		_, err := clients.OIDCAuthURL(t.Context(), "", mount, role, "https://other.example.com/callback", "n")
		if !errors.Is(err, kv.ErrLoginFailed) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "Vault returned no address of a login page") {
			t.Errorf("role %q: %v", role, err)
		}
	}
	for _, role := range []string{"unknown"} {
		if _, err := clients.OIDCAuthURL(t.Context(), "", mount, role, redirectURI, "n"); !errors.Is(err, kv.ErrLoginFailed) {
			t.Errorf("role %q: %v", role, err)
		}
	}
	if _, err := clients.OIDCAuthURL(t.Context(), "", "../sys", "people", redirectURI, "n"); err == nil || !strings.Contains(err.Error(), "invalid auth mount") {
		t.Errorf("a mount with ..: %v", err)
	}
}
