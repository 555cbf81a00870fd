// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/fuzztest"
)

// policyRule is a rule whose path HCL reads as it is written: with no quote, backslash or template
// beside those of an identity.
var policyRule = regexp.MustCompile(`^path "((?:[^"\\$%{}\x00-\x1f]|\{\{identity\.entity\.aliases\.[A-Za-z0-9_-]+\.metadata\.[A-Za-z0-9_-]+\}\})+)" +\{ capabilities = \["([a-z", ]+)"\] \}$`)

// FuzzGrant: a grant is refused, or its policy has only rules inside the mount, with no wildcard
// that a name brought in, and the same paths in HCL and JSON.
func FuzzGrant(f *testing.F) {
	fuzztest.Add(f,
		fuzztest.Seed{"customers", "workflows", "deploy-production", "", "relay", "", "", uint8(Writer), uint8(7)},
		fuzztest.Seed{"team/kv", "a/b", "é@x", "", "", "", "", uint8(Reader), uint8(0)},
		fuzztest.Seed{"customers", "workflows", "", "deploy-", "relay", "shop", "", uint8(Operator), uint8(1)},
		fuzztest.Seed{"customers", "workflows", "", "", "", "", "auth_jwt_1a2b", uint8(Reader), uint8(0)},
		fuzztest.Seed{"+", "*", "a\"] }\npath \"*", "+", "*", "..", "x}}{{y", uint8(Administrator), uint8(0)},
	)
	f.Fuzz(func(t *testing.T, mount, prefix, workflow, beginning, domain, team, accessor string, role, options uint8) {
		g := Grant{
			Role: Role(role), Mount: mount, Prefix: prefix, ConnectionsDomain: domain, Team: team,
			Undelete: options&1 > 0, Destroy: options&2 > 0, Settings: options&4 > 0,
		}
		if workflow != "" {
			g.Workflows = []string{workflow}
		}
		if beginning != "" {
			g.WorkflowPrefixes = []string{beginning}
		}
		if accessor != "" {
			g.Identity = Identity{Accessor: accessor, Workflow: "tenant_id"}
		}
		text, err := For(g)
		asJSON, errJSON := JSON(g)
		if err != nil || errJSON != nil {
			if err == nil || errJSON == nil {
				t.Errorf("HCL: %v, JSON: %v", err, errJSON)
			}
			return
		}
		var rules struct{ Path map[string]any }
		if err := json.Unmarshal([]byte(asJSON), &rules); err != nil {
			t.Fatal(err)
		}
		checkRules(t, g, text, rules.Path)
	})
}

func checkRules(t *testing.T, g Grant, text string, inJSON map[string]any) {
	t.Helper()
	found := 0
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || strings.HasPrefix(line, "# ") {
			continue
		}
		match := policyRule.FindStringSubmatch(line)
		if match == nil {
			t.Fatalf("not a rule: %q", line)
		}
		found++
		path, capabilities := match[1], strings.Split(match[2], `", "`)
		if _, is := inJSON[path]; !is || !strings.HasPrefix(path, g.Mount+"/") {
			t.Errorf("the path %q is not in the JSON, or not in the mount", path)
		}
		if slices.ContainsFunc(strings.Split(strings.TrimSuffix(path, "*"), "/"), func(segment string) bool {
			return segment != every && strings.ContainsAny(segment, "+*")
		}) {
			t.Errorf("the path %q has a wildcard inside a name", path)
		}
		if g.Role == Reader && slices.ContainsFunc(capabilities, func(c string) bool { return c != "read" && c != "list" }) {
			t.Errorf("a reader has %q on %q", capabilities, path)
		}
		if g.Role != Reader && strings.HasPrefix(path, g.Mount+"/data/") && slices.Contains(capabilities, "read") {
			t.Errorf("%s reads values of %q", g.Role, path)
		}
	}
	if found == 0 || found != len(inJSON) {
		t.Errorf("%d rules in HCL, %d in JSON", found, len(inJSON))
	}
}
