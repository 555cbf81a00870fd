// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package webhook

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
)

func TestHandlerRejectsOversizedBodyWithAndWithoutLength(t *testing.T) {
	t.Parallel()
	for _, length := range []int64{maxBodyBytes + 1, -1} {
		for _, path := range []string{"/webhook/shop", "/webhook/other"} {
			in := newInbox(t, GitHub, secret)
			text := strings.NewReader(strings.Repeat("x", maxBodyBytes+1))
			r := httptest.NewRequest("POST", path, text)
			r.ContentLength = length
			if status := in.deliver(r); status != 413 {
				t.Errorf("length %d to %s: status %d", length, path, status)
			}
			if length > 0 && text.Len() <= maxBodyBytes {
				t.Error("a body with an oversized Content-Length was read")
			}
		}
	}
	in := newInbox(t, GitLab, secret)
	r := golden(t, GitLab)
	r.Body, r.ContentLength = body(strings.Repeat("x", maxBodyBytes)), maxBodyBytes
	if status := in.deliver(r); status != 204 {
		t.Errorf("a body of exactly the limit: status %d", status)
	}
}

// startSlowBody begins a delivery whose body does not end.
func startSlowBody(t *testing.T, address string) net.Conn {
	t.Helper()
	slow, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = slow.Close() })
	fmt.Fprint(slow, "POST /webhook/shop HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nsome")
	return slow
}

func TestHandlerTimesOutSlowBody(t *testing.T) {
	t.Parallel()
	in := newInbox(t, GitHub, secret)
	in.bodyTimeout = 200 * time.Millisecond
	server := httptest.NewServer(in)
	defer server.Close()
	slow := startSlowBody(t, server.Listener.Addr().String())
	if err := slow.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(slow), nil)
	if err != nil || response.StatusCode != 408 {
		t.Fatalf("slow request: %v, %v", response, err)
	}
}

func TestSlowBodiesDoNotLockOutADelivery(t *testing.T) {
	t.Parallel()
	in := newInbox(t, GitHub, secret)
	var arrived atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived.Add(1)
		in.ServeHTTP(w, r)
	}))
	for range 40 {
		startSlowBody(t, server.Listener.Addr().String())
	}
	t.Cleanup(server.CloseClientConnections)
	if !await.Until(10*time.Second, func() bool { return arrived.Load() == 40 }) {
		t.Fatal("the slow bodies did not arrive")
	}
	if status := in.deliver(golden(t, GitHub)); status != 204 || in.triggered() != 1 {
		t.Errorf("status %d, %d triggers", status, in.triggered())
	}
}

func TestForgedDeliveriesDoNotLockOutADelivery(t *testing.T) {
	t.Parallel()
	in := newInbox(t, GitHub, secret)
	for range 1000 {
		if status := in.deliver(httptest.NewRequest("POST", "/webhook/shop", strings.NewReader("{}"))); status != 401 {
			t.Fatalf("a forged delivery: status %d", status)
		}
	}
	if status := in.deliver(golden(t, GitHub)); status != 204 || in.triggered() != 1 {
		t.Errorf("status %d, %d triggers", status, in.triggered())
	}
}

func TestHandlerAcceptsOnlyPostToSource(t *testing.T) {
	t.Parallel()
	in := newInbox(t, GitHub, secret)
	for target, want := range map[string]int{"GET /webhook/shop": 405, "POST /": 404, "POST /webhook/": 404, "POST /webhook/a/b": 404, "GET /status": 404} {
		method, path, _ := strings.Cut(target, " ")
		w := httptest.NewRecorder()
		in.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		if w.Code != want || strings.Contains(w.Body.String(), "shop") {
			t.Errorf("%s: status %d, body %q, want %d", target, w.Code, w.Body, want)
		}
	}
}

func TestNewListsUnusableSecretsWithoutTheirText(t *testing.T) {
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
		t.Fatal("no error")
	}
	for _, want := range []string{`source "one"`, "at least 16 bytes", `source "two"`, "after whsec_", `source "three"`, "no such file"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("want %q in: %v", want, err)
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the error holds the secret: %v", err)
	}
}

func TestSeenIsBounded(t *testing.T) {
	t.Parallel()
	s, now := newSeen(), time.Now()
	for i := range maxRemembered + 10 {
		if !s.first("shop", fmt.Sprint(i), now) {
			t.Fatal("a new delivery is reported as seen")
		}
	}
	if len(s.until) != maxRemembered || len(s.order) != maxRemembered {
		t.Errorf("%d and %d remembered", len(s.until), len(s.order))
	}
	if s.first("shop", fmt.Sprint(maxRemembered+9), now) || !s.first("other", fmt.Sprint(maxRemembered+9), now) {
		t.Error("the last delivery is forgotten, or is seen for another source")
	}
}
