// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package webhook

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
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
	"golang.org/x/time/rate"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
)

// secret is the one of GitHub's and Bitbucket's documented examples, signing that
// of Standard Webhooks' own test vector.
const (
	secret  = "It's a Secret to Everybody"
	signing = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	// signedAt is the time of that vector.
	signedAt = 1614265330
)

// inbox is a handler with one source, shop, and the hints it passed on.
type inbox struct {
	*Handler
	registry *prometheus.Registry
	mu       sync.Mutex
	hints    []string
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
		in.hints = append(in.hints, source)
	}, in.registry)
	if err != nil {
		t.Fatal(err)
	}
	in.Handler = handler
	return in
}

func (in *inbox) heard() int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return len(in.hints)
}

// deliver gives the status of the answer.
func (in *inbox) deliver(r *http.Request) int {
	w := httptest.NewRecorder()
	in.ServeHTTP(w, r)
	if w.Body.Len() > 0 {
		panic("the answer says more than its status: " + w.Body.String())
	}
	return w.Code
}

func (in *inbox) counted(t *testing.T, want string) {
	t.Helper()
	head := "# HELP relay_sync_webhook_deliveries_total Deliveries by provider (unknown before the source is) and result: accepted, replayed, refused, invalid, limited.\n# TYPE relay_sync_webhook_deliveries_total counter\n"
	if err := testutil.GatherAndCompare(in.registry, strings.NewReader(head+want), "relay_sync_webhook_deliveries_total"); err != nil {
		t.Error(err)
	}
}

// golden reads a recorded delivery; its signature was made by another program.
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

// when runs a test at the time at which the signed vector was sent.
func when(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Unix(signedAt, 0))) // of the bubble's own clock
		test(t)
	})
}

func TestADeliveryOfEachProviderIsAHintAndItsCopyIsNot(t *testing.T) {
	t.Parallel()
	for _, provider := range Providers() {
		t.Run(string(provider), func(t *testing.T) {
			t.Parallel()
			when(t, func(t *testing.T) {
				in := newInbox(t, provider, secretOf(provider))
				if status := in.deliver(golden(t, provider)); status != 204 || in.heard() != 1 {
					t.Fatalf("the delivery: %d and %d hints", status, in.heard())
				}
				time.Sleep(rememberFor/2 - time.Second) // within the tolerance of a signed time
				if status := in.deliver(golden(t, provider)); status != 204 {
					t.Errorf("the copy: %d", status)
				}
				synctest.Wait()
				if in.heard() != 1 {
					t.Error("the copy was a hint again")
				}
				in.counted(t, fmt.Sprintf("relay_sync_webhook_deliveries_total{provider=%q,result=\"accepted\"} 1\nrelay_sync_webhook_deliveries_total{provider=%q,result=\"replayed\"} 1\n", provider, provider))
			})
		})
	}
}

func TestTheDocumentedExamplesOfTheVendors(t *testing.T) {
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
		if status := in.deliver(r); status != 204 || in.heard() != 1 {
			t.Errorf("%s: %d and %d hints", row.provider, status, in.heard())
		}
	}
}

func TestACopyWithAnotherDeliveryIDIsStillACopy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in := newInbox(t, GitHub, secret)
		in.deliver(golden(t, GitHub))
		time.Sleep(time.Minute)
		again := golden(t, GitHub)
		again.Header.Set("X-Github-Delivery", "another")
		if status := in.deliver(again); status != 204 || in.heard() != 1 {
			t.Errorf("answered %d, %d hints", status, in.heard())
		}
		time.Sleep(rememberFor)
		in.deliver(golden(t, GitHub))
		if in.heard() != 2 {
			t.Error("a delivery is remembered for longer than promised")
		}
	})
}

