// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// complete returns a provider block with all required settings.
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

// resolveRow is a row of the tests of the provider block.
type resolveRow struct {
	name      string
	change    func(*providerModel)
	variables map[string]string
	want      func(settings) bool
	problems  []string // "attribute: part of the text"
}

func resolvedSettings() []resolveRow {
	full := map[string]string{
		"VAULT_ADDR": "https://env.example.com", "VAULT_NAMESPACE": "team", "VAULT_TOKEN": "from-env", "RELAY_OWNER": "from-env",
	}
	return []resolveRow{
		{"defaults are Relay's", func(*providerModel) {}, nil, func(s settings) bool {
			return s.mount == "customers" && s.prefix == "workflows" && s.settle == 30*time.Second && s.owner == "terraform/shop"
		}, nil},
		{"the block takes precedence over the environment", func(*providerModel) {}, full, func(s settings) bool {
			return s.vault.Address == "https://vault.example.com:8200" && s.vault.Token == "from-block" &&
				s.owner == "terraform/shop" && s.vault.Namespace == "team"
		}, nil},
		{"the environment sets what the block does not", func(m *providerModel) { *m = providerModel{} }, full, func(s settings) bool {
			return s.vault.Address == "https://env.example.com" && s.vault.Token == "from-env" && s.owner == "terraform/from-env"
		}, nil},
		{"an empty string is not set", func(m *providerModel) { m.Owner = types.StringValue("") }, full, func(s settings) bool {
			return s.owner == "terraform/from-env"
		}, nil},
		{"slashes around mount and prefix are removed", func(m *providerModel) {
			m.Mount, m.Prefix = types.StringValue("/kv/team/"), types.StringValue("a/b/")
		}, nil, func(s settings) bool { return s.mount == "kv/team" && s.prefix == "a/b" }, nil},
		{"Vault settings from the environment", func(*providerModel) {}, map[string]string{
			"VAULT_MAX_RETRIES": "7", "VAULT_HEADERS": `{"X-Team":"shop"}`, "VAULT_TLS_SERVER_NAME": "vault.internal", "VAULT_NAMESPACE": "team",
		}, func(s settings) bool {
			return *s.vault.MaxRetries == 7 && s.vault.Headers["X-Team"] == "shop" && s.vault.TLSServerName == "vault.internal"
		}, nil},
		{"Vault settings from the block", func(m *providerModel) {
			m.MaxRetries, m.MaxConcurrentRequests = types.Int64Value(0), types.Int64Value(1000)
			m.Headers, m.TLSServerName, m.RequireWriteOnly = headers("X-Team", "shop"), types.StringValue("vault.internal"), types.StringValue("off")
		}, map[string]string{"VAULT_MAX_RETRIES": "7", "VAULT_HEADERS": "no JSON", "VAULT_TLS_SERVER_NAME": "other"}, func(s settings) bool {
			return *s.vault.MaxRetries == 0 && s.vault.Concurrency == 1000 && s.vault.Headers["X-Team"] == "shop" &&
				s.vault.TLSServerName == "vault.internal" && s.readGuard == secrets.IgnoreReadable
		}, nil},
		{"require_write_only is warn by default", func(*providerModel) {}, nil, func(s settings) bool { return s.readGuard == secrets.WarnIfReadable }, nil},
		{"encoding is relay by default", func(*providerModel) {}, nil, func(s settings) bool { return s.encoding == secrets.RelayEncoding }, nil},
		{"unknown settings are not checked", func(m *providerModel) {
			m.Address, m.Token, m.Owner = types.StringUnknown(), types.StringUnknown(), types.StringUnknown()
			m.Mount, m.ClientKeyFile = types.StringUnknown(), types.StringUnknown()
			m.ClientCertFile = types.StringValue("/does/not/exist")
			m.MaxRetries, m.MaxConcurrentRequests, m.RequireWriteOnly = types.Int64Unknown(), types.Int64Unknown(), types.StringUnknown()
			m.Headers = types.MapValueMust(types.StringType, map[string]attr.Value{"X-Team": types.StringUnknown()})
		}, nil, func(s settings) bool {
			return slices.Equal(s.unknownSettings, []string{
				"address", "client_key_file", "headers", "max_concurrent_requests", "max_retries", "mount", "owner", "require_write_only", "token",
			}) && s.mount == ""
		}, nil},
	}
}

