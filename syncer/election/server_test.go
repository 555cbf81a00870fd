// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package election

import (
	"context"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/certtest"
	"github.com/relay-secrets/terraform-provider-relay/internal/httpclient"
)

// answer sends the requests of a client to a server with one answer.
func answer(t *testing.T, l *leases, code int, body string) {
	t.Helper()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(api.Close)
	l.client, l.collection = api.Client(), api.URL
}

func TestTokenOfAPodIsReadAgain(t *testing.T) {
	t.Parallel()
	var authorization atomic.Value
	api := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		authorization.Store(r.Header.Get("Authorization"))
		if r.Header.Get("Authorization") != "Bearer two" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = w.Write([]byte(`{"metadata": {"resourceVersion": "1"}}`))
	}))
	t.Cleanup(api.Close)
	folder := t.TempDir()
	put := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("ca.crt", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: api.Certificate().Raw}))
	put("token", []byte("one\n"))
	address, err := url.Parse(api.URL)
	if err != nil {
		t.Fatal(err)
	}
	environment := map[string]string{"KUBERNETES_SERVICE_HOST": address.Hostname(), "KUBERNETES_SERVICE_PORT": address.Port()}
	s, err := podServer(func(name string) string { return environment[name] }, folder)
	if err != nil {
		t.Fatal(err)
	}
	client, err := s.client()
	if err != nil {
		t.Fatal(err)
	}
	l := &leases{server: s, client: client, collection: s.address}
	for token, want := range map[string]string{"one": "authentication failed; check the token or the certificate", "two": "<nil>"} {
		put("token", []byte(token))
		_, err := l.get(t.Context(), "relay-sync")
		if got := authorization.Load(); got != "Bearer "+token || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("the API server received %q: %v", got, err)
		}
	}
	put("token", []byte("t\u0000"))
	if _, err := l.get(t.Context(), "relay-sync"); err == nil || !strings.Contains(err.Error(), "must be one line of printable ASCII") {
		t.Error(err)
	}
}

// TestDeadConnectionIsNotUsedAgain has a server that answers only on the second connection.
func TestDeadConnectionIsNotUsedAgain(t *testing.T) {
	t.Parallel()
	end := make(chan struct{})
	var first atomic.Value
	api := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if first.CompareAndSwap(nil, r.RemoteAddr) || first.Load() == r.RemoteAddr {
			<-end
			return
		}
		_, _ = w.Write([]byte(`{"metadata": {"resourceVersion": "1"}}`))
	}))
	api.EnableHTTP2 = true
	api.StartTLS()
	t.Cleanup(api.Close)
	t.Cleanup(func() { close(end) })
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: api.Certificate().Raw})
	l := &leases{collection: api.URL, server: server{address: api.URL, trust: httpclient.Settings{CACertPEM: string(authority)}}}
	var err error
	if l.client, err = l.server.client(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := l.get(ctx, "relay-sync"); err == nil || !strings.Contains(err.Error(), "the request timed out") {
		t.Errorf("the first request: %v", err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := l.get(ctx, "relay-sync"); err != nil {
		t.Errorf("the second request: %v", err)
	}
}

func TestPodWithoutAServiceAccountIsAnError(t *testing.T) {
	t.Parallel()
	if _, err := podServer(func(string) string { return "" }, t.TempDir()); err == nil || !strings.Contains(err.Error(), "set election.kubeconfig") {
		t.Error(err)
	}
	s, err := podServer(func(string) string { return "443" }, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.client(); err == nil || !strings.Contains(err.Error(), "token: no such file") {
		t.Error(err)
	}
	if s, _ := podServer(func(name string) string { return map[string]string{"KUBERNETES_SERVICE_HOST": "fd00::1"}[name] + "1" }, ""); s.address != "https://[fd00::11]:1" {
		t.Errorf("the address is %s", s.address)
	}
}

func TestKubeconfigs(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	certtest.Write(t, filepath.Join(folder, "tls.crt"), filepath.Join(folder, "tls.key"))
	inline := func(name string) string {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		return base64.StdEncoding.EncodeToString(data)
	}
	data := inline("tls.crt")
	for name, test := range map[string]struct{ cluster, user, want string }{
		"a token":                  {"server: https://k:6443", "token: hunter2", ""},
		"an authority":             {"server: https://k:6443/, certificate-authority-data: " + data, "token: hunter2", ""},
		"a client certificate":     {"server: https://k:6443", "client-certificate-data: " + data + ", client-key-data: " + inline("tls.key"), ""},
		"relative files":           {"server: https://k:6443, certificate-authority: tls.crt", "client-certificate: tls.crt, client-key: tls.key", ""},
		"half of a client key":     {"server: https://k:6443", "client-certificate-data: " + data, "must be set together with its private key"},
		"not a key":                {"server: https://k:6443", "client-certificate-data: aHVudGVyMg==, client-key-data: aHVudGVyMg==", "not a certificate and its private key"},
		"not base64":               {"server: https://k:6443, certificate-authority-data: hunter2", "{}", "has invalid base64 in certificate-authority-data"},
		"an authority without PEM": {"server: https://k:6443, certificate-authority-data: aHVudGVyMg==", "{}", "no certificate found"},
		"every server":             {"server: https://k:6443, insecure-skip-tls-verify: true", "{}", "unsupported key insecure-skip-tls-verify"},
		"a program":                {"server: https://k:6443", "exec: {command: hunter2}", "unsupported key exec"},
		"a plugin":                 {"server: https://k:6443", "auth-provider: {name: hunter2}", "unsupported key auth-provider"},
		"a password":               {"server: https://k:6443", "username: u, password: hunter2", "unsupported key username"},
		"another user":             {"server: https://k:6443", "as: hunter2", "unsupported key as"},
		"a missing file":           {"server: https://k:6443", "tokenFile: hunter", "hunter: no such file"},
		"two lines as token":       {"server: https://k:6443", `token: "hunter2\nx"`, "must be one line"},
		"no address":               {"tls-server-name: k", "{}", "must be a URL"},
		"a password in it":         {"server: https://u:hunter2@k", "{}", "must not contain credentials"},
	} {
		s, err := parseKubeconfig([]byte(kubeconfigOf(test.cluster, test.user)), folder)
		if err == nil {
			_, err = s.client()
		}
		if (err == nil) != (test.want == "") || err != nil && (!strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
	for _, text := range []string{"", "x", "current-context: x", "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\nclusters: [{name: k}]"} {
		if _, err := parseKubeconfig([]byte(text), ""); err == nil || !strings.Contains(err.Error(), "is not a kubeconfig with a current context") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// kubeconfigOf is a kubeconfig with two contexts, of which the second is the current one.
func kubeconfigOf(cluster, user string) string {
	if user != "{}" {
		user = "{" + user + "}"
	}
	return "current-context: c\ncontexts: [{name: d}, {name: c, context: {cluster: k, user: u}}]\nclusters: [{name: k, cluster: {" + cluster + "}}]\nusers: [{name: u, user: " + user + "}]\n"
}
