// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/person"
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

// What the daemon knows of a workflow names files and steps: the pages of the workflow and of
// one secret show it only to who may list the workflow and read its metadata.
func TestOnlyAViewerSeesWhatTheDaemonKnows(t *testing.T) {
	t.Parallel()
	known := report.Inventory{Controller: "main", Workflows: []report.Workflow{{Name: "deploy", Sources: []string{"shop"}}}}
	for rights, want := range map[person.Rights]int{
		{List: true, Observe: true}:                1,
		{List: true, Write: true}:                  0,
		{Observe: true, Write: true, Delete: true}: 0,
		{}: 0,
	} {
		if got := len(shown(known, rights).Workflow("deploy").Sources); got != want {
			t.Errorf("%+v: %d sources, expected %d", rights, got, want)
		}
	}
}
