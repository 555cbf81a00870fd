// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/workflowfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// answer is the answer of a handler to GET.
func answer[T any](t testing.TB, handler http.Handler, target string) (out T) {
	t.Helper()
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil))
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil || w.Code != http.StatusOK {
		t.Fatalf("GET %s: %d, %v: %s", target, w.Code, err, w.Body)
	}
	return out
}

// knows returns a condition for until: the daemon knows this of a workflow.
func (d *daemon) knows(workflow string, reached func(report.Workflow) bool) func() bool {
	return func() bool {
		d.t.Helper()
		all := answer[report.Inventory](d.t, d.CommandHandler(), "/inventory?workflow="+workflow).Workflows
		return len(all) == 1 && reached(all[0])
	}
}

// newInventoryWorld has manifests in secrets/ and workflow files in flows/.
func newInventoryWorld(t *testing.T, workflows int) *world {
	t.Helper()
	w := newWorld(t, workflows)
	s := &w.cfg.Sources[0]
	s.Files, s.WorkflowFiles, s.Drift, s.DriftInterval = []string{"secrets/*.yaml"}, []string{"flows/*"}, plan.ReportOnly, time.Hour
	return w
}

func (w *world) flow(workflow int, text string) {
	w.t.Helper()
	write(w.t, w.repo, "flows/"+w.workflow(workflow)+".yaml", text)
}

func secretNamed(t *testing.T, w report.Workflow, name string) report.Secret {
	t.Helper()
	i := slices.IndexFunc(w.Secrets, func(s report.Secret) bool { return s.Name == name })
	if i < 0 {
		t.Fatalf("%s is not among %+v", name, w.Secrets)
	}
	return w.Secrets[i]
}

// TestInventoryShowsWhatThePageShows: live secrets of every owner, drift, what waits, what
// is missing and which step uses what, without a request to Vault.
func TestInventoryShowsWhatThePageShows(t *testing.T) {
	t.Parallel()
	w := newInventoryWorld(t, 2)
	name := w.workflow(0)
	w.seal("secrets/a.yaml", fmt.Sprintf("workflows:\n  %s:\n    changed_outside: one\n    in_sync: one\n    unmanaged: one\n", name))
	w.flow(0, "steps:\n- name: build\n  spec:\n    token: !Secret in_sync\n    other: ${secrets.absent}\n    maybe: ${coalesce(secrets.optional, 'x')}\n    on: !Connection [aws, prod]\n")
	w.vault.Write(t, name, "unmanaged", "x")
	w.vault.Write(t, w.workflow(1), "by_hand", "x")
	w.commit()
	head := strings.TrimSpace(w.run("git", "rev-parse", "main"))
	d := w.daemon()
	d.until("the first commit is known", d.knows(name, func(w report.Workflow) bool { return len(w.References) > 0 && !w.Observed.IsZero() }))
	w.vault.Write(t, name, "changed_outside", "two")
	if err := d.Commanded(nil); err != nil {
		t.Fatal(err)
	}
	d.until("the outside change is known", d.knows(name, func(w report.Workflow) bool { return w.Drifted == 2 }))

	before := len(w.proxy.Requests())
	all := answer[report.Inventory](t, d.CommandHandler(), "/inventory")
	if all.FormatVersion != report.FormatVersion || all.Controller != w.cfg.Controller || all.Mount != "customers" || all.Prefix != "workflows" || len(all.Workflows) != 2 {
		t.Errorf("the inventory: %+v", all)
	}
	got := all.Workflows[slices.IndexFunc(all.Workflows, func(w report.Workflow) bool { return w.Name == name })]
	if got.Live != 3 || got.LastChange.IsZero() || !slices.Equal(got.Sources, []string{"shop"}) || len(got.Problems) > 0 {
		t.Errorf("the workflow: %+v", got)
	}
	in := secretNamed(t, got, "in_sync")
	if !in.Live || in.Version != 1 || in.Owner != "gitops/"+w.cfg.Controller+"/shop" || in.Source != "shop" || in.File != "secrets/a.yaml" || in.Revision != head || in.Drift != "in sync" || in.Waiting != nil {
		t.Errorf("in sync: %+v", in)
	}
	if s := secretNamed(t, got, "changed_outside"); !s.Drifted || !strings.HasPrefix(s.Drift, "overwritten: version 2 ") || s.Version != 2 || s.Waiting == nil || s.Waiting.Kind != plan.Drift {
		t.Errorf("changed outside: %+v", s)
	}
	if s := secretNamed(t, got, "unmanaged"); s.Drift != "unmanaged" || s.Waiting == nil || s.Waiting.Kind != plan.Blocked || !strings.Contains(s.Waiting.Cause, "to take it over") {
		t.Errorf("unmanaged: %+v", s)
	}
	if want := []report.MissingSecret{{Name: "absent"}, {Name: "optional", Optional: true}}; !got.MissingKnown || got.Missing != 1 || !slices.Equal(got.MissingSecrets, want) {
		t.Errorf("missing: %v %d %+v", got.MissingKnown, got.Missing, got.MissingSecrets)
	}
	want := report.Reference{
		Source: "shop", Kind: workflowfile.Secret, Name: "absent", UserKind: "step", User: "build", Field: "spec.other", File: "flows/" + name + ".yaml", Line: 5,
	}
	if !slices.Contains(got.References, want) || len(got.References) != 4 {
		t.Errorf("references: %+v, want %+v", got.References, want)
	}
	if c := all.Connections; len(c) != 1 || c[0].Type != "aws" || c[0].Name != "prod" || !slices.Equal(c[0].UsedBy, []string{name}) || c[0].Drift != "not checked: no source lists it" {
		t.Errorf("connections: %+v", c)
	}
	for _, other := range all.Workflows {
		if other.Name == w.workflow(1) && (other.MissingKnown || other.Live != 1 || other.Secrets[0].Source != "") {
			t.Errorf("a workflow without a file: %+v", other)
		}
	}
	if after := len(w.proxy.Requests()); after != before {
		t.Errorf("the inventory caused %d requests to Vault", after-before)
	}
	w.proxy.AssertBlind(t)
}