func TestWhatIsNotAuthenticIsRefusedAlikeAndIsNoHint(t *testing.T) {
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
		{"the signature twice", GitHub, func(r *http.Request) {
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
		{"a beginning of the token", GitLab, func(r *http.Request) { r.Header.Set("X-Gitlab-Token", secret[:16]) }},
		{"a signed time of long ago", GitLabSigned, func(*http.Request) { time.Sleep(6 * time.Minute) }},
		{"another time than was signed", GitLabSigned, func(r *http.Request) { r.Header.Set("Webhook-Timestamp", fmt.Sprint(signedAt+1)) }},
		{"another id than was signed", GitLabSigned, func(r *http.Request) { r.Header.Set("Webhook-Id", "msg_other") }},
		{"no time", GitLabSigned, func(r *http.Request) { r.Header.Del("Webhook-Timestamp") }},
		{"two ids", GitLabSigned, func(r *http.Request) { r.Header.Add("Webhook-Id", "msg_other") }},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			when(t, func(t *testing.T) {
				in := newInbox(t, row.provider, secretOf(row.provider))
				r := golden(t, row.provider)
				row.change(r)
				if status := in.deliver(r); status != 401 || in.heard() != 0 {
					t.Errorf("answered %d, %d hints", status, in.heard())
				}
			})
		})
	}
}

func TestForgejoBeforeItsOwnHeader(t *testing.T) {
	t.Parallel()
	in := newInbox(t, Forgejo, secret)
	r := golden(t, Forgejo)
	r.Header.Del("X-Forgejo-Signature")
	if status := in.deliver(r); status != 204 {
		t.Errorf("answered %d", status)
	}
}

// An id that was seen with a wrong signature must not shut out the true delivery.
func TestARefusedDeliveryIsNotRemembered(t *testing.T) {
	t.Parallel()
	for _, provider := range []Provider{GitHub, GitLab} {
		in := newInbox(t, provider, secret)
		forged := golden(t, provider)
		forged.Header.Set("X-Hub-Signature-256", "sha256="+strings.Repeat("0", 64))
		forged.Header.Set("X-Gitlab-Token", "guessed")
		if status := in.deliver(forged); status != 401 {
			t.Errorf("%s: the forged one: %d", provider, status)
		}
		in.deliver(golden(t, provider))
		if in.heard() != 1 {
			t.Errorf("%s: the true one was no hint", provider)
		}
	}
}

func TestABurstIsTwoHintsAndItsLastIsNotLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in := newInbox(t, GitLab, secret)
		for i := range 40 {
			r := golden(t, GitLab)
			r.Header.Set("Idempotency-Key", fmt.Sprint("delivery ", i))
			if status := in.deliver(r); status != 204 {
				t.Fatalf("delivery %d: %d", i, status)
			}
		}
		if in.heard() != 1 {
			t.Errorf("%d hints at once", in.heard())
		}
		time.Sleep(2 * minTriggerInterval)
		synctest.Wait()
		if in.heard() != 2 {
			t.Errorf("%d hints in the end", in.heard())
		}
	})
}

func TestBeyondTheRateNothingIsRead(t *testing.T) {
	t.Parallel()
	in := newInbox(t, GitHub, secret)
	in.rate = rate.NewLimiter(0, 1)
	in.deliver(golden(t, GitHub))
	r := golden(t, GitHub)
	r.Body = body("never read")
	if status := in.deliver(r); status != 429 {
		t.Errorf("answered %d", status)
	}
	if left, _ := bufio.NewReader(r.Body).ReadString(0); left != "never read" {
		t.Error("the body was read before the rate was asked")
	}
	in.counted(t, "relay_sync_webhook_deliveries_total{provider=\"github\",result=\"accepted\"} 1\nrelay_sync_webhook_deliveries_total{provider=\"unknown\",result=\"limited\"} 1\n")
}

