// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/person"
	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
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

// TestVaultIsAskedOnceAboutTheTeamsOfDeletedSecrets: not for each row.
func TestVaultIsAskedOnceAboutTheTeamsOfDeletedSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	b := w.logIn(t, w.rules(t, policy.Administrator, func(g *policy.Grant) { g.Team = "shop" }))
	page := "/workflows/" + w.workflow
	for _, c := range []struct{ name, team string }{{"a", "shop"}, {"b", "shop"}, {"c", ""}} {
		b.post(page+"/add", url.Values{"name": {c.name}, "value": {"v"}, "team": {c.team}})
		form := hiddenFields(b.get(page + "/secrets/" + c.name + "/delete"))
		form.Set("team", c.team)
		if r := b.post(page+"/secrets/"+c.name+"/delete", form); r.status != http.StatusSeeOther {
			t.Fatalf("delete %s: %d\n%s", c.name, r.status, r.main())
		}
	}
	w.writeAs(t, "team/till", "d", "v")
	form := hiddenFields(b.get(page + "/secrets/d/delete"))
	form.Set("again", "d")
	form.Set("reason", "retired")
	b.post(page+"/secrets/d/delete", form)
	w.proxy.Reset()
	r := b.get(page)
	asked := 0
	for _, one := range w.proxy.Requests() {
		if strings.Contains(one.Path, "capabilities-self") {
			asked++
		}
	}
	for name, may := range map[string]bool{"a": true, "b": true, "c": true, "d": false} {
		if got := strings.Contains(r.body, "/secrets/"+name+"/undelete"); got != may || !strings.Contains(r.body, ">"+name+"<") {
			t.Errorf("undelete of %s is offered: %v\n%s", name, got, r.main())
		}
	}
	if asked != 2 { // the rights in the workflow, and the teams
		t.Errorf("%d requests for capabilities", asked)
	}
}

// TestWorkflowPageShowsWhatWaitsAsThePageOfTheSecret: not the cause for who runs the daemon.
func TestWorkflowPageShowsWhatWaitsAsThePageOfTheSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	row := secretRow{Row: manual.Row{Name: "a", LastOwner: "terraform/net"}, Waiting: &waiting{report.Waiting{Kind: "blocked", Cause: "owned by terraform/net; to take it over: relay-sync adopt x/a"}, "shop", false}}
	recorder := httptest.NewRecorder()
	err := w.server.pages.render(recorder, http.StatusOK, "workflow", view{Data: workflowView{Workflow: "x", Secrets: []secretRow{row}}})
	if body := recorder.Body.String(); err != nil || !strings.Contains(body, row.WaitingText()) || strings.Contains(body, "relay-sync adopt") {
		t.Errorf("%v:\n%s", err, body)
	}
}
