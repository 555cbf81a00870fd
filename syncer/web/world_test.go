// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/browsertest"
	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/syncer"
	"github.com/relay-secrets/terraform-provider-relay/syncer/auditfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
)

// world is a page before a Vault, with a workflow and a domain of its own.
type world struct {
	*vaulttest.Vault
	proxy            *vaulttest.Proxy
	url              string
	workflow, domain string
	audit            string
	log              *logged
	server           *Server
}

// logged is a log that goroutines write.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// newWorld starts a page. change changes its configuration; nil for nothing.
func newWorld(t *testing.T, change func(*config.Web)) *world {
	t.Helper()
	return newWorldOf(t, vaulttest.Start(t), change)
}

func newWorldOf(t *testing.T, v *vaulttest.Vault, change func(*config.Web)) *world {
	t.Helper()
	name := vaulttest.Workflow(t)
	w := &world{
		Vault: v, proxy: vaulttest.NewProxy(t, v.Address), workflow: name, domain: name,
		audit: filepath.Join(t.TempDir(), "audit.jsonl"), log: &logged{},
	}
	text := strings.NewReplacer("ADDRESS", w.proxy.Address, "DOMAIN", w.domain, "AUDIT", w.audit).Replace(`vault: {address: ADDRESS, allow_http: true, domain: DOMAIN, settle: 1s}
web: {listen: '127.0.0.1:0', audit: 'AUDIT', logins: [{method: userpass}, {method: oidc}, {method: token}]}
`)
	path := filepath.Join(t.TempDir(), "web.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.ReadWeb(path)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(cfg.Web)
	}
	audit, err := syncer.OpenAudit(cfg.Web.Audit, "web", auditfile.Streams{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = audit.Close() })
	page, err := New(cfg, audit, slog.New(slog.NewTextHandler(w.log, nil)), "test")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(page.Handler())
	t.Cleanup(server.Close)
	w.server, w.url = page, server.URL
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(w.log.String())
		}
	})
	return w
}

// rules are the policy of a role for the workflow, and for the domain of connections.
func (w *world) rules(t *testing.T, role policy.Role, change func(*policy.Grant)) string {
	t.Helper()
	g := policy.Grant{Role: role, Mount: "customers", Prefix: "workflows", Workflows: []string{w.workflow}, ConnectionsDomain: w.domain}
	if change != nil {
		change(&g)
	}
	text, err := policy.For(g)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// browser is a client with cookies, as a browser without scripts.
type browser struct {
	t *testing.T
	*http.Client
	url string
}

func (w *world) browser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar, Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &browser{t, client, w.url}
}

// logIn logs a new person in, by password.
func (w *world) logIn(t *testing.T, rules ...string) *browser {
	t.Helper()
	b := w.browser(t)
	name, password := w.PersonLogin(t, rules...)
	if r := b.post("/login", url.Values{"login": {"0"}, "username": {name}, "password": {password}}); r.status != http.StatusSeeOther {
		t.Fatalf("log in: %d\n%s", r.status, r.body)
	}
	return b
}

// response is an answer of the page.
type response struct {
	status int
	header http.Header
	body   string
}

func (b *browser) get(path string) response {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.url+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.send(r)
}

func (b *browser) post(path string, form url.Values) response {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.send(r)
}

func (b *browser) send(r *http.Request) response {
	b.t.Helper()
	answer, err := b.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer answer.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(answer.Body); err != nil {
		b.t.Fatal(err)
	}
	return response{answer.StatusCode, answer.Header, body.String()}
}

// open opens a real browser at the login and logs a new person in, by password.
func (w *world) open(t *testing.T, rules ...string) *browsertest.Tab {
	t.Helper()
	tab := browsertest.New(t)
	name, password := w.PersonLogin(t, rules...)
	tab.Open(w.url + "/")
	tab.Fill("User name", name)
	tab.Fill("Password", password)
	tab.Follow("button", "Log in with User name and password")
	return tab
}
