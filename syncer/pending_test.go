// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/relay-secrets/terraform-provider-relay/internal/leasetest"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/election"
	"github.com/relay-secrets/terraform-provider-relay/syncer/notify"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

func TestPlanIsPendingUntilASyncShowsThatItIsNot(t *testing.T) {
	t.Parallel()
	first, now := time.Unix(1000, 0), time.Unix(2000, 0)
	before := &notify.Pending{PlanID: "a", Since: first}
	settings := config.Approvals{Link: "https://wiki.example.com/{source}/{plan}"}
	for name, row := range map[string]struct {
		before *notify.Pending
		report report.Report
		id     string
		since  time.Time
	}{
		"new":                       {nil, report.Report{PlanID: "a"}, "a", now},
		"the same":                  {before, report.Report{PlanID: "a"}, "a", first},
		"another":                   {before, report.Report{PlanID: "b"}, "b", now},
		"nothing waits":             {before, report.Report{}, "", time.Time{}},
		"approved":                  {before, report.Report{PlanID: "a", Approved: true}, "", time.Time{}},
		"approved, then failed":     {before, report.Report{PlanID: "a", Approved: true, Unavailable: true}, "", time.Time{}},
		"git is unavailable":        {before, report.Report{Err: errors.New("unreachable")}, "a", first},
		"a part is unavailable":     {before, report.Report{PlanID: "b", Unavailable: true}, "a", first},
		"all but a part":            {nil, report.Report{PlanID: "b", Unavailable: true}, "b", now},
		"nothing, git unavailable":  {nil, report.Report{Err: errors.New("unreachable")}, "", time.Time{}},
		"nothing waits, and before": {nil, report.Report{}, "", time.Time{}},
	} {
		row.report.Source = "shop"
		got := pendingAfter(row.before, row.report, settings, now)
		switch {
		case got == nil && row.id != "":
			t.Errorf("%s: nothing is pending", name)
		case got != nil && (got.PlanID != row.id || !got.Since.Equal(row.since)):
			t.Errorf("%s: %s since %s, want %s since %s", name, got.PlanID, got.Since, row.id, row.since)
		case got != nil && got != before && (got.Link != "https://wiki.example.com/shop/"+row.id || got.Remind != 24*time.Hour):
			t.Errorf("%s: link %s, reminders each %s", name, got.Link, got.Remind)
		}
	}
}

func TestPendingPlanCountsWhatAnApprovalCarriesOut(t *testing.T) {
	t.Parallel()
	action := func(kind, approved plan.Kind, name string) report.Result {
		return report.Result{Action: plan.Action{Kind: kind, Approved: approved, Address: secrets.Scope{Mount: "customers", Prefix: "workflows", Group: "deploy"}.Secret(name), Cause: "cause of " + name}}
	}
	got := pendingAfter(nil, report.Report{Source: "shop", PlanID: "a", Results: []report.Result{
		action(plan.PendingApproval, plan.Delete, "one"), action(plan.PendingApproval, plan.Change, "two"), action(plan.PendingApproval, plan.Delete, "three"),
		action(plan.Blocked, "", "four"), action(plan.Change, "", "five"),
	}}, config.Approvals{}, time.Unix(1, 0))
	want := &notify.Pending{
		PlanID: "a", Since: time.Unix(1, 0), Actions: map[string]int{"delete": 2, "change": 1}, Remind: 24 * time.Hour,
		Causes:  []string{"deploy/one: cause of one", "deploy/two: cause of two", "deploy/three: cause of three"},
		Command: "relay-sync approve shop --reason ...",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// hookMessage is what the test reads of a signed message.
type hookMessage struct {
	Type string
	Data struct {
		Commit   string
		PlanID   string `json:"plan_id"`
		Link     string
		Actions  map[string]int
		Causes   []string
		Approved bool
	}
}

// hookReceiver verifies and keeps the messages to a webhook.
type hookReceiver struct {
	mu   sync.Mutex
	got  []hookMessage
	text string
}

// notifies adds a webhook to the world's source.
func (w *world) notifies() *hookReceiver {
	w.t.Helper()
	const key = "a secret that is long enough"
	receiver, err := standardwebhooks.NewWebhookRaw([]byte(key))
	if err != nil {
		w.t.Fatal(err)
	}
	h := &hookReceiver{}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var m hookMessage
		if err := errors.Join(receiver.Verify(body, r.Header), json.Unmarshal(body, &m)); err != nil {
			w.t.Error(err)
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		h.got, h.text = append(h.got, m), h.text+string(body)
	}))
	w.t.Cleanup(server.Close)
	w.cfg.Sources[0].Notify = []notify.Config{{Webhook: &notify.Webhook{URL: server.URL, SecretFile: write(w.t, w.t.TempDir(), "hook", key)}}}
	return h
}

// of are the messages of a type.
func (h *hookReceiver) of(kind string) (out []hookMessage) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, m := range h.got {
		if m.Type == kind {
			out = append(out, m)
		}
	}
	return out
}

