// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"bufio"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
)

// routes are all routes of the page, as method and path, for a secret and a connection that exist.
func (w *world) routes(source string) (out []request) {
	fill := strings.NewReplacer("{workflow}", w.workflow, "{name}", "existing", "{type}", "custom", "{source}", source, "{$}", "")
	patterns := slices.Sorted(maps.Keys(personal))
	for _, pattern := range append(patterns, "GET /login", "POST /login", "GET /login/oidc", "GET "+config.OIDCCallback, "GET /healthz", "GET /static/x/style.css", "GET /api/openapi.yaml", "POST /api/connections", "GET /unknown") {
		method, path, _ := strings.Cut(pattern, " ")
		out = append(out, request{method: method, path: fill.Replace(path)})
	}
	return out
}

// prepare writes the secret and the connection of routes, as b.
func (w *world) prepare(t *testing.T, b *browser) {
	t.Helper()
	for path, form := range map[string]url.Values{
		"/workflows/" + w.workflow + "/add": {"name": {"existing"}, "value": {"v"}},
		"/connections/add":                  {"type": {"custom"}, "name": {"existing"}, "field.a": {"v"}},
	} {
		if r := b.post(path, form); r.status != http.StatusSeeOther {
			t.Fatalf("%s: %d\n%s", path, r.status, r.main())
		}
	}
}

// change is a form that every route that changes something accepts.
func (w *world) change() url.Values {
	return url.Values{
		"name": {"existing"}, "again": {"existing"}, "type": {"custom"}, "value": {"v2"}, "field.a": {"v2"}, "reason": {"attack"}, "takeover": {"1"},
		"seen_version": {"1"}, "plan": {"x"}, "login": {"0"}, "username": {"x"}, "password": {"x"},
	}
}

func TestCSRFIsRefusedOnEveryRoute(t *testing.T) {
	t.Parallel()
	w, client := secureWorld(t, nil)
	b := &browser{t, client, w.url}
	name, password := w.PersonLogin(t, w.rules(t, policy.Administrator, nil))
	b.begin(name, password)
	w.prepare(t, b)
	ticket := b.ticketOf()
	w.proxy.Reset()
	host := strings.TrimPrefix(w.url, "https://")
	for _, headers := range []map[string]string{
		{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.test"},
		{"Sec-Fetch-Site": "same-site", "Origin": "https://evil.secrets.test"},
		{"Sec-Fetch-Site": "cross-site", "Origin": "null"},
		{"Sec-Fetch-Site": "cross-site"},
		{"Origin": "https://evil.test"}, // a browser without Sec-Fetch-Site
		{"Origin": "null"},
		{"Origin": "https://" + host + ".evil.test"},
		{"Origin": "https://secrets.test:1"},
		{"Sec-Fetch-Site": "none, cross-site"},
	} {
		for _, route := range w.routes("shop") {
			if route.method == http.MethodGet {
				continue
			}
			route.header, route.body = headers, w.change().Encode()
			if r := b.attack(route); r.status != http.StatusForbidden || !strings.Contains(r.body, "Another web page sent this request") {
				t.Errorf("%v: %s %s: %d", headers, route.method, route.path, r.status)
			}
		}
	}
	if w.writes() != 0 || b.ticketOf() != ticket {
		t.Errorf("%d writes; the session is the same: %v", w.writes(), b.ticketOf() == ticket)
	}
	// The page itself, a bookmark, and a command line.
	for _, headers := range []map[string]string{{"Sec-Fetch-Site": "same-origin", "Origin": w.url}, {"Origin": w.url}, {}} {
		form := url.Values{"name": {"new"}, "value": {""}}.Encode()
		if r := b.attack(request{method: http.MethodPost, path: "/workflows/" + w.workflow + "/add", header: headers, body: form}); r.status != http.StatusUnprocessableEntity {
			t.Errorf("%v: %d", headers, r.status)
		}
	}
}

func TestDNSRebindingIsRefusedOnEveryRoute(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	b := w.logIn(t, w.rules(t, policy.Administrator, nil))
	w.proxy.Reset()
	for _, host := range []string{"evil.test", "evil.test:80", "127.0.0.1.evil.test", "localhost.evil.test", "secrets.test", "127.1", "2130706433", "0x7f.1", "[::1].evil.test", "xn--localhost.test"} {
		for _, route := range w.routes("shop") {
			route.host = host
			if r := b.attack(route); r.status != http.StatusMisdirectedRequest && r.status != http.StatusBadRequest {
				t.Errorf("%s: %s %s: %d", host, route.method, route.path, r.status)
			}
		}
	}
	if n := len(w.proxy.Requests()); n != 0 {
		t.Errorf("%d requests to Vault", n)
	}
}

func TestNothingButPOSTChangesAnything(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	rules := w.rules(t, policy.Administrator, nil)
	b := w.logIn(t, rules)
	w.prepare(t, b)
	ticket := b.ticketOf()
	w.proxy.Reset()
	query := "?" + w.change().Encode()
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace, http.MethodPut, http.MethodPatch, http.MethodDelete, "PROPFIND", "post"} {
		for _, route := range w.routes("shop") {
			route.method, route.path = method, route.path+query
			route.header = map[string]string{"X-HTTP-Method-Override": "POST", "X-HTTP-Method": "DELETE", "X-Method-Override": "POST"}
			if method != http.MethodGet && method != http.MethodHead {
				route.body = w.change().Encode()
			}
			r := b.attack(route)
			if r.cookie(ticketCookie) != nil || strings.Contains(r.body, "attack") && method == http.MethodTrace {
				t.Errorf("%s %s: %d %v", method, route.path, r.status, r.header)
			}
		}
	}
	if w.writes() != 0 || b.ticketOf() != ticket || w.sent("/login/x") != 0 || w.sent("revoke-self") != 0 {
		t.Errorf("%d writes, %d logins, %d revocations", w.writes(), w.sent("/login/x"), w.sent("revoke-self"))
	}
	// A form with the name of another method stays a form of its route.
	form := w.change()
	form.Set("_method", "DELETE")
	if r := b.post("/workflows/"+w.workflow, form); r.status != http.StatusNotFound && r.status != http.StatusMethodNotAllowed {
		t.Errorf("POST to a page: %d", r.status)
	}
}

