// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package notify

import (
	"encoding/json"
	"encoding/pem"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// statusRow is a git host and the requests that set a commit status there.
type statusRow struct {
	config  func(h *Host) Config
	host    Host
	path    string
	headers map[string]string
	bodies  [2]map[string]any // applied, broken
}

func statusRows() map[string]statusRow {
	return map[string]statusRow{
		"github": {
			func(h *Host) Config { return Config{GitHub: h} }, Host{URL: "/api/v3/", Repository: "example/shop"},
			"/api/v3/repos/example/shop/statuses/" + commit,
			map[string]string{"Authorization": "Bearer " + token, "Accept": "application/vnd.github+json", "X-Github-Api-Version": "2022-11-28", "Content-Type": "application/json"},
			[2]map[string]any{
				{"state": "success", "context": "relay-sync/prod/shop", "description": "3 written, 20 unchanged"},
				{"state": "failure", "context": "relay-sync/prod/shop", "description": "1 failed, 2 blocked"},
			},
		},
		"gitlab": {
			func(h *Host) Config { return Config{GitLab: h} }, Host{Repository: "example/team/shop"},
			"/api/v4/projects/example%2Fteam%2Fshop/statuses/" + commit,
			map[string]string{"Private-Token": token, "Content-Type": "application/json"},
			[2]map[string]any{
				{"state": "success", "ref": "main", "name": "relay-sync/prod/shop", "description": "3 written, 20 unchanged"},
				{"state": "failed", "ref": "main", "name": "relay-sync/prod/shop", "description": "1 failed, 2 blocked"},
			},
		},
		"gitea": {
			func(h *Host) Config { return Config{Gitea: h} }, Host{Repository: "example/shop"},
			"/api/v1/repos/example/shop/statuses/" + commit,
			map[string]string{"Authorization": "token " + token, "Content-Type": "application/json"},
			[2]map[string]any{
				{"state": "success", "context": "relay-sync/prod/shop", "description": "3 written, 20 unchanged"},
				{"state": "failure", "context": "relay-sync/prod/shop", "description": "1 failed, 2 blocked"},
			},
		},
	}
}

func TestCommitStatusFollowsAPIOfEachHost(t *testing.T) {
	t.Parallel()
	for kind, row := range statusRows() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, httptest.NewServer, 201)
			row.host.URL, row.host.TokenFile = s.URL+row.host.URL, file(t, token)
			r := start(t, row.config(&row.host))
			r.Send(applied)
			r.Send(broken)
			r.until(sent, 2)
			for i, got := range s.requests() {
				if got.Method != "POST" || got.Path != row.path {
					t.Errorf("%s %s, want POST %s", got.Method, got.Path, row.path)
				}
				for name, want := range row.headers {
					if got.Header.Get(name) != want {
						t.Errorf("%s: %q, want %q", name, got.Header.Get(name), want)
					}
				}
				var body map[string]any
				if err := json.Unmarshal([]byte(got.Body), &body); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(row.bodies[i], body); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

func TestSignedWebhookVerifiesAndListsProblems(t *testing.T) {
	t.Parallel()
	s := newServer(t, httptest.NewTLSServer, 500, 204)
	authority := file(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})))
	r := start(t, Config{Webhook: &Webhook{URL: s.URL + "/hooks/1", SecretFile: file(t, secret), CACert: authority}})
	r.Send(broken)
	r.until(sent, 1)
	got := s.requests()
	if len(got) != 2 {
		t.Fatalf("%d requests", len(got))
	}
	receiver, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	for _, attempt := range got {
		if err := receiver.Verify([]byte(attempt.Body), attempt.Header); err != nil {
			t.Error(err)
		}
	}
	if a, b := got[0].Header.Get("webhook-id"), got[1].Header.Get("webhook-id"); a == "" || a != b {
		t.Errorf("the ids of both attempts differ: %q, %q", a, b)
	}
	var body map[string]any
	if err := json.Unmarshal([]byte(got[1].Body), &body); err != nil {
		t.Fatal(err)
	}
	delete(body, "timestamp")
	want := map[string]any{"format_version": "1.0", "type": "revision.failed", "data": map[string]any{
		"controller": "prod", "source": "shop", "branch": "main", "commit": commit,
		"counts":   map[string]any{"written": 0., "deleted": 0., "unchanged": 0., "blocked": 2., "pending_approval": 0., "drifted": 0., "failed": 1.},
		"problems": []any{"deploy/api_token: owned by terraform/shop"},
	}}
	if diff := cmp.Diff(want, body); diff != "" {
		t.Error(diff)
	}
}
