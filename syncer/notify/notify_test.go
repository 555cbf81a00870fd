// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
)

const (
	token  = "canary-token-0123456789"
	secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	commit = "59b20b8d5c6ff8d09518454d4dd8b7b30f095ab5"
)

var (
	applied = Event{Controller: "prod", Source: "shop", Branch: "main", Commit: commit, Applied: true, Counts: Counts{Written: 3, Unchanged: 20}}
	broken  = Event{Controller: "prod", Source: "shop", Branch: "main", Commit: commit, Counts: Counts{Failed: 1, Blocked: 2}, Problems: []string{"deploy/api_token: held by terraform/shop"}}
)

// request is what a server was sent.
type request struct {
	Method, Path string
	Header       http.Header
	Body         string
}

// server answers with one status after the other, the last for ever, and keeps
// what it was sent.
type server struct {
	*httptest.Server
	mu       sync.Mutex
	statuses []int
	header   http.Header
	got      []request
}

func newServer(t *testing.T, start func(http.Handler) *httptest.Server, statuses ...int) *server {
	t.Helper()
	s := &server{statuses: statuses, header: http.Header{}}
	s.Server = start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.got = append(s.got, request{r.Method, r.URL.EscapedPath(), r.Header, string(body)})
		for name, values := range s.header {
			w.Header()[name] = values
		}
		w.WriteHeader(s.statuses[0])
		fmt.Fprint(w, `{"message":"`+r.Header.Get("Authorization")+`"}`) // a server that repeats credentials
		if len(s.statuses) > 1 {
			s.statuses = s.statuses[1:]
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) requests() []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]request{}, s.got...)
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "credential")
	if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// running is a notifier of the source shop at work.
type running struct {
	*Notifier
	t        *testing.T
	registry *prometheus.Registry
	log      bytes.Buffer
	stop     func()
}

