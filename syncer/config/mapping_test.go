// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import (
	"strings"
	"testing"
)

func TestMapIsChecked(t *testing.T) {
	t.Parallel()
	_, problems := parse([]byte(`controller: a
vault: {address: "https://vault:8200", token_file: t}
sources:
  - name: a
    repository: r
    workflows: [deploy]
    age_keys: [k]
    map:
      - {file: "*.env", workflow: deploy}
      - {file: "../x", workflow: deploy}
      - {file: a.env, workflow: other}
      - {file: a.bin, workflow: deploy, secret: "a:b"}
      - {file: .env.production, workflow: deploy, format: dotenv}
      - {file: a.toml, workflow: deploy, format: toml}
      - {file: a.enc, workflow: deploy, format: binary}
      - {file: b.enc, workflow: deploy, format: yaml, secret: a}
      - {file: "!c.env", workflow: deploy}
`), "/")
	want := []string{"line 10: sources[0].map[1].file: pattern", `line 11: sources[0].map[2].workflow must be one of the source's workflows, not "other"`, "line 12: sources[0].map[3].secret: secret name",
		"line 14: sources[0].map[5].format must be one of yaml, json, dotenv, ini, binary", "line 15: sources[0].map[6].secret is required for a binary file",
		"line 16: sources[0].map[7].secret must not be set for format yaml", `line 17: sources[0].map[8].file: pattern "!c.env": must not begin with '!' here`}
	if len(problems) != len(want) {
		t.Fatalf("problems: %q", problems)
	}
	for i, text := range want {
		if !strings.HasPrefix(problems[i], text) {
			t.Errorf("problem %q, want %q", problems[i], text)
		}
	}
}
