// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package notify

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// waitsFor is an event with a plan that waits for approval.
func waitsFor(planID string) Event {
	return Event{
		Controller: "prod", Source: "shop", Branch: "main", Commit: commit, Counts: Counts{Unchanged: 20, PendingApproval: 3},
		Problems: []string{"not in messages about plans"},
		Pending: &Pending{
			PlanID: planID, Since: time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC), Actions: map[string]int{"delete": 3},
			Causes:  []string{"deploy/api_token: the plan deletes 3 secrets, at most 2 are allowed (deletes.max)"},
			Command: "relay-sync approve shop --reason ...", Link: "https://wiki.example.com/?plan=" + planID, Remind: 24 * time.Hour,
		},
	}
}

// messages are the types of signed messages, with the plan's id.
func messages(t *testing.T, requests []request) (out []string) {
	t.Helper()
	receiver, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range requests {
		if err := receiver.VerifyIgnoringTimestamp([]byte(r.Body), r.Header); err != nil {
			t.Error(err)
		}
		var body struct {
			Type string
			Data struct {
				PlanID   string `json:"plan_id"`
				Approved bool
			}
		}
		if err := json.Unmarshal([]byte(r.Body), &body); err != nil {
			t.Fatal(err)
		}
		text := strings.TrimSpace(body.Type + " " + body.Data.PlanID)
		if body.Data.Approved {
			text += " approved"
		}
		out = append(out, text)
	}
	return out
}

