// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func TestProxyComesFromTheEnvironment(t *testing.T) {
	t.Parallel()
	const address, local = "https://vault.example.com:8200", "http://vault.example.com:8200"
	for name, test := range map[string]struct {
		address     string
		variables   map[string]string
		url, except string
	}{
		"none":                      {address, nil, "", ""},
		"Vault's":                   {address, map[string]string{"VAULT_PROXY_ADDR": "http://a:1", "VAULT_HTTP_PROXY": "http://b:1", "HTTPS_PROXY": "http://c:1"}, "http://a:1", ""},
		"Vault's older":             {local, map[string]string{"VAULT_HTTP_PROXY": "http://b:1", "HTTPS_PROXY": "http://c:1"}, "http://b:1", ""},
		"Vault's and NO_PROXY":      {local, map[string]string{"VAULT_HTTP_PROXY": "http://b:1", "NO_PROXY": "x"}, "http://b:1", "x"},
		"HTTPS_PROXY":               {address, map[string]string{"HTTPS_PROXY": "http://c:1"}, "http://c:1", "localhost"},
		"HTTPS_PROXY, no scheme":    {address, map[string]string{"https_proxy": "c:1", "no_proxy": "x,y"}, "http://c:1", "x,y"},
		"HTTPS_PROXY without TLS":   {local, map[string]string{"HTTPS_PROXY": "http://c:1"}, "", ""},
		"HTTP_PROXY":                {local, map[string]string{"HTTP_PROXY": "http://d:1", "http_proxy": "http://d:1"}, "", ""},
		"HTTP_PROXY is not for TLS": {address, map[string]string{"HTTP_PROXY": "http://d:1", "ALL_PROXY": "http://d:1"}, "", ""},
	} {
		m := complete()
		m.Address, m.AllowHTTP = types.StringValue(test.address), types.BoolValue(test.address == local)
		s, problems := resolve(m, environmentOf(test.variables))
		if len(problems) > 0 || s.vault.Proxy != test.url || s.vault.NoProxy != test.except {
			t.Errorf("%s: proxy %q except %q, %v", name, s.vault.Proxy, s.vault.NoProxy, problems)
		}
	}
}

func TestInvalidProxyAndRedirectHostsAreNamed(t *testing.T) {
	t.Parallel()
	m := complete()
	m.RedirectHosts = types.ListValueMust(types.StringType, []attr.Value{types.StringValue("vault-1:8200"), types.StringValue("https://vault-2")})
	s, problems := resolve(m, environmentOf(map[string]string{"VAULT_PROXY_ADDR": "ftp://hunter2"}))
	want := map[string]string{
		"address":        "the proxy in the environment variable VAULT_PROXY_ADDR must be the URL of a proxy",
		"redirect_hosts": "must be a host name or host:port",
	}
	if len(problems) != len(want) || len(s.vault.RedirectHosts) != 2 {
		t.Fatalf("%v, %q", problems, s.vault.RedirectHosts)
	}
	for _, p := range problems {
		if !strings.Contains(p.detail(), want[p.Path]) || strings.Contains(p.detail(), "hunter2") {
			t.Errorf("%s: %q", p.Path, p.detail())
		}
	}
}

func TestProxyAttributeReplacesTheEnvironment(t *testing.T) {
	t.Parallel()
	env := environmentOf(map[string]string{"VAULT_PROXY_ADDR": "http://a:1", "HTTPS_PROXY": "http://c:1", "NO_PROXY": "vault.example.com"})
	m := complete()
	m.Address, m.Proxy = types.StringValue("https://vault.example.com:8200"), types.StringValue("http://own:3128")
	if s, problems := resolve(m, env); len(problems) > 0 || s.vault.Proxy != "http://own:3128" || s.vault.NoProxy != "" {
		t.Errorf("proxy %q except %q, %v", s.vault.Proxy, s.vault.NoProxy, problems)
	}
	m.Proxy = types.StringUnknown()
	if s, problems := resolve(m, env); len(problems) > 0 || s.vault.Proxy != "" || !slices.Contains(s.unknownSettings, "proxy") {
		t.Errorf("while it is not known: proxy %q, %v", s.vault.Proxy, problems)
	}
	for text, want := range map[string]string{"own:3128": "must be the URL of a proxy", "http://user:hunter2@own:3128": "must not contain credentials"} {
		m.Proxy = types.StringValue(text)
		_, problems := resolve(m, env)
		if len(problems) != 1 || problems[0].Path != "proxy" || !strings.Contains(problems[0].detail(), want) || strings.Contains(problems[0].detail(), "hunter2") {
			t.Errorf("%s: %v", text, problems)
		}
	}
}
