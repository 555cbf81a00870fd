// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vaulttest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// upstream counts what reaches it and answers 200.
func upstream(t *testing.T) (address string, reached *atomic.Int32) {
	t.Helper()
	reached = new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reached.Add(1)
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Path", r.URL.EscapedPath())
		_, _ = w.Write(append([]byte("echo "), body...))
	}))
	t.Cleanup(server.Close)
	return server.URL, reached
}

// send returns the status, or the error of a broken connection.
func send(t *testing.T, p *Proxy, method, path, body string) (int, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, p.Address+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	return resp.StatusCode, nil
}

func TestProxyRecordsAndPassesOn(t *testing.T) {
	t.Parallel()
	address, _ := upstream(t)
	p := NewProxy(t, address)

	resp, err := http.Post(p.Address+"/v1/customers/data/workflows/w/a%2Fb?x=1", "application/json",
		strings.NewReader(`{"options":{"cas":0},"data":{"value":"v"}}`))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, _ := io.ReadAll(resp.Body)
	if got := string(answer); got != `echo {"options":{"cas":0},"data":{"value":"v"}}` {
		t.Errorf("answer %q", got)
	}
	if got := resp.Header.Get("X-Path"); got != "/v1/customers/data/workflows/w/a%2Fb" {
		t.Errorf("the path arrived as %q", got)
	}
	got := p.Requests()
	if len(got) != 1 {
		t.Fatalf("recorded %d requests", len(got))
	}
	if r := got[0]; r.Method != "POST" || r.Path != "/v1/customers/data/workflows/w/a/b" ||
		r.Query.Get("x") != "1" || !r.CAS || r.Status != 200 || !strings.Contains(string(r.Body), `"v"`) {
		t.Errorf("recorded %+v", r)
	}
	p.Reset()
	if len(p.Requests()) != 0 {
		t.Error("requests are left after Reset")
	}
}

func TestProxyFaults(t *testing.T) {
	t.Parallel()
	address, reached := upstream(t)
	p := NewProxy(t, address)
	post := func() (int, error) { return send(t, p, "POST", "/v1/customers/data/w/n", "{}") }

	p.Cut(1, Before)
	p.Cut(2, After)
	p.Fail(3, http.StatusTooManyRequests)
	if _, err := post(); err == nil || reached.Load() != 0 {
		t.Errorf("cut before: error %v, reached Vault %d times", err, reached.Load())
	}
	if _, err := post(); err == nil || reached.Load() != 1 {
		t.Errorf("cut after: error %v, reached Vault %d times", err, reached.Load())
	}
	if status, err := post(); status != http.StatusTooManyRequests || err != nil || reached.Load() != 1 {
		t.Errorf("failed: status %d, error %v, reached Vault %d times", status, err, reached.Load())
	}
	if status, err := post(); status != http.StatusOK || err != nil {
		t.Errorf("afterwards: status %d, error %v", status, err)
	}
	p.Cut(1, Before)
	if _, err := post(); err == nil {
		t.Error("Cut does not count from now on")
	}
	var statuses []int
	for _, r := range p.Requests() {
		statuses = append(statuses, r.Status)
	}
	if got := statuses; len(got) != 5 || got[0] != 0 || got[1] != 200 || got[2] != 0 || got[3] != 200 || got[4] != 0 {
		t.Errorf("recorded statuses %v", got)
	}
}

func TestProxyHook(t *testing.T) {
	t.Parallel()
	address, _ := upstream(t)
	p := NewProxy(t, address)
	p.Hook(func(n int, r *http.Request) Action {
		body, _ := io.ReadAll(r.Body)
		if n == 2 && string(body) == "second" && len(p.Requests()) == 2 {
			return FailWith(http.StatusServiceUnavailable)
		}
		return Action{}
	})
	for i, want := range []int{200, 503, 200} {
		if got, _ := send(t, p, "POST", "/v1/x", []string{"first", "second", "third"}[i]); got != want {
			t.Errorf("request %d: status %d, want %d", i+1, got, want)
		}
	}
}

func TestReads(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		method, path string
		want         bool
	}{
		{"GET", "/v1/customers/data/workflows/w/n", true},
		{"HEAD", "/v1/customers/data/workflows/w/n", true},
		{"GET", "/v1/team/customers/data/workflows/w/n", true},
		{"PATCH", "/v1/customers/data/workflows/w/n", true},
		{"GET", "/v1/customers/subkeys/workflows/w/n", true},
		{"POST", "/v1/customers/rollback/workflows/w/n", true},
		{"POST", "/v1/customers/data/workflows/w/n", false},
		{"PUT", "/v1/customers/data/workflows/w/n", false},
		{"DELETE", "/v1/customers/data/workflows/w/n", false},
		{"GET", "/v1/customers/metadata/workflows/w/n", false},
		{"GET", "/v1/customers/metadata/workflows/data/subkeys", false},
		{"PATCH", "/v1/customers/metadata/workflows/w/n", false},
		{"LIST", "/v1/customers/metadata/workflows/w/", false},
		{"GET", "/v1/auth/data/data/x", false},
		{"GET", "/v1/sys/internal/ui/mounts/customers/data/x", false},
	} {
		if got := reads(Request{Method: c.method, Path: c.path}); got != c.want {
			t.Errorf("%s %s: reads = %v", c.method, c.path, got)
		}
	}
}

func TestAssertionsFail(t *testing.T) {
	t.Parallel()
	address, _ := upstream(t)
	p := NewProxy(t, address)
	failed := func(assert func(testing.TB)) bool {
		probe := &probe{TB: t}
		assert(probe)
		return probe.failed
	}

	if !failed(p.AssertBlind) {
		t.Error("AssertBlind is content with no request at all")
	}
	if _, err := send(t, p, "POST", "/v1/customers/data/w/n", `{"options":{"cas":3}}`); err != nil {
		t.Fatal(err)
	}
	if failed(p.AssertBlind) || failed(p.AssertCheckAndSet) {
		t.Error("a write with check-and-set fails an assertion")
	}
	if _, err := send(t, p, "POST", "/v1/customers/data/w/n", `{"options":{},"data":{"cas":3}}`); err != nil {
		t.Fatal(err)
	}
	if !failed(p.AssertCheckAndSet) {
		t.Error("AssertCheckAndSet misses a write without cas")
	}
	if _, err := send(t, p, "GET", "/v1/customers/data/w/n", ""); err != nil {
		t.Fatal(err)
	}
	if !failed(p.AssertBlind) {
		t.Error("AssertBlind misses a read")
	}
}

// probe is a test that only notes that it failed.
type probe struct {
	testing.TB
	failed bool
}

func (p *probe) Error(...any)          { p.failed = true }
func (p *probe) Errorf(string, ...any) { p.failed = true }
