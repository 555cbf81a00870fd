// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWarningsNameEachCredentialFileThatOthersCanRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cfg, problems := parse([]byte(`controller: c
fingerprint_key_file: fingerprint
vault: {address: 'https://vault.example.com', token_file: vault-token, client_cert: cert, client_key: client-key}
listen_webhooks: ':1'
election: {lease: l, namespace: n, kubeconfig: kubeconfig}
sources:
- {name: a, repository: 'https://host/r', files: [x.yaml], workflows: [w], age_keys: [age], remote: {token_file: git-token}, webhook: {provider: github, secret_file: webhook}}
- {name: ssh, repository: 'ssh://git@host/r', files: [x.yaml], workflows: [u], age_keys: [age], keys: {pgp: [pgp], vault_transit: [{address: 'https://t', keys: [k], token_file: transit}]}, remote: {ssh_key: ssh-key, known_hosts: hosts}}
- {name: b, repository: r, files: [x.yaml], workflows: [v], age_keys: [age], notify: [{github: {repository: a/b, token_file: github}}, {webhook: {url: 'https://x', secret_file: signing}}]}
`), dir)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	// Sorted, and the age key that both sources use is named once.
	files := []string{"age", "client-key", "fingerprint", "git-token", "github", "kubeconfig", "pgp", "signing", "ssh-key", "transit", "vault-token", "webhook"}
	for _, name := range files {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := cfg.Warnings(); len(got) != 0 {
		t.Errorf("files of mode 0600 have warnings: %q", got)
	}
	for _, name := range files {
		if err := os.Chmod(filepath.Join(dir, name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got := cfg.Warnings()
	if len(got) != len(files) {
		t.Fatalf("got %q, want one warning for each of %q", got, files)
	}
	for i, name := range files {
		if !strings.Contains(got[i], filepath.Join(dir, name)+" is readable by all users") {
			t.Errorf("got %q, want %s", got[i], name)
		}
	}
}