func TestDaemonNotifiesOnceOfAPlanThatWaitsAndWhenItIsClosed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	hook := w.notifies()
	none := 0
	w.localPoll = 50 * time.Millisecond
	w.cfg.Sources[0].Deletes.Max, w.cfg.Sources[0].DriftInterval = &none, 100*time.Millisecond
	w.cfg.Sources[0].Approvals.Link = "https://wiki.example.com/{source}?plan={plan}"
	w.secretsIn("a.yaml", w.workflow(0), "kept", "old")
	w.commit()
	d := w.daemon()
	d.until("the first commit is applied", func() bool { return len(hook.of("revision.applied")) == 1 })
	w.secretsIn("a.yaml", w.workflow(0), "kept") // another ciphertext, so that the first sync writes
	w.commit()
	d.until("the plan waits", func() bool { return len(hook.of("approval.pending")) == 1 })

	status := d.status()["shop"]
	m := hook.of("approval.pending")[0]
	if m.Data.PlanID != status.PlanID || m.Data.Link != "https://wiki.example.com/shop?plan="+status.PlanID || m.Data.Actions["delete"] != 1 ||
		len(m.Data.Causes) != 1 || !strings.HasPrefix(m.Data.Causes[0], w.workflow(0)+"/old: ") || !strings.Contains(m.Data.Causes[0], "deletes.max") {
		t.Errorf("plan %s waits; the message: %+v", status.PlanID, m)
	}
	if age := time.Since(status.PendingSince); age < 0 || age > time.Minute {
		t.Errorf("pending since %s", status.PendingSince)
	}
	since := fmt.Sprintf("relay_sync_pending_approval_since_timestamp_seconds{source=\"shop\"} %v\n", float64(status.PendingSince.Unix()))
	if !strings.Contains(d.metricsText(), since) || !strings.Contains(d.metricsText(), "relay_sync_pending_approval{source=\"shop\"} 1\n") {
		t.Errorf("want %s in:\n%s", since, d.metricsText())
	}
	for range 3 {
		last := d.status()["shop"].LastSync
		d.until("another sync", func() bool { return d.status()["shop"].LastSync.After(last) })
	}
	if again := d.status()["shop"]; !again.PendingSince.Equal(status.PendingSince) {
		t.Errorf("after more syncs pending since %s, before since %s", again.PendingSince, status.PendingSince)
	}
	if got := len(hook.of("approval.pending")); got != 1 {
		t.Errorf("%d messages about one plan", got)
	}
	d.stop()

	restarted := w.daemon()
	restarted.until("a restart repeats the message", func() bool { return len(hook.of("approval.pending")) == 2 })
	w.approved()
	restarted.until("the plan is closed", func() bool { return len(hook.of("approval.closed")) == 1 })
	restarted.until("the revision is applied", func() bool { return len(hook.of("revision.applied")) == 2 })
	if closed := hook.of("approval.closed")[0]; closed.Data.PlanID != status.PlanID || closed.Data.Approved {
		t.Errorf("closed: %+v", closed)
	}
	if s := restarted.status()["shop"]; s.PlanID != "" || !s.PendingSince.IsZero() {
		t.Errorf("still pending: %+v", s)
	}
	if !strings.Contains(restarted.metricsText(), "relay_sync_pending_approval_since_timestamp_seconds{source=\"shop\"} 0\n") {
		t.Error(restarted.metricsText())
	}
	if failed := hook.of("revision.failed"); len(failed) > 0 {
		t.Errorf("a plan that waits is not a failure: %+v", failed)
	}
	if strings.Contains(hook.text, "value of") {
		t.Error("a message has a value")
	}
}

// TestReplicaThatIsNotElectedAnyMoreShowsNothingAsPending: the alarm is about the maximum
// of all replicas.
func TestReplicaThatIsNotElectedAnyMoreShowsNothingAsPending(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	none := 0
	w.cfg.Sources[0].Deletes.Max = &none
	leases := leasetest.New(t)
	w.cfg.Election = &election.Config{Lease: "relay-sync", Namespace: "prod", Kubeconfig: write(t, t.TempDir(), "kubeconfig", leases.Kubeconfig("replica"))}
	w.secretsIn("a.yaml", w.workflow(0), "kept", "old")
	w.applied()
	w.secretsIn("a.yaml", w.workflow(0), "kept")
	w.commit()
	d := w.daemon()
	const pending, secrets = "relay_sync_pending_approval", `relay_sync_secrets{source="shop",state="pending_approval"} 1`
	d.until("the plan waits", func() bool {
		return strings.Contains(d.metricsText(), pending) && strings.Contains(d.metricsText(), secrets)
	})
	leases.Disconnect("replica", true)
	d.until("this replica is on standby", func() bool { return strings.Contains(d.metricsText(), "relay_sync_leader 0") })
	if text := d.metricsText(); strings.Contains(text, pending) || strings.Contains(text, "relay_sync_secrets{") {
		t.Errorf("on standby:\n%s", text)
	}
}

func (d *daemon) metricsText() string {
	r := httptest.NewRecorder()
	d.Handler().ServeHTTP(r, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return r.Body.String()
}
