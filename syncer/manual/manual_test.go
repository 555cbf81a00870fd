// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package manual

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
)

func TestDeletionClaimsTheVersionThatWasShown(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	me, other := secrets.Owner("person/ada-0123456789abcdef"), secrets.Owner("person/bob-fedcba9876543210")
	entry := func(records map[secrets.Owner]int) secrets.Entry {
		e := secrets.Entry{Current: 2, Oldest: 1, Date: at, Versions: map[int]secrets.Version{1: {Created: at}, 2: {Created: at}}, Records: map[secrets.Owner]secrets.Record{}}
		for owner, version := range records {
			e.Records[owner] = secrets.Record{Version: version, Time: at}
		}
		return e
	}
	for name, c := range map[string]struct {
		records map[secrets.Owner]int
		adopt   bool
		want    secrets.Claim
	}{
		"own":                          {map[secrets.Owner]int{me: 2}, false, secrets.Claim{Owner: me, Version: 2, Created: at}},
		"own, overwritten":             {map[secrets.Owner]int{me: 1}, false, secrets.Claim{Owner: me, Version: 1, Created: at}},
		"own, overwritten, with adopt": {map[secrets.Owner]int{me: 1}, true, secrets.Claim{Owner: me, Version: 2, Created: at}},
		"another's":                    {map[secrets.Owner]int{other: 2}, false, secrets.Claim{}},
		"another's with adopt":         {map[secrets.Owner]int{other: 2}, true, secrets.Claim{Owner: other, Version: 2, Created: at}},
		"unmanaged":                    {nil, false, secrets.Claim{}},
		"unmanaged with adopt":         {nil, true, secrets.Claim{Owner: me, Version: 2, Created: at}},
	} {
		got, err := claimOf(entry(c.records), me, c.adopt)
		if got != c.want || (err != nil) != (c.want == secrets.Claim{}) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestVaultSettingsOfEnvironment(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	env := func(variables map[string]string) Environment {
		return Environment{Get: func(name string) string { return variables[name] }, Home: home}
	}
	if got := env(nil).VaultSettings(); !cmp.Equal(got, vaultclient.Settings{}) {
		t.Errorf("empty environment: %+v", got)
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
		t.Errorf("with VAULT_CACERT_BYTES:\n%s", diff)
	}
	file := filepath.Join(home, ".vault-token")
	if err := os.WriteFile(file, []byte("t"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := env(nil).VaultSettings(); got.TokenFile != file || got.Token != "" {
		t.Errorf("after vault login: %+v", got)
	}
	if got := env(all).VaultSettings(); got.TokenFile != "" {
		t.Errorf("VAULT_TOKEN has no precedence: %+v", got)
	}
	configured := vaultclient.Settings{Address: "https://c", Login: &vaultclient.AppRole{RoleID: "r"}, TokenFile: "f"}
	if got := env(nil).ReplaceCredentials(configured); !cmp.Equal(got, configured) {
		t.Errorf("a configuration without VAULT_TOKEN: %+v", got)
	}
	if got := env(all).ReplaceCredentials(configured); got.Token != "t" || got.Login != nil || got.TokenFile != "" || got.Address != "https://c" {
		t.Errorf("a configuration with VAULT_TOKEN: %+v", got)
	}
}

// prompted returns a prompt that gives the answers in order.
func prompted(answers ...string) func(string) (string, error) {
	return func(string) (string, error) {
		if len(answers) == 0 {
			return "", errors.New("too many prompts")
		}
		answer := answers[0]
		answers = answers[1:]
		return answer, nil
	}
}

func TestInputReadsValue(t *testing.T) {
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
		want, text string
	}{
		"no newline":           {in: stdin("a"), want: "a"},
		"one newline":          {in: stdin("a\n"), want: "a"},
		"two newlines":         {in: stdin("a\n\n"), want: "a\n"},
		"lines":                {in: stdin("a\r\nb\r\n"), want: "a\r\nb\r"},
		"a newline kept":       {in: kept, want: "a\n"},
		"bytes":                {in: stdin("\x00\xff"), want: "\x00\xff"},
		"maximum size":         {in: stdin(strings.Repeat("a", 20) + "\n"), want: strings.Repeat("a", 20)},
		"too large":            {in: stdin(strings.Repeat("a", 22)), text: "nothing was written: the value is larger than the limit of 20 bytes after encoding"},
		"empty":                {in: stdin(""), text: "the value is empty"},
		"only a newline":       {in: stdin("\n"), text: "the value is empty"},
		"a file":               {in: Input{File: file, Prompt: prompted(), Stdin: strings.NewReader("x")}, want: "from a file\n"},
		"missing file":         {in: Input{File: file + "-none"}, text: "no such file"},
		"a prompt":             {in: Input{Prompt: prompted("a ", "a ")}, want: "a "},
		"two different values": {in: Input{Prompt: prompted("first", "second")}, text: "the two values differ"},
		"empty line":           {in: Input{Prompt: prompted("")}, text: "the value is empty"},
		"prompt that fails":    {in: Input{Prompt: prompted("a")}, text: "too many prompts"},
	} {
		got, err := c.in.text(secrets.Address{})
		if c.text == "" && (err != nil || got != c.want) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if c.text != "" && (err == nil || !strings.Contains(err.Error(), c.text)) {
			t.Errorf("%s: %q, %v, want %q", name, got, err, c.text)
		}
	}
}

func TestProblemsOfTheEnvironmentNameItsVariables(t *testing.T) {
	t.Parallel()
	missing := map[string]string{"VAULT_ADDR": "https://vault:8200", "VAULT_TOKEN": "t", "VAULT_CACERT": filepath.Join(t.TempDir(), "missing.pem")}
	err := EnvironmentProblems(Environment{Get: func(name string) string { return missing[name] }}.VaultSettings()).Err()
	if text := fmt.Sprint(err); !strings.Contains(text, "VAULT_CACERT") || !strings.Contains(text, "missing.pem") {
		t.Errorf("a missing CA certificate: %v", err)
	}
	none := EnvironmentProblems(Environment{Get: func(string) string { return "" }}.VaultSettings()).Err()
	if text := fmt.Sprint(none); !strings.Contains(text, "VAULT_ADDR is required") || !strings.Contains(text, "VAULT_TOKEN is required; set it, or run vault login") {
		t.Errorf("nothing is set: %v", none)
	}
	set := map[string]string{"VAULT_ADDR": "vault:8200", "VAULT_TOKEN": "two words", "VAULT_CLIENT_CERT": "c.pem", "VAULT_PROXY_ADDR": "ftp://hunter2"}
	err = EnvironmentProblems(Environment{Get: func(name string) string { return set[name] }}.VaultSettings()).Err()
	for _, want := range []string{"VAULT_ADDR must be a URL", "VAULT_TOKEN must be one line", "VAULT_CLIENT_CERT must be set together", "VAULT_PROXY_ADDR or VAULT_HTTP_PROXY must be the URL of a proxy"} {
		if text := fmt.Sprint(err); !strings.Contains(text, want) || strings.Contains(text, "hunter2") || strings.Contains(text, "two words") {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
