// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package manual

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
)

func TestOwner(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]secrets.Owner{
		"userpass-ada":         "person/userpass-ada",
		"token-ci.bot_1":       "person/token-ci.bot_1",
		"oidc-Ada@Example.com": "person/oidc-ada_at_example.com",
	} {
		if got, err := Owner(name); err != nil || got != want {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
	for _, name := range []string{"", "token", "root", "approle", "ldap-ada lovelace", "ldap-ada/x", "oidc-ådå", strings.Repeat("a", 49)} {
		if got, err := Owner(name); err == nil || !strings.Contains(err.Error(), "--as NAME") {
			t.Errorf("%q: %s, %v", name, got, err)
		}
	}
}

func TestAPersonsConnection(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	env := func(variables map[string]string) Environment {
		return Environment{Get: func(name string) string { return variables[name] }, Home: home}
	}
	if got := env(nil).VaultSettings(); !cmp.Equal(got, vaultclient.Settings{}) {
		t.Errorf("from nothing: %+v", got)
	}
	all := map[string]string{
		"VAULT_ADDR": "https://v", "VAULT_NAMESPACE": "team", "VAULT_TOKEN": "t", "VAULT_CACERT": "ca.pem",
		"VAULT_CLIENT_CERT": "c.pem", "VAULT_CLIENT_KEY": "k.pem", "VAULT_TLS_SERVER_NAME": "vault",
	}
	want := vaultclient.Settings{
		Address: "https://v", Namespace: "team", Token: "t", CACert: "ca.pem",
		ClientCert: "c.pem", ClientKey: "k.pem", TLSServerName: "vault",
	}
	if diff := cmp.Diff(want, env(all).VaultSettings()); diff != "" {
		t.Error(diff)
	}
	all["VAULT_CACERT_BYTES"], want.CACertPEM, want.CACert = "PEM", "PEM", ""
	if diff := cmp.Diff(want, env(all).VaultSettings()); diff != "" {
		t.Errorf("an authority in the environment:\n%s", diff)
	}
	file := filepath.Join(home, ".vault-token")
	if err := os.WriteFile(file, []byte("t"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := env(nil).VaultSettings(); got.TokenFile != file || got.Token != "" {
		t.Errorf("after vault login: %+v", got)
	}
	if got := env(all).VaultSettings(); got.TokenFile != "" {
		t.Errorf("VAULT_TOKEN is not the first: %+v", got)
	}
	configured := vaultclient.Settings{Address: "https://c", Login: &vaultclient.AppRole{RoleID: "r"}, TokenFile: "f"}
	if got := env(nil).ReplaceCredentials(configured); !cmp.Equal(got, configured) {
		t.Errorf("a configuration without VAULT_TOKEN: %+v", got)
	}
	if got := env(all).ReplaceCredentials(configured); got.Token != "t" || got.Login != nil || got.TokenFile != "" || got.Address != "https://c" {
		t.Errorf("a configuration with VAULT_TOKEN: %+v", got)
	}
}

// prompted answers one after the other.
func prompted(answers ...string) func(string) (string, error) {
	return func(string) (string, error) {
		if len(answers) == 0 {
			return "", errors.New("asked too often")
		}
		answer := answers[0]
		answers = answers[1:]
		return answer, nil
	}
}

func TestInput(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "value")
	if err := os.WriteFile(file, []byte("from a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	stdin := func(text string) Input { return Input{Stdin: strings.NewReader(text), MaxBytes: 20} }
	kept := stdin("a\n")
	kept.KeepNewline = true
	for name, c := range map[string]struct {
		in         Input
		want, says string
	}{
		"no newline":        {in: stdin("a"), want: "a"},
		"one newline":       {in: stdin("a\n"), want: "a"},
		"two newlines":      {in: stdin("a\n\n"), want: "a\n"},
		"lines":             {in: stdin("a\r\nb\r\n"), want: "a\r\nb\r"},
		"a newline kept":    {in: kept, want: "a\n"},
		"bytes":             {in: stdin("\x00\xff"), want: "\x00\xff"},
		"as much as may be": {in: stdin(strings.Repeat("a", 20) + "\n"), want: strings.Repeat("a", 20)},
		"too much":          {in: stdin(strings.Repeat("a", 22)), says: "larger than the limit of 20 bytes"},
		"nothing":           {in: stdin(""), says: "the value is empty"},
		"only a newline":    {in: stdin("\n"), says: "the value is empty"},
		"a file":            {in: Input{File: file, Prompt: prompted(), Stdin: strings.NewReader("x")}, want: "from a file\n"},
		"no file":           {in: Input{File: file + "-none"}, says: "no such file"},
		"a prompt":          {in: Input{Prompt: prompted("a ", "a ")}, want: "a "},
		"a slip":            {in: Input{Prompt: prompted("first", "second")}, says: "the two values differ"},
		"only return":       {in: Input{Prompt: prompted("")}, says: "the value is empty"},
		"a prompt that was": {in: Input{Prompt: prompted("a")}, says: "asked too often"},
	} {
		got, err := c.in.text(secrets.Address{})
		if c.says == "" && (err != nil || got != c.want) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %q, %v, want %q", name, got, err, c.says)
		}
	}
}
