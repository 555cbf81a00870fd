// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/manual"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// The page shows the file and the commit of a git source only for a value of that source: an
// owner of another kind, or a source of another controller, may have the same last name.
func TestFileOfASourceIsOnlyThatOfItsOwnValue(t *testing.T) {
	t.Parallel()
	of := report.Workflow{Name: "deploy", Secrets: []report.Secret{{
		Name: "api-key", Source: "shop", File: "secrets.yaml", Revision: "8db8f27",
		Waiting: &report.Waiting{Kind: "blocked", Cause: "the value changed"},
	}}}
	for owner, own := range map[secrets.Owner]bool{
		"gitops/main/shop":    true,
		secrets.NoOwner:       true, // it has no value yet
		"gitops/another/shop": false,
		"gitops/main/my-shop": false,
		"terraform/shop":      false,
		"team/shop":           false,
		"person/shop":         false,
	} {
		row := rowWith("main", of, manual.Row{Name: "api-key", LastOwner: owner})
		if shown := row.File != "" || row.Revision != "" || row.Source != ""; shown != own {
			t.Errorf("owner %q: file %q, revision %q, source %q", owner, row.File, row.Revision, row.Source)
		}
		if text := row.WaitingText(); strings.HasPrefix(text, "The git source shop still contains this secret") == own {
			t.Errorf("owner %q: %s", owner, text)
		}
	}
}
