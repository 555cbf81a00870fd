// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package webhook

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// secret is the secret of the examples in GitHub's and Bitbucket's documentation,
// signing the one of Standard Webhooks' test vector.
const (
	secret  = "It's a Secret to Everybody"
	signing = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	// signedAt is the time of that test vector.
	signedAt = 1614265330
)

// inbox is a handler with one source, shop, and the triggers it called.
type inbox struct {
	*Handler
	registry *prometheus.Registry
	mu       sync.Mutex
	triggers []string
}

func newInbox(t *testing.T, provider Provider, text string) *inbox {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	in := &inbox{registry: prometheus.NewRegistry()}
	handler, err := New(map[string]Config{"shop": {Provider: provider, SecretFile: path}}, func(source string) {
		in.mu.Lock()
		defer in.mu.Unlock()
		in.triggers = append(in.triggers, source)
	}, in.registry)
	if err != nil {
		t.Fatal(err)
	}
	in.Handler = handler
	return in
}

func (in *inbox) triggered() int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return len(in.triggers)
}

// deliver returns the status of the answer.
func (in *inbox) deliver(r *http.Request) int {
	w := httptest.NewRecorder()
	in.ServeHTTP(w, r)
	refused := w.Code >= http.StatusBadRequest
	if body := w.Body.String(); refused != strings.HasPrefix(body, "not accepted: ") || !refused && body != "" || strings.Contains(body, "shop") {
		panic(fmt.Sprintf("status %d has the body %q", w.Code, body))
	}
	return w.Code
}

func (in *inbox) counted(t *testing.T, want string) {
	t.Helper()
	head := "# HELP relay_sync_webhook_deliveries_total Webhook deliveries by provider (unknown: no source identified) and result: accepted, replayed, test (unsigned), unauthorized, invalid.\n# TYPE relay_sync_webhook_deliveries_total counter\n"
	if err := testutil.GatherAndCompare(in.registry, strings.NewReader(head+want), "relay_sync_webhook_deliveries_total"); err != nil {
		t.Error(err)
	}
}

// golden reads a recorded delivery; another program computed its signature.
func golden(t *testing.T, provider Provider) *http.Request {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", string(provider)+".http"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(data)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func secretOf(provider Provider) string {
	if provider == GitLabSigned {
		return signing
	}
	return secret
}

// atSignedTime runs a test at the time of the signed test vector.
func atSignedTime(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Unix(signedAt, 0))) // the fake clock of synctest
		test(t)
	})
}

func TestDeliveryAndRedeliveryTrigger(t *testing.T) {
	t.Parallel()
	for _, provider := range providers() {
		t.Run(string(provider), func(t *testing.T) {
			t.Parallel()
			atSignedTime(t, func(t *testing.T) {
				in := newInbox(t, provider, secretOf(provider))
				if status := in.deliver(golden(t, provider)); status != 204 || in.triggered() != 1 {
					t.Fatalf("delivery: status %d, %d triggers", status, in.triggered())
				}
				time.Sleep(rememberFor/2 - time.Second) // within the tolerance of a signed time
				if status := in.deliver(golden(t, provider)); status != 204 {
					t.Errorf("replay: status %d", status)
				}
				synctest.Wait()
				if in.triggered() != 2 {
					t.Errorf("%d triggers after a redelivery", in.triggered())
				}
				in.counted(t, fmt.Sprintf("relay_sync_webhook_deliveries_total{provider=%q,result=\"accepted\"} 1\nrelay_sync_webhook_deliveries_total{provider=%q,result=\"replayed\"} 1\n", provider, provider))
			})
		})
	}
}

