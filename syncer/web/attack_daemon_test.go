// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/internal/workflowfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// fakeDaemon answers at a socket in place of the daemon.
type fakeDaemon struct {
	status    report.Daemon
	inventory report.Inventory
	activity  report.Activity
	// raw is the answer to each request, in place of the others; nil for none.
	raw   atomic.Pointer[string]
	wakes atomic.Int64
}

// serve serves the daemon, and is the change of a configuration that asks it.
func (d *fakeDaemon) serve(t *testing.T) func(*config.Web) {
	t.Helper()
	folder, err := os.MkdirTemp("", "daemon") //nolint:usetesting // shorter than t.TempDir: a socket has a short path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	socket := filepath.Join(folder, "socket")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: d}} //nolint:gosec // no deadline is needed
	server.Start()
	t.Cleanup(server.Close)
	return func(w *config.Web) { w.Daemon.Socket = socket }
}

func (d *fakeDaemon) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var answer any
	switch r.URL.Path {
	case "/status":
		answer = d.status
	case "/activity":
		answer = d.activity
	case "/changed":
		d.wakes.Add(1)
		w.WriteHeader(http.StatusNoContent)
		return
	default:
		inventory := d.inventory
		if name := r.URL.Query().Get("workflow"); name != "" {
			inventory.Workflows = slices.DeleteFunc(slices.Clone(inventory.Workflows), func(w report.Workflow) bool { return w.Name != name })
		}
		answer = inventory
	}
	if text := d.raw.Load(); text != nil {
		_, _ = w.Write([]byte(*text))
		return
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// daemonOf is a daemon with a source of these workflows, in which everything about a workflow has
// its name.
func daemonOf(source string, workflows ...string) *fakeDaemon {
	d := &fakeDaemon{}
	d.knows(source, workflows...)
	return d
}

// knows sets what the daemon answers.
func (d *fakeDaemon) knows(source string, workflows ...string) {
	now := time.Now()
	d.inventory = report.Inventory{Controller: "controller", Mount: "customers", Prefix: "workflows", Workflows: []report.Workflow{}}
	d.status = report.Daemon{Sources: []report.Status{{
		Source: source, Branch: "main", Ready: true, Seen: "seen-commit", Applied: "applied-commit",
		History: []report.PastSync{{Time: now, Outcome: "failed", Added: 4711}},
	}}}
	document := &plan.Document{Format: "relay-plan/1", Mount: "customers", Controller: "controller", Source: source}
	for _, name := range workflows {
		d.inventory.Workflows = append(d.inventory.Workflows, report.Workflow{
			Name: name, Sources: []string{source}, Observed: now, Live: 81, Drifted: 82, MissingKnown: true, Missing: 83,
			MissingSecrets: []report.MissingSecret{{Name: "missing-of-" + name}}, Problems: []string{"problem-of-" + name},
			References: []report.Reference{{Source: source, Kind: workflowfile.Secret, Name: "missing-of-" + name, UserKind: "step", User: "step-of-" + name, File: "flow.yaml"}},
		})
		d.activity.Lines = append(d.activity.Lines, report.AuditLine{Time: now, Event: "end", Owner: "gitops/controller/" + source, Action: "change", Workflow: name, Name: "changed-in-" + name, Reason: "reason-in-" + name})
		d.status.Sources[0].Problems = append(d.status.Sources[0].Problems, "source-problem-of-"+name)
		document.Actions = append(document.Actions, plan.DocumentAction{
			Path: "customers/data/workflows/" + name + "/planned-of-" + name, Workflow: name, Name: "planned-of-" + name, Action: plan.PendingApproval, Approved: plan.Change,
		})
	}
	d.status.Sources[0].Plan, d.status.Sources[0].PlanID = document, document.ID()
}

// everyPage are all pages with data of the daemon.
func everyPage(workflow, source string) []string {
	return []string{
		"/workflows", "/workflows?filter=" + workflow, "/workflows/" + workflow, "/sources", "/sources/" + source, "/sources/" + source + "/approve",
		"/activity", "/activity?workflow=" + workflow, "/connections", "/workflows/" + workflow + "/add",
	}
}

func TestDaemonDataOfAnotherWorkflowIsNotShown(t *testing.T) {
	t.Parallel()
	allowed, hidden := vaulttest.Workflow(t), "hidden-"+vaulttest.Workflow(t)
	d := daemonOf("shop", allowed, hidden)
	w := newWorld(t, d.serve(t))
	b := w.logIn(t, w.rules(t, policy.Viewer, func(g *policy.Grant) { g.Workflows = []string{allowed} }))
	var all strings.Builder
	for _, path := range slices.Concat(everyPage(allowed, "shop"), everyPage(hidden, "shop")) {
		r := b.get(path)
		all.WriteString(r.body)
		if strings.Contains(path, hidden) {
			continue // a person may see the name that the own request has
		}
		for _, text := range []string{hidden, "4711", "planned-of-", "source-problem-of-"} {
			if strings.Contains(r.body, text) {
				t.Errorf("%s has %q:\n%s", path, text, r.main())
			}
		}
	}
	for _, part := range []string{"missing-of-", "problem-of-", "step-of-", "changed-in-", "reason-in-", "planned-of-", "source-problem-of-"} {
		if strings.Contains(all.String(), part+hidden) {
			t.Errorf("a page has %s of the hidden workflow", part)
		}
	}
	for _, part := range []string{"missing-of-", "problem-of-", "step-of-", "changed-in-", "reason-in-"} {
		if !strings.Contains(all.String(), part+allowed) {
			t.Errorf("no page has %s of the own workflow", part)
		}
	}
}

func TestDaemonDataIsShownWithTheRightsForAllOfIt(t *testing.T) {
	t.Parallel()
	one, two := vaulttest.Workflow(t), vaulttest.Workflow(t)
	d := daemonOf("shop", one, two)
	w := newWorld(t, d.serve(t))
	both := w.rules(t, policy.Viewer, func(g *policy.Grant) { g.Workflows = []string{one, two} })
	if r := w.logIn(t, both).get("/sources/shop"); !strings.Contains(r.body, "planned-of-"+two) || !strings.Contains(r.body, "source-problem-of-"+two) || !strings.Contains(r.body, "4711") {
		t.Errorf("%d\n%s", r.status, r.main())
	}
	// The source lists only one of the workflows of its pending plan any more.
	former := daemonOf("shop", one, two)
	former.inventory.Workflows = former.inventory.Workflows[:1]
	later := newWorld(t, former.serve(t))
	r := later.logIn(t, w.rules(t, policy.Viewer, func(g *policy.Grant) { g.Workflows = []string{one} })).get("/sources/shop")
	if r.status != http.StatusOK || strings.Contains(r.body, "planned-of-") {
		t.Errorf("a plan with a workflow that the person may not see: %d\n%s", r.status, r.main())
	}
	approver := w.rules(t, policy.Approver, func(g *policy.Grant) {
		g.Workflows, g.Controller, g.Sources = []string{one}, "controller", []string{"shop"}
	})
	if r := w.logIn(t, approver).get("/sources/shop/approve"); r.status != http.StatusOK || !strings.Contains(r.body, "planned-of-"+two) {
		t.Errorf("for an approver: %d\n%s", r.status, r.main())
	}
}

func TestDaemonDataNeedsListAndReadOfTheWorkflow(t *testing.T) {
	t.Parallel()
	empty := vaulttest.Workflow(t) // Vault has nothing there, so that a list is not denied for a secret
	d := daemonOf("shop", empty)
	w := newWorld(t, d.serve(t))
	rules := `path "customers/metadata/workflows/` + empty + `/" { capabilities = ["list"] }`
	token, _ := w.Person(t, rules)
	b := w.browser(t)
	b.beginWith(token)
	for _, path := range everyPage(empty, "shop") {
		if r := b.get(path); strings.Contains(r.body, "-of-"+empty) || strings.Contains(r.body, "-in-"+empty) {
			t.Errorf("%s: %d\n%s", path, r.status, r.main())
		}
	}
	r := b.attack(request{method: http.MethodGet, path: "/api/workflows/" + empty, header: map[string]string{"Authorization": "Bearer " + token}})
	if strings.Contains(r.body, `"id"`) {
		t.Errorf("the API: %d %s", r.status, r.body)
	}
}

func TestRightThatWasTakenAwayEndsTheSightOfTheDaemonsData(t *testing.T) {
	t.Parallel()
	workflow := vaulttest.Workflow(t)
	w := newWorld(t, daemonOf("shop", workflow).serve(t))
	name, password := w.PersonLogin(t, w.rules(t, policy.Viewer, func(g *policy.Grant) { g.Workflows = []string{workflow} }))
	b := w.browser(t)
	b.begin(name, password)
	if r := b.get("/activity"); !strings.Contains(r.body, "changed-in-"+workflow) {
		t.Fatalf("%d\n%s", r.status, r.main())
	}
	w.WritePolicy(t, name, `path "customers/metadata/workflows/other/*" { capabilities = ["read"] }`)
	w.server.sight.mu.Lock()
	for _, one := range w.server.sight.sessions {
		one.since = one.since.Add(-sightTime) // as a minute later
	}
	w.server.sight.mu.Unlock()
	for _, path := range everyPage(workflow, "shop") {
		if r := b.get(path); strings.Contains(r.body, "-in-"+workflow) || strings.Contains(r.body, "-of-"+workflow) || strings.Contains(r.body, ">81<") {
			t.Errorf("%s: %d\n%s", path, r.status, r.main())
		}
	}
}

func TestDaemonOfAnotherLocationIsNotShown(t *testing.T) {
	t.Parallel()
	workflow := vaulttest.Workflow(t)
	for _, change := range []func(*report.Inventory){
		func(i *report.Inventory) { i.Mount = "other" },
		func(i *report.Inventory) { i.Prefix = "other" },
		func(i *report.Inventory) { i.Namespace = "other" },
	} {
		d := daemonOf("shop", workflow)
		change(&d.inventory)
		w := newWorld(t, d.serve(t))
		b := w.logIn(t, w.rules(t, policy.Viewer, func(g *policy.Grant) { g.Workflows = []string{workflow} }))
		for _, path := range everyPage(workflow, "shop") {
			if r := b.get(path); strings.Contains(r.body, "-of-"+workflow) || strings.Contains(r.body, "-in-"+workflow) || strings.Contains(r.body, ">81<") {
				t.Errorf("%s: %d\n%s", path, r.status, r.main())
			}
		}
	}
}

// hostile is text that must not be a part of the page.
const hostile = `"'><script>alert(1)</script><img src=x onerror=alert(1)>` + "\x1b[2J\u202e\x00" + `{{.}}=cmd|' /C calc'!A0`

func TestHTMLOfAHostileDaemonIsText(t *testing.T) {
	t.Parallel()
	workflow := vaulttest.Workflow(t)
	d := daemonOf("shop", workflow)
	of := &d.inventory.Workflows[0]
	of.Problems, of.Sources = []string{hostile}, []string{"shop", hostile}
	of.References[0].User, of.References[0].Field, of.References[0].File = hostile, hostile, hostile
	of.MissingSecrets = append(of.MissingSecrets, report.MissingSecret{Name: hostile}, report.MissingSecret{Name: "../../x"})
	of.References = append(of.References, report.Reference{Kind: workflowfile.Connection, Type: hostile, Name: hostile, UserKind: "step", User: hostile})
	d.inventory.Workflows = append(d.inventory.Workflows, report.Workflow{Name: hostile, Sources: []string{"shop"}}, report.Workflow{Name: "..", Sources: []string{"shop"}})
	d.status.Sources = append(d.status.Sources, report.Status{Source: hostile, Branch: hostile, Problems: []string{hostile}})
	first := &d.status.Sources[0]
	first.Branch, first.Seen, first.Applied, first.Problems = hostile, hostile, hostile, []string{hostile}
	first.History = []report.PastSync{{Seconds: 1e308, Outcome: hostile, Commit: hostile}, {Seconds: -1e308}}
	first.Plan.Actions[0].Cause, first.Plan.Actions[0].Sealed, first.Plan.Actions[0].File, first.Plan.Actions[0].Line = hostile, hostile, hostile, -1
	first.Plan.Actions[0].Records = map[string]string{hostile: hostile}
	d.activity.Lines[0].Reason, d.activity.Lines[0].Name, d.activity.Lines[0].Owner, d.activity.Lines[0].Error = hostile, hostile, hostile, hostile
	w := newWorld(t, d.serve(t))
	b := w.logIn(t, w.rules(t, policy.Approver, func(g *policy.Grant) { g.Workflows, g.Controller = []string{workflow}, "controller" }))
	found := 0
	for _, path := range everyPage(workflow, "shop") {
		r := b.get(path)
		if r.status >= 500 || r.status == http.StatusUnprocessableEntity {
			t.Errorf("%s: %d\n%s", path, r.status, r.main())
		}
		for _, text := range []string{"<script>alert", "<img src=x", "\x1b", "\u202e", "\x00", `href="javascript`} {
			if strings.Contains(r.body, text) {
				t.Errorf("%s has %q\n%s", path, text, r.main())
			}
		}
		if strings.Contains(r.body, "&lt;script&gt;") {
			found++
		}
	}
	if found < 4 {
		t.Errorf("only %d pages have the text of the daemon: the test proves nothing", found)
	}
}

func TestAnswersOfAHostileDaemonAreRefused(t *testing.T) {
	t.Parallel()
	workflow := vaulttest.Workflow(t)
	huge := `{"sources":[{"source":"` + strings.Repeat("a", 17<<20) + `"}]}`
	d := daemonOf("shop", workflow)
	w := newWorld(t, d.serve(t))
	b := w.logIn(t, w.rules(t, policy.Viewer, func(g *policy.Grant) { g.Workflows = []string{workflow} }))
	for i, answer := range []string{
		"", "{", "[]", "null", `{"sources":"x","workflows":7,"lines":{}}`, `{"sources":[null],"workflows":[null],"lines":[null]}`, `{"sources":[{"plan":{}}]}`,
		`{"sources":[{"source":"shop","plan":{"actions":[{"version":1e400}]}}]}`, strings.Repeat("[", 20_000), huge, "\x00\xff<html>",
	} {
		d.raw.Store(&answer)
		for _, path := range everyPage(workflow, "shop") {
			r := b.get(path)
			known := r.status == http.StatusOK || r.status == http.StatusNotFound || r.status == http.StatusForbidden || r.status == http.StatusBadGateway
			if !known || !strings.Contains(r.body, "</html>") {
				t.Errorf("answer %d, %s: %d\n%s", i, path, r.status, r.main())
			}
		}
	}
	if strings.Contains(w.log.String(), "panic") {
		t.Error("a handler panicked")
	}
}

func TestOnlyAChangeWakesTheDaemon(t *testing.T) {
	t.Parallel()
	workflow := vaulttest.Workflow(t)
	d := daemonOf("shop", workflow)
	w := newWorld(t, d.serve(t))
	b := w.browser(t)
	api := "/api/workflows/" + workflow + "/secrets"
	for _, a := range []request{
		{method: http.MethodPost, path: api, body: "{}"}, {method: http.MethodPost, path: "/api/anything"}, {method: http.MethodOptions, path: api},
		{method: http.MethodDelete, path: api + "/x", header: map[string]string{"Authorization": "Bearer hvs.x"}}, {method: http.MethodPost, path: "/workflows/" + workflow + "/add"},
	} {
		b.attack(a)
	}
	token, _ := w.Person(t, w.rules(t, policy.Operator, func(g *policy.Grant) { g.Workflows = []string{workflow} }))
	header := map[string]string{"Authorization": "Bearer " + token, "Content-Type": "application/json"}
	if r := b.attack(request{method: http.MethodPost, path: api, body: `{"name":"a","value":"b"}`, header: header}); r.status != http.StatusCreated {
		t.Fatalf("%d %s", r.status, r.body)
	}
	person := w.browser(t)
	person.beginWith(token)
	if r := person.post("/workflows/"+workflow+"/add", url.Values{"name": {"c"}, "value": {"d"}}); r.status != http.StatusSeeOther {
		t.Fatalf("%d\n%s", r.status, r.main())
	}
	if !await.Until(10*time.Second, func() bool { return d.wakes.Load() >= 2 }) || d.wakes.Load() != 2 {
		t.Errorf("the daemon was woken %d times by 2 changes", d.wakes.Load())
	}
}