// hostileNames are names that are not valid, as segments of a path.
var hostileNames = []string{
	"..", ".", "%2e%2e", "%2E.", "..%2f..%2fsys", "%2F", "a%2Fb", "a%5Cb", "%00", "a%00", "+", "a+b", "*", "%2a", "a%3Fb", "a%23b", "%252e%252e", "%ff", "%c0%ae",
	"a%0Ab", "a%0D%0AX:1", "a%E2%80%AEb", "%E2%80%8B", "a%CC%80", "%20a", "a%20", "-a", "%3Cscript%3E", "%22", "=cmd%7C'%20/C%20calc'!A0", "%7B%7B.%7D%7D", "a;b", "a:b", "a%25b",
	strings.Repeat("a", 129), strings.Repeat("%C3%A4", 65), strings.Repeat("a", 8000),
}

func TestPathTricksInNamesReachNoOtherPathInVault(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	token, _ := w.Person(t, w.rules(t, policy.Administrator, nil), `path "customers/*" { capabilities = ["create", "read", "update", "patch", "delete", "list"] }`)
	b := w.browser(t)
	b.beginWith(token)
	w.proxy.Reset()
	bearer := map[string]string{"Authorization": "Bearer " + token, "Content-Type": "application/json"}
	for _, name := range hostileNames {
		inForm := strings.ReplaceAll(name, "+", "%2B")
		for _, route := range []request{
			{method: http.MethodGet, path: "/workflows/" + name},
			{method: http.MethodGet, path: "/open?workflow=" + inForm},
			{method: http.MethodGet, path: "/workflows/" + w.workflow + "/secrets/" + name},
			{method: http.MethodPost, path: "/workflows/" + name + "/add", body: "name=x&value=v"},
			{method: http.MethodPost, path: "/workflows/" + w.workflow + "/add", body: "value=v&name=" + inForm},
			{method: http.MethodPost, path: "/workflows/" + name + "/secrets/x/delete", body: "seen_version=1"},
			{method: http.MethodPost, path: "/workflows/" + w.workflow + "/secrets/" + name + "/delete", body: "seen_version=1"},
			{method: http.MethodPost, path: "/connections/" + name + "/x/delete", body: "seen_version=1"},
			{method: http.MethodPost, path: "/connections/add", body: "field.a=v&type=custom&name=" + inForm},
			{method: http.MethodPost, path: "/connections/add", body: "field.a=v&name=x&type=" + inForm},
			{method: http.MethodPost, path: "/connections/add", body: "name=x&type=custom&field." + inForm + "=v"},
			{method: http.MethodPost, path: "/workflows/" + w.workflow + "/add", body: "name=x&value=v&team=" + inForm},
			{method: http.MethodPost, path: "/sources/" + name + "/approve", body: "plan=x&reason=y"},
			{method: http.MethodPut, path: "/api/workflows/" + name + "/secrets/x", body: `{"value":"v"}`, header: bearer},
			{method: http.MethodPut, path: "/api/workflows/" + w.workflow + "/secrets/" + name, body: `{"value":"v"}`, header: bearer},
		} {
			r := b.attack(route)
			refused := r.status >= 400 && r.status < 500 || r.status == http.StatusMovedPermanently || r.status == http.StatusTemporaryRedirect
			trimmed := strings.Contains(name, "%20") && strings.Contains(route.body, "="+name) // a valid name without the space
			opened := strings.Contains(route.path, "?workflow=") && !trimmed && strings.Contains(name, "%20")
			if !refused && !trimmed && !opened {
				t.Errorf("%s %.100s %.100s: %d %s", route.method, route.path, route.body, r.status, r.header.Get("Location"))
			}
			if to := r.header.Get("Location"); strings.HasPrefix(to, "//") || strings.Contains(to, "://") || strings.ContainsAny(to, "\r\n\\") {
				t.Errorf("%s %.100s redirects to %q", route.method, route.path, to)
			}
		}
	}
	w.assertInside(t)
}

