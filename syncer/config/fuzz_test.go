// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/internal/fuzztest"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

const fuzzedConfig = `controller: main
vault: {address: "https://vault:8200", token_file: token, concurrency: 4, settle: 30s}
audit: audit.jsonl
listen: 127.0.0.1:9460
fingerprint_key_file: keys
records: authentic
sources:
  - &shop
    name: shop
    repository: https://git.example.com/team/shop.git
    remote: {username: u, password_file: p, poll: 30s}
    files: ["secrets/**/*.yaml", "!secrets/old/**"]
    workflows: [deploy, build]
    age_keys: [age.key]
    map: [{file: "*.env", workflow: deploy}]
    deletes: {limit: 3}
    drift_interval: 1m
`

// FuzzConfiguration: a configuration is refused with printable lines that quote no
// credential, or has names and absolute paths that the rest of the program may use.
func FuzzConfiguration(f *testing.F) {
	fuzztest.Add(f, fuzztest.Texts(fuzzedConfig,
		"controller: c\nvault: {address: 'https://v', login: {approle: {role_id: r, secret_id_file: s}}}\nsources:\n- {name: s, repository: /r, files: [a], workflows: [w], keys: {vault_transit: [{address: 'https://t', keys: [k], token_file: t}]}, verify: {ssh_allowed_signers: a}, history: refuse}\n",
		"controller: c\nvault: {address: 'https://u:canary-of-password@v', proxy: 'http://u:canary-of-password@p'}\nsources: [{name: s, repository: 'https://u:canary-of-password@h/p', recipients: [AGE-SECRET-KEY-1CANARY]}]\n",
		"a: &a [*a, *a]\n", "controller: {<<: *x}", "sources: [{<<: {name: a}, name: b}]", "---\n---\n", "controller: \"\\e[2J\"\n\"\\n\": 1\n\"\\n\": 1\n")...)
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > maxConfigBytes {
			return
		}
		cfg, problems := parse([]byte(text), "/etc/relay")
		for _, line := range problems {
			if strings.Contains(line, "canary-of") || strings.Contains(line, "1CANARY") || !foreign.Printable(line) {
				t.Errorf("a problem quotes a credential or is not printable: %q", line)
			}
		}
		if len(problems) > 0 {
			return
		}
		for _, s := range cfg.Sources {
			if _, err := secrets.GitOpsOwner(cfg.Controller, s.Name); err != nil {
				t.Error(err)
			}
			for _, workflow := range s.Workflows {
				if err := secrets.CheckName("workflow", workflow); err != nil {
					t.Error(err)
				}
			}
			keys := s.Keyring()
			for _, path := range keys.Files() {
				if *path != "" && !filepath.IsAbs(*path) {
					t.Errorf("the path %q is not absolute", *path)
				}
			}
		}
		if again, problems := parse([]byte(text), "/etc/relay"); len(problems) > 0 || !reflect.DeepEqual(again, cfg) {
			t.Errorf("it was parsed to two results: %+v, %+v", cfg, again)
		}
	})
}