func TestHandlerAcceptsExamplesOfVendorDocumentation(t *testing.T) {
	t.Parallel()
	rows := []struct {
		provider               Provider
		body, header, expected string
	}{
		{GitHub, "Hello, World!", "X-Hub-Signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"},
		{Bitbucket, "Hello World!", "X-Hub-Signature", "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"},
	}
	for _, row := range rows {
		in := newInbox(t, row.provider, secret)
		r := httptest.NewRequest("POST", "/webhook/shop", strings.NewReader(row.body))
		r.Header.Set(row.header, row.expected)
		if status := in.deliver(r); status != 204 || in.triggered() != 1 {
			t.Errorf("%s: status %d, %d triggers", row.provider, status, in.triggered())
		}
	}
}

// An attacker can repeat a recorded delivery, also with another delivery id.
func TestReplaysTriggerAtALowRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in := newInbox(t, GitHub, secret)
		in.deliver(golden(t, GitHub))
		for i := range 600 {
			again := golden(t, GitHub)
			again.Header.Set("X-Github-Delivery", fmt.Sprint("another ", i))
			if status := in.deliver(again); status != 204 {
				t.Fatalf("status %d", status)
			}
			time.Sleep(100 * time.Millisecond)
		}
		if n := in.triggered(); n > 4 {
			t.Errorf("%d triggers by replays in a minute", n)
		}
	})
}

func TestUnsignedConnectionTestGetsAnAnswerForPeople(t *testing.T) {
	t.Parallel()
	var answers []string
	for _, source := range []string{"shop", "unknown"} {
		in := newInbox(t, Bitbucket, secret)
		r := httptest.NewRequest("POST", "/webhook/"+source, strings.NewReader(`{"test": true}`))
		r.Header.Set("X-Event-Key", "diagnostics:ping")
		w := httptest.NewRecorder()
		in.ServeHTTP(w, r)
		if w.Code != 200 || !strings.Contains(w.Body.String(), "does not sign this test") || in.triggered() != 0 {
			t.Errorf("%s: status %d, %d triggers, %q", source, w.Code, in.triggered(), w.Body)
		}
		answers = append(answers, w.Body.String())

		r = golden(t, Bitbucket) // a push is not a test, whatever its header is
		r.Header.Set("X-Event-Key", "diagnostics:ping")
		r.Header.Set("X-Hub-Signature", "sha256=00")
		if status := in.deliver(r); status != 401 {
			t.Errorf("a wrong signature: status %d", status)
		}
	}
	if answers[0] != answers[1] {
		t.Error("the answer depends on the name of the source")
	}
}

