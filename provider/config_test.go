// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

// complete is a provider block that needs nothing else.
func complete() providerModel {
	return providerModel{
		Address: types.StringValue("https://vault.example.com:8200"),
		Token:   types.StringValue("from-block"),
		Owner:   types.StringValue("shop"),
	}
}

func environmentOf(variables map[string]string) environment {
	return environment{get: func(name string) string { return variables[name] }}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	full := map[string]string{
		"VAULT_ADDR": "https://env.example.com", "VAULT_NAMESPACE": "team", "VAULT_TOKEN": "from-env", "RELAY_OWNER": "from-env",
	}
	for _, row := range []struct {
		name      string
		change    func(*providerModel)
		variables map[string]string
		want      func(settings) bool
		problems  []string // "attribute: part of the text"
	}{
		{"defaults are Relay's", func(*providerModel) {}, nil, func(s settings) bool {
			return s.mount == "customers" && s.prefix == "workflows" && s.settle == 30*time.Second && s.owner == "terraform/shop"
		}, nil},
		{"the block goes before the environment", func(*providerModel) {}, full, func(s settings) bool {
			return s.connection.Address == "https://vault.example.com:8200" && s.connection.Token == "from-block" &&
				s.owner == "terraform/shop" && s.connection.Namespace == "team"
		}, nil},
		{"the environment fills in", func(m *providerModel) { *m = providerModel{} }, full, func(s settings) bool {
			return s.connection.Address == "https://env.example.com" && s.connection.Token == "from-env" && s.owner == "terraform/from-env"
		}, nil},
		{"an empty text counts as none", func(m *providerModel) { m.Owner = types.StringValue("") }, full, func(s settings) bool {
			return s.owner == "terraform/from-env"
		}, nil},
		{"slashes around mount and prefix do not count", func(m *providerModel) {
			m.Mount, m.Prefix = types.StringValue("/kv/team/"), types.StringValue("a/b/")
		}, nil, func(s settings) bool { return s.mount == "kv/team" && s.prefix == "a/b" }, nil},
		{"all that is missing is named", func(m *providerModel) { *m = providerModel{} }, nil, nil,
			[]string{"owner: no owner", "address: no Vault address", "token: no Vault token"}},
		{"all that is wrong is named", func(m *providerModel) {
			m.Owner, m.Settle = types.StringValue("a/b"), types.StringValue("0s")
			m.Mount, m.Prefix = types.StringValue("a//b"), types.StringValue("+")
			m.Address, m.Token = types.StringValue("ftp://x"), types.StringValue("two\nlines")
			m.CACert, m.ClientCert = types.StringValue("/does/not/exist"), types.StringValue("/alone")
		}, nil, nil, []string{
			"owner: owner id", "settle: settle", "mount: mount", "prefix: prefix", "address: ", "token: the Vault token holds a character",
			"ca_cert: reading", "client_cert: a client certificate needs both",
		}},
		{"what is not known yet is not judged", func(m *providerModel) {
			m.Address, m.Token, m.Owner = types.StringUnknown(), types.StringUnknown(), types.StringUnknown()
			m.Mount, m.ClientKey = types.StringUnknown(), types.StringUnknown()
			m.ClientCert = types.StringValue("/does/not/exist")
		}, nil, func(s settings) bool {
			return slices.Equal(s.unknown, []string{"address", "client_key", "mount", "owner", "token"}) && s.mount == ""
		}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			model := complete()
			row.change(&model)
			got, problems := resolve(model, environmentOf(row.variables))
			if row.want != nil && !row.want(got) {
				t.Errorf("resolved to %+v", got)
			}
			if len(problems) != len(row.problems) {
				t.Errorf("problems %v, want %v", problems, row.problems)
				return
			}
			for i, found := range problems {
				if text := found.attribute + ": " + found.text; !strings.HasPrefix(text, row.problems[i]) {
					t.Errorf("problem %q, want %q", text, row.problems[i])
				}
			}
		})
	}
}

func TestTheTokenOfVaultLoginIsUsedLast(t *testing.T) {
	t.Parallel()
	env := environmentOf(nil)
	env.home = t.TempDir()
	model := complete()
	model.Token = types.StringNull()
	if _, problems := resolve(model, env); len(problems) != 1 {
		t.Errorf("without a token there are these problems: %v", problems)
	}
	file := filepath.Join(env.home, ".vault-token")
	if err := os.WriteFile(file, []byte("from-login"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, problems := resolve(model, env)
	if len(problems) > 0 || got.connection.TokenFile != file {
		t.Errorf("the file is not used: %v, problems %v", got.connection.TokenFile, problems)
	}
	got, problems = resolve(complete(), env)
	if len(problems) > 0 || got.connection.TokenFile != "" {
		t.Errorf("the file is used beside a token: %v, problems %v", got.connection.TokenFile, problems)
	}
}

func TestUserAgent(t *testing.T) {
	t.Parallel()
	const plain = "Terraform/1.11.4 (+https://www.terraform.io) terraform-provider-relay/0.1.0"
	if got := userAgent("1.11.4", "0.1.0", ""); got != plain {
		t.Errorf("user agent %q", got)
	}
	if got := userAgent("1.11.4", "0.1.0", " ci/7 "); got != plain+" ci/7" {
		t.Errorf("user agent %q", got)
	}
}
