// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vault_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/vault"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// TestLoginMountIsSeenWithoutATokenAndWithoutALogin with real auth methods.
func TestLoginMountIsSeenWithoutATokenAndWithoutALogin(t *testing.T) {
	t.Parallel()
	v := vaulttest.StartOwn(t)
	enable := func(mount, kind string, visible bool) {
		body := map[string]any{"type": kind}
		if visible {
			body["config"] = map[string]any{"listing_visibility": "unauth"}
		}
		if status, answer := v.Call(t, v.RootToken, http.MethodPost, "sys/auth/"+mount, body); status >= http.StatusBadRequest {
			t.Fatalf("enable %s: %d %v", mount, status, answer)
		}
	}
	enable("hidden", "userpass", false)
	enable("deep/shown", "userpass", true)
	enable("roles", "approle", true)
	proxy := vaulttest.NewProxy(t, v.Address)
	clients, err := vault.NewClients(vault.Settings{Address: proxy.Address, AllowHTTP: true})
	if err != nil {
		t.Fatal(err)
	}
	for mount, want := range map[string]vault.LoginMount{
		"hidden": {Found: true}, "deep/shown": {Found: true, Type: "userpass"}, "roles": {Type: "approle"}, "missing": {}, "deep": {},
	} {
		if got, err := clients.LoginMount(t.Context(), mount); err != nil || got != want {
			t.Errorf("%s: %+v, %v", mount, got, err)
		}
	}
	for _, r := range proxy.Requests() {
		if r.Method != http.MethodGet || strings.Contains(r.Path, "v1/v1") {
			t.Errorf("%s %s", r.Method, r.Path)
		}
	}
	v.Seal(t)
	if _, err := clients.LoginMount(t.Context(), "hidden"); err == nil {
		t.Error("no error of a sealed Vault")
	}
}