func invalidSettings() []resolveRow {
	return []resolveRow{
		{"all missing settings are reported", func(m *providerModel) { *m = providerModel{} }, nil, nil,
			[]string{"owner is required; set it or RELAY_OWNER", "address is required, such as https://vault.example.com:8200; set it or the environment variable VAULT_ADDR", "token is required"}},
		{"all invalid settings are reported", func(m *providerModel) {
			m.Owner, m.Settle = types.StringValue("a/b"), types.StringValue("0s")
			m.Mount, m.Prefix = types.StringValue("a//b"), types.StringValue("+")
			m.Address, m.Token = types.StringValue("ftp://x"), types.StringValue("two\nlines")
			m.CACertFile, m.ClientCertFile = types.StringValue("/does/not/exist"), types.StringValue("/alone")
			m.RequireWriteOnly, m.MaxRetries, m.MaxConcurrentRequests = types.StringValue("yes"), types.Int64Value(-1), types.Int64Value(0)
			m.Encoding = types.StringValue("base64")
			m.Headers = headers("X-Vault-Token", "hunter2")
		}, nil, nil, []string{
			"owner: owner id", "settle must be a duration", `require_write_only must be "warn"`, `encoding must be "relay" or "refuse"; it is "base64"`, "mount: mount", "prefix: prefix",
			"max_concurrent_requests must be at least 1", "address must be a URL",
			"client_cert_file must be set together", "headers: the header X-Vault-Token is reserved", "max_retries must be 0 to 100",
			"token must be one line of printable ASCII",
			"ca_cert_file: read /does/not/exist: no such file",
		}},
		{"an address without TLS must be of this machine", func(m *providerModel) {
			m.Address = types.StringValue("http://vault.example.com:8200")
		}, nil, nil, []string{"address must begin with https:// (http:// is allowed only for this machine itself); if others cannot read the network, set allow_http to true"}},
		{"VAULT_ADDR without TLS must be of this machine", func(m *providerModel) {
			m.Address, m.AllowHTTP = types.StringNull(), types.BoolValue(false)
		}, map[string]string{"VAULT_ADDR": "http://vault:8200"}, nil, []string{"address must begin with https://"}},
		{"a prefix inside relay-sync's own folder is reserved", func(m *providerModel) {
			m.Prefix = types.StringValue("/relay-sync/cluster-1/")
		}, nil, nil, []string{`prefix: prefix "relay-sync/cluster-1": "relay-sync" is reserved`}},
		{"invalid variables are reported", func(*providerModel) {}, map[string]string{
			"VAULT_MAX_RETRIES": "many", "VAULT_HEADERS": "hunter2",
		}, nil, []string{`max_retries must be a whole number; it is "many"`, "headers must be a JSON object of strings in VAULT_HEADERS"}},
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	for _, row := range append(resolvedSettings(), invalidSettings()...) {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			model := complete()
			row.change(&model)
			got, problems := resolve(model, environmentOf(row.variables))
			if row.want != nil && !row.want(got) {
				t.Errorf("resolved to %+v", got)
			}
			compareProblems(t, problems, row.problems)
		})
	}
}

func headers(name, value string) types.Map {
	return types.MapValueMust(types.StringType, map[string]attr.Value{name: types.StringValue(value)})
}

func TestCACertificatesComeFromOneOrigin(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, file, text, fileVariable, textVariable string
		wantFile, wantText                           string
	}{
		{name: "neither"},
		{name: "a file", file: "a", wantFile: "a"},
		{name: "a file before all of the environment", file: "a", fileVariable: "b", textVariable: "c", wantFile: "a"},
		{name: "a text before all of the environment", text: "a", fileVariable: "b", textVariable: "c", wantText: "a"},
		{name: "the environment's file", fileVariable: "b", wantFile: "b"},
		{name: "the environment's text first", fileVariable: "b", textVariable: "c", wantText: "c"},
		{name: "both in the block, which is refused later", file: "a", text: "b", wantFile: "a", wantText: "b"},
	} {
		file := settingOrigin{value: types.StringValue(row.file), variable: "FILE"}
		text := settingOrigin{value: types.StringValue(row.text), variable: "TEXT"}
		env := environmentOf(map[string]string{"FILE": row.fileVariable, "TEXT": row.textVariable})
		if gotFile, gotText := caCertificates(file, text, env); gotFile != row.wantFile || gotText != row.wantText {
			t.Errorf("%s: file %q, text %q", row.name, gotFile, gotText)
		}
	}
}

func TestVaultLoginTokenIsUsedLast(t *testing.T) {
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
	if len(problems) > 0 || got.vault.TokenFile != file {
		t.Errorf("the file is not used: %v, problems %v", got.vault.TokenFile, problems)
	}
	got, problems = resolve(complete(), env)
	if len(problems) > 0 || got.vault.TokenFile != "" {
		t.Errorf("the file is used in addition to a token: %v, problems %v", got.vault.TokenFile, problems)
	}
}

// tableRow is a row of the documentation: an attribute, its variable, and its default.
var tableRow = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (?:`([A-Z_]+)` )?\\| (?:`([^`]+)`|[^`|]*)[^|]*\\|$")

func TestDocumentationListsEverySetting(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../templates/index.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, row := range tableRow.FindAllStringSubmatch(string(page), -1) {
		got = append(got, strings.Join(row[1:], " "))
	}
	var want []string
	for _, s := range (providerModel{}).settingOrigins() {
		fallback := s.fallback
		switch s.attribute {
		case "token":
			fallback = "~/.vault-token"
		case "tls_server_name":
			fallback = ""
		}
		want = append(want, strings.Join([]string{s.attribute, s.variable, fallback}, " "))
	}
	want = append(want, "fingerprint_key "+fingerprintVariable+" ")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the table of templates/index.md.tmpl differs from the code (-code +page):\n%s", diff)
	}
	for name := range providerSchema().Attributes {
		inBlockOnly := name == "auth" || name == "defaults" || name == "accept_new_mount"
		if !inBlockOnly && !slices.ContainsFunc(want, func(row string) bool { return strings.HasPrefix(row, name+" ") }) {
			t.Errorf("the attribute %s is in no row", name)
		}
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
