// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
)

// statuses are requests with an answer of each kind, for a browser with a session.
func (w *world) statuses() []request {
	page := "/workflows/" + w.workflow
	return []request{
		{method: http.MethodGet, path: "/login"},
		{method: http.MethodPost, path: "/login", body: "login=0&username=x&password=y"},       // 401
		{method: http.MethodPost, path: "/login", body: "login=7"},                             // 400
		{method: http.MethodPost, path: page + "/add", body: "name=&value="},                   // 422
		{method: http.MethodPost, path: page + "/add", body: strings.Repeat("a", 1<<20)},       // 413
		{method: http.MethodPost, path: page + "/add", body: "name=existing&value=v"},          // 409
		{method: http.MethodGet, path: "/workflows/another"},                                   // 403
		{method: http.MethodGet, path: page + "//secrets"},                                     // redirect of the mux
		{method: http.MethodGet, path: page, host: "evil.test"},                                // 421
		{method: http.MethodPost, path: page, header: map[string]string{"Origin": "http://x"}}, // 403
		{method: http.MethodGet, path: "/static/x/../../login"},
		{method: http.MethodGet, path: "/static/x/..%2f..%2fpages.go"},
		{method: http.MethodGet, path: "/favicon.ico"},
		{method: http.MethodOptions, path: page},
		{method: http.MethodGet, path: "/api/unknown"},
	}
}

// assertHeaders checks the headers of every route and status of a world.
func (w *world) assertHeaders(t *testing.T, b *browser, secure bool) {
	t.Helper()
	seen := map[int]bool{}
	stylesheet := request{method: http.MethodGet, path: "/static/" + w.server.pages.version + "/style.css"}
	for _, route := range append(append(w.routes("shop"), w.statuses()...), stylesheet) {
		if route.path == "/logout" {
			continue
		}
		r := b.attack(route)
		seen[r.status] = true
		want := map[string]string{
			"Content-Security-Policy": contentPolicy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
			"X-Frame-Options": "DENY", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
			"Access-Control-Allow-Origin": "", "Access-Control-Allow-Credentials": "", "Server": "", "X-Powered-By": "", "Strict-Transport-Security": "",
		}
		if secure {
			want["Strict-Transport-Security"] = hsts
		}
		if route.path == stylesheet.path {
			want["Cache-Control"] = "public, max-age=31536000, immutable"
		}
		for key, value := range want {
			if got := r.header.Get(key); got != value {
				t.Errorf("%s %s: %d: %s: %q", route.method, route.path, r.status, key, got)
			}
		}
		if kind := r.header.Get("Content-Type"); r.body != "" && kind == "" || r.header.Get("Content-Disposition") != "" || strings.Contains(kind, "csv") {
			t.Errorf("%s %s: %d: Content-Type %q, %q", route.method, route.path, r.status, kind, r.header.Get("Content-Disposition"))
		}
		w.assertCookies(t, route.path, r, secure)
	}
	for _, status := range []int{200, 303, 400, 401, 403, 404, 409, 413, 421, 422} {
		if !seen[status] {
			t.Errorf("no answer has the status %d: the test proves less", status)
		}
	}
}

func (w *world) assertCookies(t *testing.T, path string, r response, secure bool) {
	t.Helper()
	for _, c := range (&http.Response{Header: r.header}).Cookies() {
		if c.Secure != secure || strings.HasPrefix(c.Name, "__Host-") != secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
			t.Errorf("%s: %s", path, c)
		}
	}
}

func TestHeadersOfEveryRouteAndStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	b := w.browser(t)
	name, password := w.PersonLogin(t, w.rules(t, policy.Administrator, nil))
	w.assertCookies(t, "/login", b.begin(name, password), false)
	w.prepare(t, b)
	w.assertHeaders(t, b, false)
	w.assertCookies(t, "/logout", b.post("/logout", nil), false)
}

func TestHeadersOfEveryRouteAndStatusWithTLS(t *testing.T) {
	t.Parallel()
	w, client := secureWorld(t, nil)
	b := &browser{t, client, w.url}
	name, password := w.PersonLogin(t, w.rules(t, policy.Administrator, nil))
	r := b.begin(name, password)
	if r.cookie("__Host-"+ticketCookie) == nil {
		t.Errorf("%d: %v", r.status, r.header["Set-Cookie"])
	}
	w.assertCookies(t, "/login", r, true)
	w.prepare(t, b)
	w.assertHeaders(t, b, true)
	w.assertCookies(t, "/logout", b.post("/logout", nil), true)
}

func TestHeadersBehindAProxy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(cfg *config.Web) { cfg.URL, cfg.BehindProxy = "https://secrets.test", []string{"127.0.0.1"} })
	name, password := w.PersonLogin(t, w.rules(t, policy.Administrator, nil))
	b := w.browser(t)
	form := url.Values{"login": {"0"}, "username": {name}, "password": {password}}.Encode()
	for _, host := range []string{"secrets.test", "127.0.0.1:9463"} { // a proxy can send another Host
		r := b.attack(request{method: http.MethodPost, path: "/login", host: host, body: form, header: map[string]string{"Origin": "https://secrets.test", "Sec-Fetch-Site": "same-origin"}})
		c := r.cookie("__Host-" + ticketCookie)
		if r.status != http.StatusSeeOther || c == nil || r.header.Get("Strict-Transport-Security") != hsts {
			t.Fatalf("%s: %d %v\n%s", host, r.status, r.header, r.main())
		}
		w.assertCookies(t, "/login", r, true)
		// The plain name is not that of the page: another program on the host can set it.
		if r := w.stranger(t, ticketCookie+"="+c.Value).get("/me"); !r.loggedOut() {
			t.Errorf("with the plain name of the cookie: %d", r.status)
		}
		if r := w.stranger(t, c.Name+"="+c.Value).get("/me"); r.status != http.StatusOK {
			t.Errorf("with the cookie: %d", r.status)
		}
	}
	if r := b.attack(request{method: http.MethodPost, path: "/login", host: "secrets.test", body: form, header: map[string]string{"Origin": "http://evil.test"}}); r.status != http.StatusForbidden {
		t.Errorf("from another site: %d", r.status)
	}
}