// assertInside fails if a request to Vault was for a path outside the prefixes of the page.
func (w *world) assertInside(t *testing.T) {
	t.Helper()
	for _, r := range w.proxy.Requests() {
		path, in := strings.CutPrefix(r.Path, "/v1/customers/")
		if !in {
			if strings.HasPrefix(r.Path, "/v1/sys/capabilities-self") || strings.HasPrefix(r.Path, "/v1/sys/internal/ui/") || strings.HasPrefix(r.Path, "/v1/auth/token/") || strings.HasPrefix(r.Path, "/v1/identity/entity/id/") {
				continue
			}
			t.Errorf("%s %q", r.Method, r.Path)
			continue
		}
		_, rest, _ := strings.Cut(path, "/")
		if !strings.HasPrefix(rest, "workflows/") && !strings.HasPrefix(rest+"/", "connections/"+w.domain+"/") || slices.Contains(strings.Split(rest, "/"), "..") {
			t.Errorf("%s %q", r.Method, r.Path)
		}
	}
}

func TestNamesOfOtherPrefixesAreWorkflows(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	b := w.browser(t)
	b.beginWith(w.RootToken)
	w.proxy.Reset()
	for _, name := range []string{"relay-sync", "connections", "data", "metadata", "sys", "api", "add", "login"} {
		if r := b.get("/workflows/" + name); r.status != http.StatusOK {
			t.Errorf("%s: %d", name, r.status)
		}
	}
	w.assertInside(t)
}

func TestRawRequestsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	address := strings.TrimPrefix(w.url, "http://")
	for _, text := range []string{
		"GET http://evil.test/workflows HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
		"GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.test\r\n\r\n",
		"GET //evil.test/%2e%2e HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
		"GET /\\evil.test/../login HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
		"CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test:443\r\n\r\n",
		"GET /login\x00 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
		"GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A\x00: b\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
	} {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(c, text)
		_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
		answer, err := http.ReadResponse(bufio.NewReader(c), nil)
		_ = c.Close()
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		to := answer.Header.Get("Location")
		if strings.HasPrefix(to, "//") || strings.HasPrefix(to, `/\`) || strings.Contains(to, "://") || answer.Header.Get("Set-Cookie") != "" {
			t.Errorf("%q: %d to %q", text, answer.StatusCode, to)
		}
	}
}
