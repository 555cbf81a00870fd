// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import (
	"slices"
	"strings"
	"testing"
)

func TestKeyConfiguration(t *testing.T) {
	t.Parallel()
	const before = "controller: c\nvault: {address: 'https://vault.example.com', token_file: token}\nsources:\n- name: shop\n  repository: repo\n  files: ['*.yaml']\n  workflows: [deploy]\n"
	cfg, problems := parse([]byte(before+`  keys:
    pgp: [team.asc]
    aws_kms: {keys: ["arn:aws:kms:eu-west-1:123456789012:key/1"], credentials_file: aws}
    vault_transit: [{address: "https://transit.example.com", keys: [sops], token_file: /run/token}]
`), "/etc/relay")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	keys := cfg.Sources[0].Keyring()
	var paths []string
	for _, path := range keys.Files() {
		paths = append(paths, *path)
	}
	if want := []string{"/etc/relay/team.asc", "/etc/relay/aws", "", "/run/token", ""}; !slices.Equal(paths, want) {
		t.Errorf("files %q, want %q", paths, want)
	}
	for text, want := range map[string]string{
		"  drift: heal\n": "sources[0].age_keys is required",
		"  age_keys: [k]\n  recipients: [age1mustbewithoutacharacterthatisnotlowercase0, AGE-SECRET-KEY-1X]\n": "line 9: sources[0].recipients[1] must be the public key, age1...; this is the private key",
		"  age_keys: [k]\n  recipients: ['']\n":                                       "line 9: sources[0].recipients[0] must be a public key",
		"  age_keys: [k]\n  recipients: [foo]\n":                                      "line 9: sources[0].recipients[0] must be a public key as .sops.yaml has it: age1",
		"  age_keys: [k]\n  recipients: [age1x]\n":                                    "line 9: sources[0].recipients[0] must be a public key as .sops.yaml has it: age1",
		"  age_keys: [k]\n  recipients: [85D77543B3D624B63CEA9E6DBC17301B491B3FZ1]\n": "line 9: sources[0].recipients[0] must be a public key as .sops.yaml has it",
		"  keys:\n    gcp_kms: {ambient: true}\n":                                     "line 9: sources[0].keys.gcp_kms.keys is required",
		"  keys:\n    pgp: [a]\n    vault_transit:\n    - address: ftp://x\n":         "line 11: sources[0].keys.vault_transit[0].address must be a URL",
		"  keys:\n    pgp: [a]\n    hckms: {}\n":                                      `line 10: unknown key "hckms"`,
	} {
		_, problems := parse([]byte(before+text), "/etc/relay")
		if !strings.Contains(strings.Join(problems, "\n"), want) {
			t.Errorf("%q: got %q, want %q", text, problems, want)
		}
	}
}
