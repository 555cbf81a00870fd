// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vault

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
)

// invalidRow changes valid settings to ones with one problem.
type invalidRow struct {
	name   string
	change func(*Settings)
	want   string
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func validSettings() Settings { return Settings{Address: "https://vault:8200", Token: "hvs.good"} }

func testInvalid(t *testing.T, rows []invalidRow) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			cfg := validSettings()
			row.change(&cfg)
			_, err := New(cfg)
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Fatalf("got %v, want %q", err, row.want)
			}
			if _, ok := errors.AsType[*problem.Error](err); !ok || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error has no path of a setting, or quotes a value: %v", err)
			}
		})
	}
}

func TestInvalidCredentialsAreProblems(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string) string { return writeFile(t, name, text) }
	testInvalid(t, []invalidRow{
		{"no token", func(c *Settings) { c.Token = "" }, "token is required; set a token, a token file or a login"},
		{"two tokens", func(c *Settings) { c.TokenFile = "x" }, "token must be the only credential"},
		{"a login without a role", func(c *Settings) { c.Token, c.Login = "", &AppRole{} }, "login.approle.role_id is required"},
		{"a login and a token", func(c *Settings) { c.Login = &AppRole{RoleID: "x"} }, "token must be the only credential"},
		{"a token of two lines", func(c *Settings) { c.Token = "hvs.hunter2\nx" }, "token must be one line of printable ASCII"},
		{"a missing token file", func(c *Settings) { c.Token, c.TokenFile = "", filepath.Join(dir, "none") }, "token_file: read " + filepath.Join(dir, "none") + ": no such file"},
		{"an empty token file", func(c *Settings) { c.Token, c.TokenFile = "", file("empty", " \n") }, "must not be empty"},
		{"a folder for a token file", func(c *Settings) { c.Token, c.TokenFile = "", dir }, "not a regular file"},
		{"two secret ids", func(c *Settings) {
			c.Token, c.Login = "", &AppRole{RoleID: "x", SecretID: "hunter2", SecretIDFile: file("id", "hunter2")}
		}, "login.approle.secret_id must not be set together"},
		{"a missing secret id file", func(c *Settings) {
			c.Token, c.Login = "", &AppRole{RoleID: "x", SecretIDFile: filepath.Join(dir, "none")}
		}, "no such file"},
		{"no service account", func(c *Settings) { c.Token, c.Login = "", &Kubernetes{Role: "x"} }, defaultKubernetesTokenFile},
		{"a JWT twice", func(c *Settings) { c.Token, c.Login = "", &JWT{Token: "hunter2", TokenFile: file("jwt", "x")} }, "login.jwt.token must not be set together"},
		{"a user without a password", func(c *Settings) { c.Token, c.Login = "", &UserPass{Username: "ada"} }, "login.userpass.password is required"},
		{"a user who is a path", func(c *Settings) { c.Token, c.Login = "", &UserPass{Username: "a/b", Password: "hunter2"} }, "login.userpass.username must not contain"},
		{"a mount that leads elsewhere", func(c *Settings) { c.Token, c.Login = "", &AppRole{RoleID: "x", Mount: "../sys"} }, `login.approle.mount: invalid auth mount "../sys"`},
	})
}

func TestInvalidSettingsAreProblems(t *testing.T) {
	t.Parallel()
	file := func(name, text string) string { return writeFile(t, name, text) }
	testInvalid(t, []invalidRow{
		{"no address", func(c *Settings) { c.Address = "" }, "address is required"},
		{"an address without a scheme", func(c *Settings) { c.Address = "vault:8200" }, "address must be a URL"},
		{"an address with a password", func(c *Settings) { c.Address = "https://u:hunter2@vault" }, "address must not contain credentials"},
		{"an address of another machine without TLS", func(c *Settings) { c.Address = "http://vault.example.com:8200" },
			"address must begin with https:// (http:// is allowed only for this machine itself); if others cannot read the network, set allow_http to true"},
		{"an address like this machine's", func(c *Settings) { c.Address = "http://127.0.0.1.example.com" }, "address must begin with https://"},
		{"a CA file without a certificate", func(c *Settings) { c.CACert = file("ca", "hunter2") }, "no certificate found in PEM format"},
		{"a certificate without a key", func(c *Settings) { c.ClientCert = "x" }, "client_cert must be set together with"},
		{"a key that fits nothing", func(c *Settings) { c.ClientCert, c.ClientKey = file("c", "hunter2"), file("k", "hunter2") }, "not a certificate and its private key"},
		{"a certificate login without a certificate", func(c *Settings) { c.Token, c.Login = "", &Cert{} }, "client_cert is required to log in by certificate"},
		{"a CA twice", func(c *Settings) { c.CACert, c.CACertPEM = "x", "hunter2" }, "ca_cert_pem must not be set together"},
		{"a CA text without a certificate", func(c *Settings) { c.CACertPEM = "hunter2" }, "no certificate found in PEM format"},
		{"a header of Vault's", func(c *Settings) { c.Headers = map[string]string{"x-vault-TOKEN": "hunter2"} }, "reserved for Vault"},
		{"a header of our own", func(c *Settings) { c.Headers = map[string]string{"content-type": "hunter2"} }, "by the client itself"},
		{"a header with a space", func(c *Settings) { c.Headers = map[string]string{"A B": "hunter2"} }, "not a valid name of an HTTP header"},
		{"a header of two lines", func(c *Settings) { c.Headers = map[string]string{"X-A": "hunter2\r\nX-Vault-Token: x"} }, "one line"},
		{"a negative concurrency", func(c *Settings) { c.Concurrency = -1 }, "concurrency must be 1 to 1000"},
		{"too high a concurrency", func(c *Settings) { c.Concurrency = 1001 }, "concurrency must be 1 to 1000"},
		{"negative retries", func(c *Settings) { c.MaxRetries = new(-1) }, "max_retries must be 0 to 100"},
		{"a negative timeout", func(c *Settings) { c.RequestTimeout = -1 }, "request_timeout must not be negative"},
	})
}

func TestAllProblemsAreReportedAtOnce(t *testing.T) {
	t.Parallel()
	all := Settings{Headers: map[string]string{"X-Vault-Token": "x"}, MaxRetries: new(-1), Login: &AppRole{Mount: ".."}}
	if err := all.Check().Err(); strings.Count(err.Error(), "\n") != 4 {
		t.Errorf("Check: %v", err)
	}
	if _, err := New(Settings{}); strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("New: %v", err)
	}
}

func TestAddressWithoutTLSIsAllowedBySettingAndForThisMachine(t *testing.T) {
	t.Parallel()
	for address, allowed := range map[string]bool{"http://vault.example.com:8200": true, "http://10.0.0.1:8200": true, "http://127.0.0.1:8200": false, "http://localhost:8200": false} {
		cfg := validSettings()
		cfg.Address, cfg.AllowHTTP = address, allowed
		if _, err := New(cfg); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestValidSettings(t *testing.T) {
	t.Parallel()
	if _, err := New(validSettings()); err != nil {
		t.Error(err)
	}
	spaced := Settings{Address: "https://vault:8200", TokenFile: writeFile(t, "token", "hvs.good\n")}
	if c, err := New(spaced); err != nil || c.api.Token() != "hvs.good" {
		t.Errorf("a token file with a final newline: %v", err)
	}
}
