// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package userapi

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/internal/workflowfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

func TestReferencesAreForWhoMayListTheWorkflow(t *testing.T) {
	t.Parallel()
	var w *world
	mount := "customers"
	client := daemonWith(t, func() report.Inventory {
		used := report.Reference{Kind: workflowfile.Connection, UserKind: "step", User: "hidden-step", Type: "aws", Name: "hidden-name"}
		known := report.Workflow{MissingKnown: true, References: []report.Reference{used}}
		all := report.Inventory{Mount: mount, Prefix: "workflows"}
		for _, name := range []string{w.workflow, "of-others"} {
			known.Name = name
			all.Workflows = append(all.Workflows, known)
		}
		return all
	})
	w = newWorld(t, vaulttest.Start(t), func(c *Config) { c.Daemon = client })
	path := "/api/workflows/" + w.workflow
	got := w.send(t, http.MethodGet, path, "") // no secret was ever written there
	if got.Status != http.StatusOK || got.Workflow.Name != w.workflow || got.Workflow.LatestRevision == nil {
		t.Fatalf("%d %s", got.Status, got.Text)
	}
	latest := w.send(t, http.MethodGet, path+"/revisions/"+got.Workflow.LatestRevision.ID, "")
	if latest.Status != http.StatusOK || latest.Revision.Steps[0].References.Connections[0].Name != "hidden-name" {
		t.Errorf("%d %s", latest.Status, latest.Text)
	}
	if former := w.send(t, http.MethodGet, path+"/revisions/former", ""); former.Status != http.StatusNotFound {
		t.Errorf("a former revision: %d %s", former.Status, former.Text)
	}
	for _, path := range []string{"/api/workflows/of-others", "/api/workflows/of-others/revisions/" + latest.Revision.ID} {
		if other := w.send(t, http.MethodGet, path, ""); other.Status != http.StatusForbidden || strings.Contains(other.Text, "hidden") {
			t.Errorf("%s: %d %s", path, other.Status, other.Text)
		}
	}
	mount = "another"
	if got := w.send(t, http.MethodGet, path, ""); got.Status != http.StatusNotFound {
		t.Errorf("with the daemon of another mount: %d %s", got.Status, got.Text)
	}
	w.create(t, "a", "x")
	if got := w.send(t, http.MethodGet, path, ""); got.Status != http.StatusOK || got.Workflow.LatestRevision != nil {
		t.Errorf("without references: %d %s", got.Status, got.Text)
	}
}

func TestViewHasTheWorkflowsOfThePerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t, vaulttest.Start(t), nil)
	if got := w.send(t, http.MethodGet, "/api/views/workflows", ""); got.Status != http.StatusOK || !slices.Equal(got.Workflows, []named{{w.workflow}}) {
		t.Errorf("%d %s", got.Status, got.Text)
	}
	w.create(t, "a", "x")
	all, _ := w.vault.Person(t, `path "customers/metadata/workflows/" { capabilities = ["list"] }`)
	if got := w.sendAs(t, all, http.MethodGet, "/api/views/workflows", "", nil); !slices.Contains(got.Workflows, named{w.workflow}) {
		t.Errorf("who may list all: %s", got.Text)
	}
	none, _ := w.vault.Person(t, `path "cubbyhole/x" { capabilities = ["read"] }`)
	if got := w.sendAs(t, none, http.MethodGet, "/api/views/workflows", "", nil); got.Status != http.StatusOK || got.Workflows == nil || len(got.Workflows) != 0 {
		t.Errorf("who may list none: %d %s", got.Status, got.Text)
	}
}
