// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import (
	"fmt"
	"strings"
	"testing"
)

// The names of controllers and sources are parts of the paths of approvals in Vault.
func TestNamesAndPrefixThatAreNotPartsOfPathsAreRefused(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ controller, prefix, source, want string }{
		{"cluster-1", "workflows", "shop.eu", ""},
		{"teams", "workflows", "shop", `line 1: controller: controller name "teams": it is the folder of teams in Vault`},
		{"..", "workflows", "shop", `line 1: controller: controller name "..": it begins with '.'`},
		{"-x", "workflows", "shop", `line 1: controller: controller name "-x": it begins with '-'`},
		{"a+", "workflows", "shop", `line 1: controller: owner id "a+": expected`},
		{"cluster-1", "workflows", ".", `line 4: sources[0].name: source name ".": it begins with '.'`},
		{"cluster-1", "workflows", ".x", `line 4: sources[0].name: source name ".x": it begins with '.'`},
		{"cluster-1", "workflows", "teams", ""},
		{"cluster-1", "relay-sync/cluster-1", "shop", `line 2: vault.prefix: prefix "relay-sync/cluster-1": "relay-sync" is reserved`},
		{"cluster-1", "connections", "shop", `line 2: vault.prefix: prefix "connections": "connections" is reserved`},
		{"cluster-1", "Connections", "shop", ""},
	} {
		_, problems := parse(fmt.Appendf(nil, "controller: %q\nvault: {address: 'http://127.0.0.1:1', token_file: t, prefix: %q}\nsources:\n"+
			"  - {name: %q, repository: r, files: [a.yaml], workflows: [w], age_keys: [k]}\n", row.controller, row.prefix, row.source), "/etc/relay")
		if got := strings.Join(problems, "\n"); row.want == "" && got != "" || !strings.HasPrefix(got, row.want) || len(problems) > 1 {
			t.Errorf("%+v: got %q", row, problems)
		}
	}
}
