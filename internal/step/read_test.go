// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package step

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
	"github.com/relay-secrets/terraform-provider-relay/internal/vault"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

func one(ctx context.Context, r *Reader) error {
	_, err := r.Secrets(ctx, []string{"one"})
	return err
}

func jobOf(t *testing.T, to vault.Settings, workflow string) Job {
	return Job{
		Vault: to, Scope: scopeOf(workflow), Wait: time.Minute,
		Waiting: func(error) {}, Warn: func(err error) { t.Errorf("warning: %v", err) },
	}
}

func TestReadWaitsForAnUnsealedVault(t *testing.T) {
	t.Parallel()
	v, workflow := vaulttest.StartOwn(t), vaulttest.Workflow(t)
	write(t, v, secretOf(workflow, "one", "x"))
	token := v.Reader(t, workflow)
	v.Seal(t)
	job := jobOf(t, vault.Settings{Address: v.Address, Token: token, MaxRetries: new(0)}, workflow)
	var waits atomic.Int32
	job.Waiting = func(cause error) {
		if waits.Add(1) > 1 || !errors.Is(cause, kv.ErrSealed) {
			t.Errorf("wait %d: %v", waits.Load(), cause)
		}
		v.Unseal(t)
	}
	var found []Secret
	err := job.Read(t.Context(), func(ctx context.Context, r *Reader) (err error) {
		found, err = r.Secrets(ctx, []string{"one"})
		return err
	})
	if got := plain(found); err != nil || got["one"] != "x" || waits.Load() != 1 {
		t.Errorf("got %q, %v after %d waits", got, err, waits.Load())
	}
}

func TestReadGivesUpAfterTheLimit(t *testing.T) {
	t.Parallel()
	v, workflow := vaulttest.StartOwn(t), vaulttest.Workflow(t)
	token := v.Reader(t, workflow)
	v.Seal(t)
	job := jobOf(t, vault.Settings{Address: v.Address, Token: token, MaxRetries: new(0)}, workflow)
	for _, job.Wait = range []time.Duration{0, 300 * time.Millisecond} {
		start := time.Now()
		if err := job.Read(t.Context(), one); !errors.Is(err, kv.ErrSealed) || time.Since(start) < job.Wait {
			t.Errorf("wait %s: %v after %s", job.Wait, err, time.Since(start))
		}
	}
	job.Wait = time.Hour
	ctx, cancel := context.WithCancelCause(t.Context())
	reason := errors.New("signal")
	job.Waiting = func(error) { cancel(reason) }
	if err := job.Read(ctx, one); !errors.Is(err, reason) {
		t.Errorf("canceled: %v", err)
	}
}

// A login that is cut off leaves a token; it is revoked when Vault answers again.
func TestReadRevokesTheTokenOfEachAttempt(t *testing.T) {
	t.Parallel()
	v, workflow := vaulttest.Start(t), vaulttest.Workflow(t)
	write(t, v, secretOf(workflow, "one", "x"))
	roleID, secretID := v.AppRole(t, workflow, "1h")
	v.WritePolicy(t, workflow, `path "customers/data/workflows/`+workflow+`/*" { capabilities = ["read"] }`)
	v.Call(t, v.RootToken, http.MethodPost, "auth/approle/role/"+workflow, map[string]any{"token_policies": workflow})
	proxy := vaulttest.NewProxy(t, v.Address)
	var failed atomic.Bool
	proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
		if strings.Contains(r.URL.Path, "/data/") && failed.CompareAndSwap(false, true) {
			return vaulttest.FailWith(http.StatusServiceUnavailable)
		}
		return vaulttest.Action{}
	})
	job := jobOf(t, vault.Settings{Address: proxy.Address, Login: &vault.AppRole{RoleID: roleID, SecretID: secretID}, MaxRetries: new(0)}, workflow)
	if err := job.Read(t.Context(), one); err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, r := range proxy.Requests() {
		count[r.Method+" "+r.Path]++
	}
	if count["PUT /v1/auth/approle/login"] != 2 || count["PUT /v1/auth/token/revoke-self"] != 2 {
		t.Errorf("requests: %v", count)
	}
}

func TestGitHubIDToken(t *testing.T) {
	t.Parallel()
	canary := vaulttest.Canary(t)
	answers := map[string]struct {
		status    int
		body      string
		want      string
		temporary bool
	}{
		"good":        {200, `{"count":7,"value":"a.b.c"}`, "", false},
		"unavailable": {503, canary, "HTTP 503", true},
		"denied":      {403, canary, "HTTP 403", false},
		"no JSON":     {200, canary, "not that of GitHub Actions", false},
		"no token":    {200, `{"value":"` + canary + ` two"}`, "has no token", false},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := answers[r.URL.Query().Get("case")]
		if r.Header.Get("Authorization") != "Bearer credential" || r.URL.Query().Get("api-version") != "2.0" {
			answer.status = http.StatusTeapot
		}
		if r.URL.Query().Get("case") == "good" && r.URL.Query().Get("audience") != "https://vault.example.com" {
			answer.status = http.StatusTeapot
		}
		w.WriteHeader(answer.status)
		_, _ = w.Write([]byte(answer.body))
	}))
	defer server.Close()
	for name, test := range answers {
		g := GitHub{URL: server.URL + "/token?api-version=2.0&case=" + strings.ReplaceAll(name, " ", "+"), Token: "credential", Audience: "https://vault.example.com"}
		token, err := g.IDToken(t.Context())
		if test.want == "" {
			if err != nil || token != "a.b.c" {
				t.Errorf("%s: %q, %v", name, token, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), test.want) || temporary(err) != test.temporary {
			t.Errorf("%s: %v, temporary %v", name, err, temporary(err))
			continue
		}
		vaulttest.AssertNoCanary(t, canary, map[string][]byte{name: []byte(err.Error())})
	}
	for name, g := range map[string]GitHub{
		"id-token: write":                        {},
		"ACTIONS_ID_TOKEN_REQUEST_URL must":      {URL: "ftp://x", Token: "credential"},
		"must begin with https":                  {URL: "http://example.com/", Token: "credential"},
		"ACTIONS_ID_TOKEN_REQUEST_TOKEN must be": {URL: server.URL, Token: "two words"},
	} {
		if _, err := g.IDToken(t.Context()); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	server.Close()
	if _, err := (GitHub{URL: server.URL, Token: "credential"}).IDToken(t.Context()); !temporary(err) {
		t.Errorf("without a server: %v", err)
	}
}
