// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package notify

import (
	"bytes"
	"context"
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

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
)

const (
	token  = "canary-token-0123456789"
	secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	commit = "59b20b8d5c6ff8d09518454d4dd8b7b30f095ab5"
)

var (
	applied = Event{Controller: "prod", Source: "shop", Branch: "main", Commit: commit, Applied: true, Counts: Counts{Written: 3, Unchanged: 20}}
	broken  = Event{Controller: "prod", Source: "shop", Branch: "main", Commit: commit, Counts: Counts{Failed: 1, Blocked: 2}, Problems: []string{"deploy/api_token: owned by terraform/shop"}}
)

// request is a request that a server received.
type request struct {
	Method, Path string
	Header       http.Header
	Body         string
}

// server answers with its statuses in order, then always with the last one, and
// keeps the requests.
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

// running is a running notifier of the source shop.
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
		target.retry = retryPolicy{attempt: 10 * time.Second, interval: time.Millisecond, maxInterval: 10 * time.Millisecond, total: 10 * time.Second}
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	log := slog.New(slog.NewTextHandler(&r.log, nil))
	go func() {
		r.Run(ctx, log, "shop")
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

func TestTargetIsNotifiedOncePerOutcome(t *testing.T) {
	t.Parallel()
	hook, host := newServer(t, httptest.NewServer, 204), newServer(t, httptest.NewServer, 201)
	r := start(t, Config{Webhook: &Webhook{URL: hook.URL, SecretFile: file(t, secret)}}, Config{Gitea: &Host{URL: host.URL, Repository: "example/shop", TokenFile: file(t, token)}})
	next, noCommit := applied, Event{Source: "shop"}
	next.Commit = strings.Repeat("a", 40)
	drift := applied
	drift.Counts.Drifted = 1
	other := applied
	other.Source = "till"
	for _, e := range []Event{applied, applied, drift, other, noCommit, noCommit, applied, broken, applied, next} {
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
				outcome += " no commit"
			}
			out = append(out, outcome)
		}
		return out
	}
	if diff := cmp.Diff([]string{"applied", "broken no commit", "applied", "broken", "applied", "applied next"}, kinds(hook)); diff != "" {
		t.Errorf("the webhook: %s", diff)
	}
	if diff := cmp.Diff([]string{"applied", "broken", "applied", "applied next"}, kinds(host)); diff != "" {
		t.Errorf("the commit status: %s", diff)
	}
}

func TestStatusDecidesAboutRetry(t *testing.T) {
	t.Parallel()
	rows := []struct {
		statuses []int
		after    string
		requests int
		result   string
		log      string
	}{
		{[]int{201}, "", 1, sent, ""},
		{[]int{500, 502, 408, 429, 201}, "", 5, sent, "the server answered 502"},
		{[]int{403, 201}, "0", 2, sent, "the server answered 403"},
		{[]int{401}, "", 1, failed, "authentication failed, or permission denied"},
		{[]int{403}, "", 1, failed, "authentication failed, or permission denied"},
		{[]int{404}, "", 1, failed, "repository or commit not found"},
		{[]int{422}, "", 1, failed, "commit not found"},
		{[]int{307}, "", 1, failed, "redirects are not followed"},
		{[]int{503}, "18446744074", 1, failed, "the server answered 503"}, // which is a third of a second in 64 bits
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
				t.Errorf("want %q in the log:\n%s", row.log, r.log.String())
			}
		})
	}
}

func TestTokenIsReadForEachAttemptAndFailureIsSentAgain(t *testing.T) {
	t.Parallel()
	s := newServer(t, httptest.NewServer, 401, 201)
	path := file(t, "expired-token")
	r := start(t, Config{GitHub: &Host{URL: s.URL, Repository: "example/shop", TokenFile: path}})
	r.Send(applied)
	r.until(failed, 1)
	if err := os.WriteFile(path, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	r.Send(applied) // the next sync of the same revision
	r.until(sent, 1)
	if got := s.requests()[1].Header.Get("Authorization"); got != "Bearer "+token {
		t.Errorf("sent %q", got)
	}
	r.stop() // which ends what writes to the log
	if !strings.Contains(r.log.String(), "check the credential and its scopes") {
		t.Errorf("the log has no advice:\n%s", r.log.String())
	}
}

func TestUnresponsiveTargetBlocksNeitherOthersNorStop(t *testing.T) {
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
		r.until(sent, i+2) // the other target receives each
	}
	if got := r.counted(dropped); got < 7 || got > 9 {
		t.Errorf("%d were dropped, want about 8: the queue holds %d", got, queueLength)
	}
	before := time.Now()
	r.stop()
	if took := time.Since(before); took > grace+30*time.Second {
		t.Errorf("Run returned %v after the stop", took)
	}
	if !strings.Contains(r.log.String(), "the request timed out") {
		t.Error("the log has no timeout")
	}
}

func TestStopSendsQueuedEvents(t *testing.T) {
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
	n.Run(ended, slog.New(slog.DiscardHandler), "shop")
	if got := len(s.requests()); got != 8 {
		t.Errorf("%d of 8 events were sent", got)
	}
}

func TestUntrustedCertificateIsAnError(t *testing.T) {
	t.Parallel()
	s := newServer(t, httptest.NewTLSServer, 204)
	r := start(t, Config{Webhook: &Webhook{URL: s.URL + "/a-path-that-is-secret", SecretFile: file(t, secret)}})
	r.targets["shop"][0].retry.total = 50 * time.Millisecond
	r.Send(applied)
	r.until(failed, 1)
	r.stop()
	if len(s.requests()) > 0 || !strings.Contains(r.log.String(), "certificate is not trusted") || strings.Contains(r.log.String(), "a-path-that-is-secret") {
		t.Errorf("%d requests, and in the log:\n%s", len(s.requests()), r.log.String())
	}
}