func TestOversizeIsRefusedHoweverItSaysItsLength(t *testing.T) {
	t.Parallel()
	for _, length := range []int64{maxBodyBytes + 1, -1} {
		for _, path := range []string{"/webhook/shop", "/webhook/other"} {
			in := newInbox(t, GitHub, secret)
			text := strings.NewReader(strings.Repeat("x", maxBodyBytes+1))
			r := httptest.NewRequest("POST", path, text)
			r.ContentLength = length
			if status := in.deliver(r); status != 413 {
				t.Errorf("length %d to %s: %d", length, path, status)
			}
			if length > 0 && text.Len() <= maxBodyBytes {
				t.Error("a body that says its length was read all the same")
			}
		}
	}
	in := newInbox(t, GitLab, secret)
	r := golden(t, GitLab)
	r.Body, r.ContentLength = body(strings.Repeat("x", maxBodyBytes)), maxBodyBytes
	if status := in.deliver(r); status != 204 {
		t.Errorf("a body of just the limit: %d", status)
	}
}

func TestASlowBodyIsCutOffAndAFullHouseSaysSo(t *testing.T) {
	t.Parallel()
	in := newInbox(t, GitHub, secret)
	in.bodyTimeout = 200 * time.Millisecond
	in.slots = make(chan struct{}, 1)
	server := httptest.NewServer(in)
	defer server.Close()
	slow, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	fmt.Fprint(slow, "POST /webhook/shop HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nsome")
	if !await.Until(10*time.Second, func() bool { return len(in.slots) > 0 }) {
		t.Fatal("the slow one never came in")
	}
	if status := in.deliver(golden(t, GitHub)); status != 429 {
		t.Errorf("beside it: %d", status)
	}
	if err := slow.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(slow), nil)
	if err != nil || response.StatusCode != 408 {
		t.Fatalf("the slow one: %v, %v", response, err)
	}
	if !await.Until(10*time.Second, func() bool { return len(in.slots) == 0 }) {
		t.Fatal("the slow one never went")
	}
	if status := in.deliver(golden(t, GitHub)); status != 204 || in.heard() != 1 {
		t.Errorf("after it: %d", status)
	}
}

func TestOnlyPostsToASourceAreTaken(t *testing.T) {
	t.Parallel()
	in := newInbox(t, GitHub, secret)
	for target, want := range map[string]int{"GET /webhook/shop": 405, "POST /": 404, "POST /webhook/": 404, "POST /webhook/a/b": 404, "GET /status": 404} {
		method, path, _ := strings.Cut(target, " ")
		w := httptest.NewRecorder()
		in.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		if w.Code != want || strings.Contains(w.Body.String(), "shop") {
			t.Errorf("%s: %d %q, want %d", target, w.Code, w.Body, want)
		}
	}
}

func TestSecretsThatCannotBeUsedAreAllNamedAndNotShown(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	_, err := New(map[string]Config{
		"one":   {GitHub, file("short", "hunter2")},
		"two":   {GitLabSigned, file("garbled", "whsec_hunter2-hunter2-hunter2")},
		"three": {GitLab, filepath.Join(dir, "none")},
	}, func(string) {}, nil)
	if err == nil {
		t.Fatal("taken")
	}
	for _, want := range []string{`source "one"`, "16 bytes at least", `source "two"`, "what follows whsec_", `source "three"`, "no such file"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in: %v", want, err)
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the secret is shown: %v", err)
	}
}

func TestTheMemoryIsBounded(t *testing.T) {
	t.Parallel()
	s, now := newSeen(), time.Now()
	for i := range maxRemembered + 10 {
		if !s.first("shop", fmt.Sprint(i), now) {
			t.Fatal("a new delivery counts as seen")
		}
	}
	if len(s.until) != maxRemembered || len(s.order) != maxRemembered {
		t.Errorf("%d and %d remembered", len(s.until), len(s.order))
	}
	if s.first("shop", fmt.Sprint(maxRemembered+9), now) || !s.first("other", fmt.Sprint(maxRemembered+9), now) {
		t.Error("the last one is forgotten, or counts for another source")
	}
}

func body(text string) *readCloser { return &readCloser{strings.NewReader(text)} }

type readCloser struct{ *strings.Reader }

func (*readCloser) Close() error { return nil }
