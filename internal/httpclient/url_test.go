// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package httpclient_test

import (
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/httpclient"
)

func TestParseAddress(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://vault.example.com":           "",
		"https://vault.example.com:8200/base": "",
		"http://127.0.0.1:8200":               "",
		"https://[::1]:8200":                  "",
		"":                                    "must be a URL",
		"vault.example.com":                   "must be a URL",
		"vault.example.com:8200":              "must be a URL",
		"//vault.example.com":                 "must be a URL",
		"ftp://vault.example.com":             "must be a URL",
		"https://":                            "must be a URL",
		"https://:8200":                       "must be a URL",
		"https://vault:99999":                 "must be a URL",
		"https://vault:port":                  "must be a URL",
		"https://u:canary@vault":              "credentials",
		"https://vault?token=canary":          "query",
		"https://vault?":                      "query",
		"https://vault#canary":                "fragment",
	} {
		_, err := httpclient.ParseAddress(address)
		switch {
		case want == "" && err != nil, want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%q: got %v, want %q", address, err, want)
		case err != nil && strings.Contains(err.Error(), "canary"):
			t.Errorf("%q: the error quotes the address: %v", address, err)
		}
	}
	if _, err := httpclient.ParseURL("https://hooks.example.com/x?id=1"); err != nil {
		t.Errorf("a URL with a query: %v", err)
	}
}

func TestRequireTLS(t *testing.T) {
	t.Parallel()
	for address, accepted := range map[string]bool{
		"https://host": true, "http://localhost:8200": true, "http://127.0.0.2": true, "http://[::1]": true,
		"http://host": false, "http://localhost.example.com": false,
	} {
		u, err := httpclient.ParseAddress(address)
		if err != nil {
			t.Fatal(err)
		}
		if got := httpclient.RequireTLS(u) == nil; got != accepted {
			t.Errorf("%s: accepted %v", address, got)
		}
	}
}

func TestCheckHostAndProxy(t *testing.T) {
	t.Parallel()
	for host, valid := range map[string]bool{
		"vault-1": true, "vault-1:8200": true, "[::1]:8200": true, "": false, "https://vault": false, "vault/x": false, "u@vault": false, "vault:x": false,
	} {
		if got := httpclient.CheckHost(host) == nil; got != valid {
			t.Errorf("host %q: valid %v", host, got)
		}
	}
	for proxy, valid := range map[string]bool{
		"": true, "http://proxy:3128": true, "socks5://proxy": true, "proxy:3128": false, "ftp://proxy": false, "http://u:canary@proxy": false,
	} {
		err := httpclient.CheckProxy(proxy)
		if (err == nil) != valid || err != nil && strings.Contains(err.Error(), "canary") {
			t.Errorf("proxy %q: %v", proxy, err)
		}
	}
}