func TestUnauthenticDeliveryGetsSameAnswerAndDoesNotTrigger(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name     string
		provider Provider
		change   func(r *http.Request)
	}{
		{"an unknown source", GitHub, func(r *http.Request) { r.URL.Path = "/webhook/other" }},
		{"no signature", GitHub, func(r *http.Request) { r.Header.Del("X-Hub-Signature-256") }},
		{"an empty signature", GitHub, func(r *http.Request) { r.Header.Set("X-Hub-Signature-256", "sha256=") }},
		{"no prefix", GitHub, func(r *http.Request) {
			r.Header.Set("X-Hub-Signature-256", strings.TrimPrefix(r.Header.Get("X-Hub-Signature-256"), "sha256="))
		}},
		{"half a signature", GitHub, func(r *http.Request) {
			r.Header.Set("X-Hub-Signature-256", r.Header.Get("X-Hub-Signature-256")[:39])
		}},
		{"a duplicate signature", GitHub, func(r *http.Request) {
			r.Header.Add("X-Hub-Signature-256", r.Header.Get("X-Hub-Signature-256"))
		}},
		{"a changed body", GitHub, func(r *http.Request) { r.Body = body(`{"ref":"refs/heads/other"}`); r.ContentLength = -1 }},
		{"another provider's header", Bitbucket, func(r *http.Request) {
			r.Header.Set("X-Hub-Signature-256", r.Header.Get("X-Hub-Signature"))
			r.Header.Del("X-Hub-Signature")
		}},
		{"a weak algorithm", Bitbucket, func(r *http.Request) {
			r.Header.Set("X-Hub-Signature", strings.Replace(r.Header.Get("X-Hub-Signature"), "sha256=", "sha1=", 1))
		}},
		{"Gogs's header for Gitea's", Gitea, func(r *http.Request) { r.Header.Del("X-Gitea-Signature") }},
		{"a bad Forgejo signature beside a good one of Gitea", Forgejo, func(r *http.Request) { r.Header.Set("X-Forgejo-Signature", strings.Repeat("0", 64)) }},
		{"an empty Forgejo signature beside a good one of Gitea", Forgejo, func(r *http.Request) { r.Header.Set("X-Forgejo-Signature", "") }},
		{"no token", GitLab, func(r *http.Request) { r.Header.Del("X-Gitlab-Token") }},
		{"another token", GitLab, func(r *http.Request) { r.Header.Set("X-Gitlab-Token", secret+"!") }},
		{"a prefix of the token", GitLab, func(r *http.Request) { r.Header.Set("X-Gitlab-Token", secret[:16]) }},
		{"an expired signed time", GitLabSigned, func(*http.Request) { time.Sleep(6 * time.Minute) }},
		{"a time that is not the signed one", GitLabSigned, func(r *http.Request) { r.Header.Set("Webhook-Timestamp", fmt.Sprint(signedAt+1)) }},
		{"an id that is not the signed one", GitLabSigned, func(r *http.Request) { r.Header.Set("Webhook-Id", "msg_other") }},
		{"no time", GitLabSigned, func(r *http.Request) { r.Header.Del("Webhook-Timestamp") }},
		{"two ids", GitLabSigned, func(r *http.Request) { r.Header.Add("Webhook-Id", "msg_other") }},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			atSignedTime(t, func(t *testing.T) {
				in := newInbox(t, row.provider, secretOf(row.provider))
				r := golden(t, row.provider)
				row.change(r)
				if status := in.deliver(r); status != 401 || in.triggered() != 0 {
					t.Errorf("status %d, %d triggers", status, in.triggered())
				}
			})
		})
	}
}

func TestForgejoAcceptsGiteaHeaderOfOlderReleases(t *testing.T) {
	t.Parallel()
	in := newInbox(t, Forgejo, secret)
	r := golden(t, Forgejo)
	r.Header.Del("X-Forgejo-Signature")
	if status := in.deliver(r); status != 204 {
		t.Errorf("status %d", status)
	}
}

// An attacker must not be able to block an authentic delivery by its id.
func TestUnauthorizedDeliveryIsNotRemembered(t *testing.T) {
	t.Parallel()
	for _, provider := range []Provider{GitHub, GitLab} {
		in := newInbox(t, provider, secret)
		forged := golden(t, provider)
		forged.Header.Set("X-Hub-Signature-256", "sha256="+strings.Repeat("0", 64))
		forged.Header.Set("X-Gitlab-Token", "guessed")
		if status := in.deliver(forged); status != 401 {
			t.Errorf("%s: forged delivery: status %d", provider, status)
		}
		in.deliver(golden(t, provider))
		if in.triggered() != 1 {
			t.Errorf("%s: the authentic delivery did not trigger", provider)
		}
	}
}

func TestBurstTriggersTwiceAndIncludesLastDelivery(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in := newInbox(t, GitLab, secret)
		for i := range 40 {
			r := golden(t, GitLab)
			r.Header.Set("Idempotency-Key", fmt.Sprint("delivery ", i))
			if status := in.deliver(r); status != 204 {
				t.Fatalf("delivery %d: status %d", i, status)
			}
		}
		if in.triggered() != 1 {
			t.Errorf("%d triggers at once", in.triggered())
		}
		time.Sleep(2 * minTriggerInterval)
		synctest.Wait()
		if in.triggered() != 2 {
			t.Errorf("%d triggers after the interval", in.triggered())
		}
	})
}

func body(text string) *readCloser { return &readCloser{strings.NewReader(text)} }

type readCloser struct{ *strings.Reader }

func (*readCloser) Close() error { return nil }
