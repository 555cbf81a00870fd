// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package httpclient_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/httpclient"
)

func TestResponseLargerThanTheLimitFails(t *testing.T) {
	t.Parallel()
	server, caCert := serve(t, nil, func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(strings.Repeat("x", map[string]int{"/at": 1000, "/over": 1001}[r.URL.Path])))
	})
	client := newClient(t, httpclient.Settings{CACert: caCert, MaxResponseBytes: 1000})
	if _, body, err := get(t, client, server.URL+"/at"); err != nil || len(body) != 1000 {
		t.Errorf("at the limit: %d bytes, %v", len(body), err)
	}
	if _, body, err := get(t, client, server.URL+"/over"); err == nil || len(body) > 1000 || !strings.Contains(err.Error(), "larger than 1000 bytes") {
		t.Errorf("over the limit: %d bytes, %v", len(body), err)
	}
}

func TestReadAfterTheLimitFailsAgain(t *testing.T) {
	t.Parallel()
	server, caCert := serve(t, nil, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(strings.Repeat("x", 1001)))
	})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := newClient(t, httpclient.Settings{CACert: caCert, MaxResponseBytes: 1000}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if data, err := io.ReadAll(response.Body); err == nil || len(data) != 1000 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	if n, err := response.Body.Read(make([]byte, 10)); n != 0 || err == nil || err == io.EOF {
		t.Errorf("a second read: %d bytes, %v", n, err)
	}
}

func TestHeadersLargerThanTheLimitFail(t *testing.T) {
	t.Parallel()
	server, caCert := serve(t, nil, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Large", strings.Repeat("x", 100<<10))
	})
	if _, _, err := get(t, newClient(t, httpclient.Settings{CACert: caCert}), server.URL); err == nil {
		t.Error("100 KiB of headers were accepted")
	}
}

// TestRequestIsNotRepeated closes a kept connection under a request that net/http
// would repeat if it had the body twice.
func TestRequestIsNotRepeated(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if requests.Add(1) == 1 {
			return
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	}))
	t.Cleanup(server.Close)
	client := newClient(t, httpclient.Settings{})
	if _, _, err := get(t, client, server.URL); err != nil {
		t.Fatal(err)
	}
	if _, _, err := do(t, client, http.MethodPut, server.URL, strings.NewReader("body")); err == nil {
		t.Error("no error after a lost connection")
	}
	if n := requests.Load(); n != 2 {
		t.Errorf("%d requests arrived, want 2", n)
	}
}

func TestCookiesAreNotKept(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.Cookies()) > 0 {
			t.Error("a cookie came back")
		}
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "1", Secure: true, HttpOnly: true})
	}))
	t.Cleanup(server.Close)
	client := newClient(t, httpclient.Settings{})
	for range 2 {
		if _, _, err := get(t, client, server.URL); err != nil {
			t.Fatal(err)
		}
	}
}

// TestProxyOfTheEnvironmentIsIgnored is not parallel: it sets the environment.
func TestProxyOfTheEnvironmentIsIgnored(t *testing.T) {
	proxy, proxied := serveProxied(t)
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy", "VAULT_PROXY_ADDR", "VAULT_HTTP_PROXY"} {
		t.Setenv(name, proxy.URL)
	}
	// net/http reads the variables only for hosts other than this machine.
	const url = "http://proxied.invalid/"
	for name, test := range map[string]struct {
		settings httpclient.Settings
		want     string
	}{
		"none":                      {httpclient.Settings{}, ""},
		"configured":                {httpclient.Settings{Proxy: proxy.URL}, "proxied.invalid"},
		"NoProxy lists another one": {httpclient.Settings{Proxy: proxy.URL, NoProxy: "other.invalid"}, "proxied.invalid"},
		"NoProxy lists the host":    {httpclient.Settings{Proxy: proxy.URL, NoProxy: "proxied.invalid"}, ""},
	} {
		_, _, err := get(t, newClient(t, test.settings), url)
		if got := proxied(); got != test.want || (err == nil) != (got != "") {
			t.Errorf("%s: the proxy was asked for %q, want %q (%v)", name, got, test.want, err)
		}
	}
}

// serveProxied starts a proxy; proxied returns the host of the last request, once.
func serveProxied(t *testing.T) (server *httptest.Server, proxied func() string) {
	t.Helper()
	var mu sync.Mutex
	var last string
	server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		last = r.Host
	}))
	t.Cleanup(server.Close)
	return server, func() string {
		mu.Lock()
		defer mu.Unlock()
		host := last
		last = ""
		return host
	}
}