func TestInventoryIsAnsweredInParts(t *testing.T) {
	t.Parallel()
	w := newInventoryWorld(t, 2)
	name := w.workflow(1)
	w.seal("secrets/a.yaml", fmt.Sprintf("workflows:\n  %s:\n    a: one\n  %s:\n    b: one\n", w.workflow(0), name))
	w.flow(1, "steps:\n- spec: {a: !Secret a, b: !Secret b, c: !Connection [aws, one]}\n")
	w.flow(0, "steps:\n- spec: {c: !Connection [aws, two]}\n")
	w.commit()
	d := w.daemon()
	d.until("the commit is known", d.knows(name, func(w report.Workflow) bool { return w.Live == 1 && len(w.References) == 3 }))
	full := answer[report.Inventory](t, d.CommandHandler(), "/inventory")
	one := answer[report.Inventory](t, d.CommandHandler(), "/inventory?workflow="+name)
	if len(one.Workflows) != 1 || !slices.ContainsFunc(full.Workflows, func(w report.Workflow) bool { return reflect.DeepEqual(w, one.Workflows[0]) }) {
		t.Errorf("one workflow: %+v of %+v", one.Workflows, full.Workflows)
	}
	if len(full.Connections) != 2 || len(one.Connections) != 1 || one.Connections[0].Name != "one" {
		t.Errorf("connections: %+v of %+v", one.Connections, full.Connections)
	}
	summary := answer[report.Inventory](t, d.CommandHandler(), "/inventory?summary")
	for _, s := range summary.Workflows {
		if s.Secrets != nil || s.References != nil || s.MissingSecrets != nil || s.Live != 1 || !s.MissingKnown || s.Name == name && s.Missing != 1 {
			t.Errorf("the summary has %+v", s)
		}
	}
	if len(summary.Workflows) != 2 || len(summary.Connections) != 2 || !slices.Equal(summary.Connections[0].UsedBy, full.Connections[0].UsedBy) {
		t.Errorf("the summary: %+v", summary)
	}
	if none := answer[report.Inventory](t, d.CommandHandler(), "/inventory?workflow=other"); none.Workflows == nil || len(none.Workflows) != 0 || len(none.Connections) != 0 {
		t.Errorf("an unknown workflow: %+v", none)
	}
	for _, path := range []string{"/inventory", "/activity"} {
		got := httptest.NewRecorder()
		d.Handler().ServeHTTP(got, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		if got.Code != http.StatusNotFound {
			t.Errorf("the endpoint without a login answers %s: %d", path, got.Code)
		}
	}
}

// TestReloadContinuesWhatThePageShows: the page is not empty until the next syncs.
func TestReloadContinuesWhatThePageShows(t *testing.T) {
	t.Parallel()
	w := newInventoryWorld(t, 1)
	name := w.workflow(0)
	w.seal("secrets/a.yaml", fmt.Sprintf("workflows:\n  %s:\n    a: one\n", name))
	w.flow(0, "steps:\n- spec: {a: !Secret a}\n")
	w.commit()
	d := w.daemonWith(func(c *Controller) { c.Audit = &Audit{by: "test"} })
	d.until("the commit is known", d.knows(name, func(w report.Workflow) bool { return len(w.References) == 1 }))
	d.stop()
	w.cfg.Sources[0].Suspend = true // so that no sync follows
	next := New(w.cfg, "test")
	next.Audit = &Audit{by: "test"}
	next.Continue(d.Controller)
	got := answer[report.Inventory](t, next.CommandHandler(), "/inventory").Workflows[0]
	if got.Live != 1 || !got.MissingKnown || got.Observed.IsZero() {
		t.Errorf("the inventory: %+v", got)
	}
	activity := answer[report.Activity](t, next.CommandHandler(), "/activity").Lines
	if len(activity) != 1 || activity[0].Event != "end" || activity[0].Action != plan.Add || activity[0].Workflow != name || activity[0].To != 1 {
		t.Errorf("the activity: %+v", activity)
	}
	history := answer[report.Daemon](t, next.CommandHandler(), "/status").Sources[0].History
	if len(history) != 1 || history[0].Outcome != "clean" || history[0].Added != 1 || history[0].Commit == "" || history[0].Seconds <= 0 {
		t.Errorf("the history: %+v", history)
	}
	elsewhere := *w.cfg
	elsewhere.Vault.Prefix = "elsewhere"
	moved := New(&elsewhere, "test")
	moved.Continue(next)
	if got := answer[report.Inventory](t, moved.CommandHandler(), "/inventory").Workflows[0]; got.Live != 0 || !got.Observed.IsZero() {
		t.Errorf("of another part of Vault: %+v", got)
	}
}

func TestHistoryAndActivityKeepTheLast(t *testing.T) {
	t.Parallel()
	b, a := newBoard(nil), &Audit{}
	b.all["shop"] = report.Status{Source: "shop"}
	for i := range 2*maxActivity + 1 {
		b.remember("shop", report.PastSync{Added: i})
		if err := a.append(report.AuditLine{Event: beginEvent}); err != nil {
			t.Fatal(err)
		}
		if err := a.append(report.AuditLine{Event: endEvent, To: i}); err != nil {
			t.Fatal(err)
		}
	}
	if got := a.Activity(); len(got) != maxActivity || got[0].To != 2*maxActivity || got[maxActivity-1].To != maxActivity+1 {
		t.Errorf("%d changes, the first %+v", len(got), got[0])
	}
	if got := b.list()[0].History; len(got) != maxHistory || got[maxHistory-1].Added != 2*maxActivity {
		t.Errorf("%d syncs, the last %+v", len(got), got[len(got)-1])
	}
}

// TestUnresolvedBranchIsOneEntryOfTheHistory: its retries would replace the syncs.
func TestUnresolvedBranchIsOneEntryOfTheHistory(t *testing.T) {
	t.Parallel()
	w := newInventoryWorld(t, 1)
	w.localPoll = 10 * time.Millisecond
	w.seal("secrets/a.yaml", fmt.Sprintf("workflows:\n  %s:\n    a: one\n", w.workflow(0)))
	w.commit()
	d := w.daemon()
	history := func() []report.PastSync { return d.status()["shop"].History }
	d.until("the first sync", func() bool { return len(history()) == 1 })
	w.run("git", "branch", "-m", "main", "away")
	polled := time.Time{}
	d.until("the branch is not found, twice", func() bool {
		s := d.status()["shop"]
		if !s.Ready && polled.IsZero() {
			polled = s.LastSync
		}
		return !polled.IsZero() && s.LastSync.After(polled)
	})
	w.run("git", "branch", "-m", "away", "main")
	d.until("the branch is found", func() bool { return d.status()["shop"].Ready })
	if got := history(); len(got) != 2 || got[0].Outcome != "clean" || got[1].Outcome != "failed" {
		t.Errorf("the history: %+v", got)
	}
}
