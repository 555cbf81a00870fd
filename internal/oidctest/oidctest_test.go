// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package oidctest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/browsertest"
	"github.com/relay-secrets/terraform-provider-relay/internal/oidctest"
	"github.com/relay-secrets/terraform-provider-relay/internal/tools"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// callback is a server that a provider sends people back to. It passes on what they bring.
func callback(t *testing.T) (redirectURI string, brought <-chan url.Values) {
	t.Helper()
	queries := make(chan url.Values, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!doctype html><title>Back</title><h1>Back</h1>`)
		if r.URL.Path == "/callback" {
			queries <- r.URL.Query()
		}
	}))
	t.Cleanup(server.Close)
	return server.URL + "/callback", queries
}

func TestPersonLogsInToVaultInTheBrowser(t *testing.T) {
	t.Parallel()
	redirectURI, brought := callback(t)
	ada := oidctest.Person{Email: "ada@example.com", Password: vaulttest.Canary(t)}
	v, mount := vaulttest.Start(t), vaulttest.Workflow(t)
	v.OIDC(t, mount, oidctest.Start(t, redirectURI, ada), `path "customers/metadata/*" { capabilities = ["list"] }`)

	authURL := func(redirectURI string) string {
		_, answer := v.Call(t, "", http.MethodPut, "auth/"+mount+"/oidc/auth_url",
			map[string]any{"redirect_uri": redirectURI, "client_nonce": "of this browser"})
		return answer["data"].(map[string]any)["auth_url"].(string)
	}
	if address := authURL(strings.Replace(redirectURI, "127.0.0.1", "other.test", 1)); address != "" {
		t.Errorf("Vault accepts another redirect_uri: %s", address)
	}

	tab := browsertest.New(t)
	tab.Open(authURL(redirectURI))
	oidctest.Person{Email: ada.Email, Password: "wrong"}.LogIn(tab)
	if !strings.Contains(tab.Text(), "username or password wrong") {
		t.Errorf("after a wrong password: %s", tab.Text())
	}
	ada.LogIn(tab)
	if !tab.Has("heading", "Back") {
		t.Fatalf("after the login: %s", tab.Text())
	}

	query := <-brought
	exchange := func(nonce string) (int, map[string]any) {
		query.Set("client_nonce", nonce)
		return v.Call(t, "", http.MethodGet, "auth/"+mount+"/oidc/callback?"+query.Encode(), nil)
	}
	status, answer := exchange("of this browser")
	if status != http.StatusOK {
		t.Fatalf("Vault's callback: status %d: %v", status, answer)
	}
	token := answer["auth"].(map[string]any)["client_token"].(string)
	if status, _ := v.Call(t, token, "LIST", "customers/metadata/", nil); status != http.StatusOK && status != http.StatusNotFound {
		t.Errorf("the person's policy: status %d", status)
	}
	_, self := v.Call(t, token, http.MethodGet, "auth/token/lookup-self", nil)
	if got, want := self["data"].(map[string]any)["display_name"], mount+"-ada@example.com"; got != want {
		t.Errorf("display name %q, want %q", got, want)
	}
}

func TestCallbackOfAnotherBrowserIsRefused(t *testing.T) {
	t.Parallel()
	redirectURI, brought := callback(t)
	ada := oidctest.Person{Email: "ada@example.com", Password: vaulttest.Canary(t)}
	v, mount := vaulttest.Start(t), vaulttest.Workflow(t)
	v.OIDC(t, mount, oidctest.Start(t, redirectURI, ada), "# no rules")
	_, answer := v.Call(t, "", http.MethodPut, "auth/"+mount+"/oidc/auth_url",
		map[string]any{"redirect_uri": redirectURI, "client_nonce": "of this browser"})
	tab := browsertest.New(t)
	tab.Open(answer["data"].(map[string]any)["auth_url"].(string))
	ada.LogIn(tab)
	query := <-brought
	query.Set("client_nonce", "of another browser")
	if status, _ := v.Call(t, "", http.MethodGet, "auth/"+mount+"/oidc/callback?"+query.Encode(), nil); status != http.StatusBadRequest {
		t.Errorf("Vault's callback: status %d", status)
	}
}

func TestProviderListensOnLoopbackOnly(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), tools.Path(t, "oidc-provider"), "-listen", "0.0.0.0:0")
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), `invalid -listen "0.0.0.0": must be a loopback IP address`) {
		t.Errorf("error %v: %s", err, out)
	}
}
