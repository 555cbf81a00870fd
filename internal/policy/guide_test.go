// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestGuideContainsTheTables compares the tables of the guide with those that
// TestRolesOnVault and TestApprovalsOnVault try cell by cell.
func TestGuideContainsTheTables(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile(filepath.Join("..", "..", "templates", "guides", "roles.md.tmpl"))
	if err != nil {
		t.Fatal(err)
	}
	all, people := grants(), approvers()
	var secrets, approvals []string
	for _, a := range actions() {
		secrets = append(secrets, a.name)
	}
	for _, a := range approvingActions() {
		approvals = append(approvals, a.name)
	}
	for what, table := range map[string]string{
		"secrets": guideTable(secrets, func(role string) (may, asked []string) {
			if role == "reader" {
				return all["reader"].own, nil
			}
			return all[role+" of one"].own, all["full "+role+" of one"].own
		}),
		"connections": guideTable(secrets, func(role string) (may, asked []string) {
			return all[role+", connections"].connections, all["full "+role+", connections"].connections
		}),
		"approvals": guideTable(approvals, func(role string) (may, asked []string) {
			return people[role].may, people["full "+role].may
		}),
	} {
		if !strings.Contains(string(guide), table) {
			t.Errorf("the guide's table of %s should be:\n%s", what, table)
		}
	}
}

// guideTable is role × action. may is what a role may do, and asked what it may do
// where that was asked for.
func guideTable(actions []string, of func(role string) (may, asked []string)) string {
	var text strings.Builder
	text.WriteString("| | " + strings.Join(RoleNames(), " | ") + " |\n|---" + strings.Repeat("|---", len(RoleNames())) + "|\n")
	for _, action := range actions {
		text.WriteString("| " + action)
		for _, role := range RoleNames() {
			may, asked := of(role)
			switch {
			case slices.Contains(may, action):
				text.WriteString(" | yes")
			case slices.Contains(asked, action):
				text.WriteString(" | if asked for")
			default:
				text.WriteString(" | -")
			}
		}
		text.WriteString(" |\n")
	}
	return text.String()
}
