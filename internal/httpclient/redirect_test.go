// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package httpclient_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/httpclient"
)

const canary = "canary-Tr4vels-nowhere"

// redirecting starts two servers: a standby that redirects, and the active node that
// it redirects to and that counts requests.
func redirecting(t *testing.T, status int) (standby *httptest.Server, active string, requests *atomic.Int32) {
	t.Helper()
	requests = new(atomic.Int32)
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		body, _ := io.ReadAll(r.Body)
		_, _ = io.WriteString(w, r.Method+" "+r.URL.Path+" "+string(body)+" "+r.Header.Get("X-Vault-Token"))
	}))
	t.Cleanup(node.Close)
	standby = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, node.URL+r.URL.Path+"?token="+canary, status)
	}))
	t.Cleanup(standby.Close)
	return standby, strings.TrimPrefix(node.URL, "http://"), requests
}

func TestRedirectToAListedHostIsFollowed(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 307, 308} {
		standby, active, _ := redirecting(t, status)
		client := newClient(t, httpclient.Settings{RedirectHosts: []string{active}, RedirectSetting: "redirect_hosts"})
		_, body, err := do(t, client, http.MethodPut, standby.URL+"/v1/x", strings.NewReader("value"))
		if err != nil || body != "PUT /v1/x value token" {
			t.Errorf("%d: %q, %v", status, body, err)
		}
	}
}

func TestRedirectToAnotherHostIsAnError(t *testing.T) {
	t.Parallel()
	standby, active, requests := redirecting(t, 307)
	for _, hosts := range [][]string{nil, {"other.example.com"}, {strings.Split(active, ":")[0]}} {
		client := newClient(t, httpclient.Settings{RedirectHosts: hosts, RedirectSetting: "redirect_hosts"})
		_, _, err := get(t, client, standby.URL+"/v1/x")
		rejected, is := errors.AsType[*httpclient.RedirectError](err)
		if !is || rejected.Status != 307 || rejected.Target != "http://"+active+"/v1/x" {
			t.Fatalf("%q: %v", hosts, err)
		}
		if text := rejected.Error(); !strings.Contains(text, active) || !strings.Contains(text, "redirect_hosts") || strings.Contains(text, canary) {
			t.Errorf("the error is %q", text)
		}
	}
	if n := requests.Load(); n > 0 {
		t.Errorf("%d requests followed", n)
	}
}

func TestRedirectWithoutASettingIsAResponse(t *testing.T) {
	t.Parallel()
	standby, _, requests := redirecting(t, 307)
	if status, _, err := get(t, newClient(t, httpclient.Settings{}), standby.URL); status != 307 || err != nil || requests.Load() > 0 {
		t.Errorf("%d, %v, %d requests followed", status, err, requests.Load())
	}
}

func TestRedirectThatNeverEndsOrLeavesTLSIsAnError(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	server, caCert := serve(t, nil, func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		to := "https://" + r.Host + "/again"
		if r.URL.Path == "/plain" {
			to = "http://" + r.Host + "/again"
		}
		http.Redirect(w, r, to, http.StatusTemporaryRedirect)
	})
	host := strings.TrimPrefix(server.URL, "https://")
	client := newClient(t, httpclient.Settings{CACert: caCert, RedirectHosts: []string{host}, RedirectSetting: "redirect_hosts"})
	if _, _, err := get(t, client, server.URL); err == nil || !strings.Contains(err.Error(), "more than 3 redirects") {
		t.Errorf("a loop: %v", err)
	}
	if n := requests.Load(); n != 4 {
		t.Errorf("%d requests, want 4", n)
	}
	if _, _, err := get(t, client, server.URL+"/plain"); err == nil || !strings.Contains(err.Error(), "from https to http") {
		t.Errorf("to a server without TLS: %v", err)
	}
}
