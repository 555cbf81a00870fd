// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import (
	"strings"
	"testing"
)

func TestConnectionsNeedADomain(t *testing.T) {
	t.Parallel()
	_, problems := parse([]byte(`controller: c
vault: {address: "https://v", token_file: t}
sources:
  - {name: s, repository: /r, files: ["*.yaml"], age_keys: [k], connections: [aws/main, aws, aws/main]}
`), "/")
	all := strings.Join(problems, "\n")
	for _, want := range []string{"vault.domain is required", `"aws": expected type/name`, `duplicate connection "aws/main"`} {
		if !strings.Contains(all, want) {
			t.Errorf("it does not say %q:\n%s", want, all)
		}
	}
}