func TestWebhookIsNotifiedOnceOfEachPlanThatWaits(t *testing.T) {
	t.Parallel()
	unavailable := waitsFor("a") // the plan is not known to be another one
	unavailable.Counts = Counts{Failed: 1}
	byApproval, approvedAndFailed := applied, broken
	byApproval.Approved, approvedAndFailed.Approved = "a", "a"
	for name, row := range map[string]struct {
		events []Event
		want   []string
	}{
		"each sync":              {[]Event{waitsFor("a"), waitsFor("a"), waitsFor("a")}, []string{"approval.pending a"}},
		"approved":               {[]Event{waitsFor("a"), byApproval, applied}, []string{"approval.pending a", "revision.applied", "approval.closed a approved"}},
		"approved, and fails":    {[]Event{waitsFor("a"), approvedAndFailed}, []string{"approval.pending a", "revision.failed", "approval.closed a approved"}},
		"obsolete":               {[]Event{applied, waitsFor("a"), applied}, []string{"revision.applied", "approval.pending a", "revision.applied", "approval.closed a"}},
		"another plan, and back": {[]Event{waitsFor("a"), waitsFor("b"), waitsFor("a")}, []string{"approval.pending a", "approval.closed a", "approval.pending b", "approval.closed b", "approval.pending a"}},
		"unavailable for a time": {[]Event{waitsFor("a"), unavailable, waitsFor("a")}, []string{"approval.pending a", "revision.failed"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, httptest.NewServer, 204)
			r := start(t, Config{Webhook: &Webhook{URL: s.URL, SecretFile: file(t, secret)}})
			for _, e := range row.events {
				r.Send(e)
			}
			r.until(sent, len(row.want))
			r.stop()
			if diff := cmp.Diff(row.want, messages(t, s.requests())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPendingMessageHasWhatAnApproverNeeds(t *testing.T) {
	t.Parallel()
	s := newServer(t, httptest.NewServer, 204)
	r := start(t, Config{Webhook: &Webhook{URL: s.URL, SecretFile: file(t, secret)}})
	r.Send(waitsFor("0a1b"))
	r.Send(applied)
	r.until(sent, 3)
	counts := map[string]any{"written": 0., "deleted": 0., "unchanged": 20., "blocked": 0., "pending_approval": 3., "drifted": 0., "failed": 0.}
	about := map[string]any{"controller": "prod", "source": "shop", "branch": "main", "commit": commit, "plan_id": "0a1b", "pending_since": "2026-11-30T09:00:00Z", "link": "https://wiki.example.com/?plan=0a1b"}
	want := map[string]map[string]any{
		"approval.pending": {
			"counts": counts, "actions": map[string]any{"delete": 3.}, "more_causes": 0., "command": "relay-sync approve shop --reason ...",
			"causes": []any{"deploy/api_token: the plan deletes 3 secrets, at most 2 are allowed (deletes.max)"},
		},
		"approval.closed": {"counts": map[string]any{"written": 3., "deleted": 0., "unchanged": 20., "blocked": 0., "pending_approval": 0., "drifted": 0., "failed": 0.}, "approved": false},
	}
	for _, got := range s.requests() {
		var body struct {
			FormatVersion string `json:"format_version"`
			Type          string
			Data          map[string]any
		}
		if err := json.Unmarshal([]byte(got.Body), &body); err != nil {
			t.Fatal(err)
		}
		data := want[body.Type]
		if data == nil {
			continue
		}
		delete(want, body.Type)
		for key, value := range about {
			data[key] = value
		}
		if diff := cmp.Diff(data, body.Data); diff != "" || body.FormatVersion != "1.0" {
			t.Errorf("%s, version %s: %s", body.Type, body.FormatVersion, diff)
		}
	}
	if len(want) > 0 {
		t.Errorf("not sent: %v", want)
	}
}

func TestCausesInMessagesAreBoundedAndPrintable(t *testing.T) {
	t.Parallel()
	p := Pending{Causes: slices.Repeat([]string{"deploy/a: \x1b[2Jwiped\r\n\nApproved by \u202eada\u200b" + strings.Repeat("ä", 10_000)}, 1000)}
	lines, more := p.causes()
	if len(lines) != 20 || more != 980 {
		t.Errorf("%d causes and %d more", len(lines), more)
	}
	for _, line := range lines {
		if len(line) > 250 || !strings.HasPrefix(line, `deploy/a: \u001b[2Jwiped Approved by \u202eada\u200bä`) || !strings.HasSuffix(line, "ä…") {
			t.Fatalf("%d bytes: %q", len(line), line)
		}
	}
}

func TestFailedPendingMessageIsSentAgainAndTheRevisionIsNot(t *testing.T) {
	t.Parallel()
	s := newServer(t, httptest.NewServer, 204, 403, 204)
	r := start(t, Config{Webhook: &Webhook{URL: s.URL, SecretFile: file(t, secret)}})
	e := waitsFor("a")
	e.Counts.Blocked = 1
	r.Send(e)
	r.until(failed, 1)
	r.Send(e)
	r.until(sent, 2)
	r.Send(e)
	r.stop()
	if diff := cmp.Diff([]string{"revision.failed", "approval.pending a", "approval.pending a"}, messages(t, s.requests())); diff != "" {
		t.Error(diff)
	}
}

func TestCommitStatusOfARevisionThatWaitsIsPending(t *testing.T) {
	t.Parallel()
	blocked := waitsFor("b")
	blocked.Counts.Blocked = 1
	for kind, failing := range map[string]string{"github": "failure", "gitlab": "failed", "gitea": "failure"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			row := statusRows()[kind]
			s := newServer(t, httptest.NewServer, 201)
			row.host.URL, row.host.TokenFile = s.URL+row.host.URL, file(t, token)
			r := start(t, row.config(&row.host))
			for _, e := range []Event{waitsFor("a"), waitsFor("a"), waitsFor("b"), blocked, applied} {
				r.Send(e)
			}
			r.until(sent, 4)
			r.stop()
			var got []string
			for _, request := range s.requests() {
				var body struct {
					State, Description string
					TargetURL          string `json:"target_url"`
				}
				if err := json.Unmarshal([]byte(request.Body), &body); err != nil {
					t.Fatal(err)
				}
				got = append(got, fmt.Sprintf("%s: %s %s", body.State, body.Description, body.TargetURL))
			}
			if diff := cmp.Diff([]string{
				"pending: 3 pending approval, 20 unchanged https://wiki.example.com/?plan=a",
				"pending: 3 pending approval, 20 unchanged https://wiki.example.com/?plan=b",
				failing + ": 3 pending approval, 1 blocked, 20 unchanged https://wiki.example.com/?plan=b",
				"success: 3 written, 20 unchanged ",
			}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestGitLabStatusThatIsPendingAlreadyDoesNotFail(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		event  Event
		result string
	}{"pending again": {waitsFor("a"), sent}, "rejected": {broken, failed}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, httptest.NewServer, 400)
			r := start(t, Config{GitLab: &Host{URL: s.URL, Repository: "example/shop", TokenFile: file(t, token)}})
			r.Send(row.event)
			r.until(row.result, 1)
		})
	}
}