func start(t *testing.T, configs ...Config) *running {
	t.Helper()
	for _, cfg := range configs {
		if problems := cfg.Problems(); len(problems) > 0 {
			t.Fatal(problems)
		}
	}
	r := &running{t: t, registry: prometheus.NewRegistry()}
	var err error
	if r.Notifier, err = New(map[string][]Config{"shop": configs}, r.registry); err != nil {
		t.Fatal(err)
	}
	for _, target := range r.targets["shop"] {
		target.retry = retryPolicy{attempt: 10 * time.Second, first: time.Millisecond, longest: 10 * time.Millisecond, altogether: 10 * time.Second}
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	log := slog.New(slog.NewTextHandler(&r.log, nil))
	go func() {
		r.Run(ctx, log)
		close(ended)
	}()
	r.stop = sync.OnceFunc(func() {
		cancel()
		<-ended
	})
	t.Cleanup(func() {
		r.stop()
		if strings.Contains(r.log.String(), token) || strings.Contains(r.log.String(), "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw") {
			t.Errorf("the log holds a credential:\n%s", r.log.String())
		}
	})
	return r
}

// until waits for a count of the metric, over all sources and kinds.
func (r *running) until(result string, want int) {
	r.t.Helper()
	if await.Until(10*time.Second, func() bool { return r.counted(result) >= want }) {
		return
	}
	r.stop()
	r.t.Fatalf("%d were %s, want %d\n%s", r.counted(result), result, want, r.log.String())
}

func (r *running) counted(result string) int {
	n := 0
	for _, kind := range []string{"github", "gitlab", "gitea", "webhook"} {
		n += int(testutil.ToFloat64(r.total.WithLabelValues("shop", kind, result)))
	}
	return n
}

func TestACommitStatusIsSetAsTheHostDocumentsIt(t *testing.T) {
	t.Parallel()
	type row struct {
		config  func(h *Host) Config
		host    Host
		path    string
		headers map[string]string
		bodies  [2]map[string]any // applied, broken
	}
	rows := map[string]row{
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
	for kind, row := range rows {
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

func TestASignedWebhookCanBeCheckedAndTellsTheProblems(t *testing.T) {
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
		t.Errorf("the second attempt has another id: %q, %q", a, b)
	}
	var body map[string]any
	if err := json.Unmarshal([]byte(got[1].Body), &body); err != nil {
		t.Fatal(err)
	}
	delete(body, "timestamp")
	want := map[string]any{"type": "revision.failed", "data": map[string]any{
		"controller": "prod", "source": "shop", "branch": "main", "commit": commit,
		"counts":   map[string]any{"written": 0., "removed": 0., "unchanged": 0., "blocked": 2., "drifted": 0., "failed": 1.},
		"problems": []any{"deploy/api_token: held by terraform/shop"},
	}}
	if diff := cmp.Diff(want, body); diff != "" {
		t.Error(diff)
	}
}

func TestARevisionIsToldOnceForEachOutcome(t *testing.T) {
	t.Parallel()
	hook, host := newServer(t, httptest.NewServer, 204), newServer(t, httptest.NewServer, 201)
	r := start(t, Config{Webhook: &Webhook{URL: hook.URL, SecretFile: file(t, secret)}}, Config{Gitea: &Host{URL: host.URL, Repository: "example/shop", TokenFile: file(t, token)}})
	next, nowhere := applied, Event{Source: "shop"}
	next.Commit = strings.Repeat("a", 40)
	drift := applied
	drift.Counts.Drifted = 1
	elsewhere := applied
	elsewhere.Source = "till"
	for _, e := range []Event{applied, applied, drift, elsewhere, nowhere, nowhere, applied, broken, applied, next} {
		r.Send(e)
	}
	r.until(sent, 10)
	r.stop()
	kinds := func(s *server) (out []string) {
		for _, got := range s.requests() {
			outcome := "applied"
			if strings.Contains(got.Body, "revision.failed") || strings.Contains(got.Body, `"failure"`) {
				outcome = "broken"
			}
			all := got.Path + got.Body
			switch {
			case strings.Contains(all, next.Commit):
				outcome += " next"
			case !strings.Contains(all, commit):
				outcome += " nowhere"
			}
			out = append(out, outcome)
		}
		return out
	}
	if diff := cmp.Diff([]string{"applied", "broken nowhere", "applied", "broken", "applied", "applied next"}, kinds(hook)); diff != "" {
		t.Errorf("the webhook: %s", diff)
	}
	if diff := cmp.Diff([]string{"applied", "broken", "applied", "applied next"}, kinds(host)); diff != "" {
		t.Errorf("the commit status: %s", diff)
	}
}

func TestAnAnswerDecidesWhetherThereIsAnotherAttempt(t *testing.T) {
	t.Parallel()
	rows := []struct {
		statuses []int
		after    string
		requests int
		result   string
		log      string
	}{
		{[]int{201}, "", 1, sent, ""},
		{[]int{500, 502, 408, 429, 201}, "", 5, sent, "it answered 502"},
		{[]int{403, 201}, "0", 2, sent, "it answered 403"},
		{[]int{401}, "", 1, failed, "does not take the credential"},
		{[]int{403}, "", 1, failed, "does not take the credential"},
		{[]int{404}, "", 1, failed, "no such repository"},
		{[]int{422}, "", 1, failed, "no such commit"},
		{[]int{307}, "", 1, failed, "a redirect, which is not followed"},
		{[]int{503}, "18446744074", 1, failed, "it answered 503"}, // which is a third of a second in 64 bits
	}
	for _, row := range rows {
		t.Run(fmt.Sprint(row.statuses), func(t *testing.T) {
			t.Parallel()
			elsewhere := newServer(t, httptest.NewServer, 201)
			s := newServer(t, httptest.NewServer, row.statuses...)
			s.header.Set("Location", elsewhere.URL)
			if row.after != "" {
				s.header.Set("Retry-After", row.after)
			}
			r := start(t, Config{GitHub: &Host{URL: s.URL, Repository: "example/shop", TokenFile: file(t, token)}})
			r.Send(applied)
			r.until(row.result, 1)
			r.stop()
			if got := len(s.requests()); got != row.requests {
				t.Errorf("%d requests, want %d", got, row.requests)
			}
			if len(elsewhere.requests()) > 0 {
				t.Error("a redirect was followed")
			}
			if !strings.Contains(r.log.String(), row.log) {
				t.Errorf("%q is missing in the log:\n%s", row.log, r.log.String())
			}
		})
	}
}

func TestATokenIsReadForEachAttemptAndAFailureIsToldAgain(t *testing.T) {
	t.Parallel()
	s := newServer(t, httptest.NewServer, 401, 201)
	path := file(t, "expired-token")
	r := start(t, Config{GitHub: &Host{URL: s.URL, Repository: "example/shop", TokenFile: path}})
	r.Send(applied)
	r.until(failed, 1)
	if err := os.WriteFile(path, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	r.Send(applied) // the next look at the same revision
	r.until(sent, 1)
	if got := s.requests()[1].Header.Get("Authorization"); got != "Bearer "+token {
		t.Errorf("sent %q", got)
	}
}

func TestASilentServerHoldsUpNobodyAndNoStop(t *testing.T) {
	t.Parallel()
	begun, release := make(chan struct{}, 100), make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		begun <- struct{}{}
		<-release
	}))
	defer silent.Close()
	defer close(release)
	quick := newServer(t, httptest.NewServer, 204)
	r := start(t, Config{Webhook: &Webhook{URL: silent.URL, SecretFile: file(t, secret)}}, Config{Webhook: &Webhook{URL: quick.URL, SecretFile: file(t, secret)}})
	r.targets["shop"][0].retry.attempt = 100 * time.Millisecond
	r.Send(broken)
	<-begun
	<-begun // a second attempt, so the first has run out of time
	r.until(sent, 1)
	for i := range queueLength + 8 {
		e := applied
		e.Commit = fmt.Sprintf("%040d", i)
		r.Send(e)
		r.until(sent, i+2) // the quick one is told of each
	}
	if got := r.counted(dropped); got < 7 || got > 9 {
		t.Errorf("%d were dropped, want about 8: the queue holds %d", got, queueLength)
	}
	before := time.Now()
	r.stop()
	if took := time.Since(before); took > grace+5*time.Second {
		t.Errorf("a stop took %v", took)
	}
	if !strings.Contains(r.log.String(), "no answer in time") {
		t.Error("the log does not tell of a timeout")
	}
}

func TestAStopSendsWhatWaits(t *testing.T) {
	t.Parallel()
	s := newServer(t, httptest.NewServer, 204)
	n, err := New(map[string][]Config{"shop": {{Webhook: &Webhook{URL: s.URL, SecretFile: file(t, secret)}}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 4 {
		n.Send(applied)
		n.Send(broken)
	}
	ended, stop := context.WithCancel(context.Background())
	stop()
	n.Run(ended, slog.New(slog.DiscardHandler))
	if got := len(s.requests()); got != 8 {
		t.Errorf("%d of 8 events were sent", got)
	}
}

func TestNoTrustNoNotification(t *testing.T) {
	t.Parallel()
	s := newServer(t, httptest.NewTLSServer, 204)
	r := start(t, Config{Webhook: &Webhook{URL: s.URL + "/a-path-that-is-secret", SecretFile: file(t, secret)}})
	r.targets["shop"][0].retry.altogether = 50 * time.Millisecond
	r.Send(applied)
	r.until(failed, 1)
	r.stop()
	if len(s.requests()) > 0 || !strings.Contains(r.log.String(), "its certificate is not trusted") || strings.Contains(r.log.String(), "a-path-that-is-secret") {
		t.Errorf("%d requests, and in the log:\n%s", len(s.requests()), r.log.String())
	}
}

func TestWhatIsWrongWithATargetIsSaid(t *testing.T) {
	t.Parallel()
	good := Host{URL: "https://git.example.com", Repository: "example/shop", TokenFile: "t"}
	host := func(change func(h *Host)) *Host {
		h := good
		change(&h)
		return &h
	}
	rows := []struct {
		config Config
		want   []string
	}{
		{Config{GitHub: host(func(h *Host) { h.URL = "" })}, nil},
		{Config{GitLab: host(func(h *Host) { h.URL, h.Repository = "", "12" })}, nil},
		{Config{GitLab: host(func(h *Host) { h.Repository = "a/b/c.d" })}, nil},
		{Config{Gitea: host(func(h *Host) { h.URL = "http://[::1]:3000" })}, nil},
		{Config{Webhook: &Webhook{URL: "http://localhost:1/x?y=z", SecretFile: "s"}}, nil},
		{Config{}, []string{"exactly one"}},
		{Config{GitHub: &good, GitLab: &good}, []string{"exactly one"}},
		{Config{Gitea: &Host{}}, []string{"url is missing", "repository must be owner/name", "token_file is missing"}},
		{Config{Webhook: &Webhook{}}, []string{"url is missing", "secret_file is missing"}},
		{Config{Gitea: host(func(h *Host) { h.URL = "http://git.example.com" })}, []string{"must begin with https://"}},
		{Config{Gitea: host(func(h *Host) { h.URL = "http://localhost.example.com" })}, []string{"must begin with https://"}},
		{Config{Gitea: host(func(h *Host) { h.URL = "https://ada:pw@git.example.com" })}, []string{"no user and password"}},
		{Config{Gitea: host(func(h *Host) { h.URL = "git.example.com" })}, []string{"is no URL"}},
		{Config{GitHub: host(func(h *Host) { h.Repository = "../.." })}, []string{"owner/name"}},
		{Config{GitHub: host(func(h *Host) { h.Repository = "a/b/c" })}, []string{"owner/name"}},
		{Config{GitHub: host(func(h *Host) { h.Repository = "a/b?c" })}, []string{"owner/name"}},
		{Config{GitLab: host(func(h *Host) { h.Repository = "a/../b" })}, []string{"group/name"}},
	}
	for _, row := range rows {
		got := row.config.Problems()
		text := strings.Join(got, "\n")
		for _, want := range row.want {
			if !strings.Contains(text, want) {
				t.Errorf("%q is missing in %q", want, got)
			}
		}
		if len(got) != len(row.want) || strings.Contains(text, "pw") {
			t.Errorf("%q, want %q", got, row.want)
		}
	}
}

func TestFilesThatCannotBeUsedAreAllNamed(t *testing.T) {
	t.Parallel()
	_, err := New(map[string][]Config{
		"shop": {{GitHub: &Host{Repository: "a/b", TokenFile: filepath.Join(t.TempDir(), "none")}}},
		"till": {
			{Webhook: &Webhook{URL: "https://x", SecretFile: file(t, "short")}},
			{Webhook: &Webhook{URL: "https://x", SecretFile: file(t, secret), CACert: file(t, "no PEM")}},
		},
	}, nil)
	if err == nil {
		t.Fatal("taken")
	}
	for _, want := range []string{`source "shop"`, "no such file", `source "till"`, "16 bytes at least", "no certificate in PEM"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in %v", want, err)
		}
	}
}
