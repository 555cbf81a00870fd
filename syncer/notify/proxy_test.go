// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package notify

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/proxytest"
)

// TestNotificationUsesItsProxyAndNoneOfTheEnvironment is not parallel: it sets the
// environment.
func TestNotificationUsesItsProxyAndNoneOfTheEnvironment(t *testing.T) {
	proxy := proxytest.Start(t, "")
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "ALL_PROXY"} {
		t.Setenv(name, proxy.URL)
	}
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("a secret that is long enough"), 0o600); err != nil {
		t.Fatal(err)
	}
	for configured, want := range map[string][]string{"": nil, proxy.URL: {"CONNECT hooks.invalid:443"}} {
		n, err := New(map[string][]Config{"s": {{Webhook: &Webhook{URL: "https://hooks.invalid/x", SecretFile: secret, Proxy: configured}}}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := n.targets["s"][0].attempt(t.Context(), notice{}, "id"); err == nil {
			t.Error("a notification arrived")
		}
		if got := proxy.Asked(); !slices.Equal(got, want) {
			t.Errorf("proxy %q: the proxy was asked for %q, want %q", configured, got, want)
		}
	}
}
