// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
)

// try is an attempt to log in, from an address behind the proxy.
func (b *browser) try(address, name, password string) int {
	b.t.Helper()
	form := url.Values{"login": {"0"}, "username": {name}, "password": {password}}
	return b.attack(request{method: http.MethodPost, path: "/login", body: form.Encode(), header: map[string]string{"X-Forwarded-For": address}}).status
}

// proxied are settings for tests whose client is the reverse proxy.
func proxied(w *config.Web) { w.BehindProxy = []string{"127.0.0.1"} }

func TestLoginBruteForceIsRefusedBeforeVaultLocksTheUserOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, proxied)
	name, password := w.PersonLogin(t, w.rules(t, policy.Viewer, nil))
	b := w.browser(t)
	for i := range 4 {
		if status := b.try("192.0.2.1", name, "wrong"); status != http.StatusUnauthorized {
			t.Errorf("attempt %d: %d", i, status)
		}
	}
	before := w.sent("/login/")
	// The name in another case is the same user in Vault. What a client adds before the
	// address that the proxy adds does not count.
	for _, address := range []string{"192.0.2.1", "192.0.2.9, 192.0.2.1", "not an address, 192.0.2.1"} {
		if status := b.try(address, strings.ToUpper(name), password); status != http.StatusTooManyRequests {
			t.Errorf("attempt 5 from %s: %d", address, status)
		}
	}
	if after := w.sent("/login/"); after != before || before != 4 {
		t.Errorf("%d requests to Vault, then %d", before, after)
	}
	if status := b.try("192.0.2.2", name, password); status != http.StatusSeeOther {
		t.Errorf("from another address, so Vault did not lock the user out: %d", status)
	}
	if strings.Contains(w.log.String(), name) {
		t.Error("the log has what was entered as the user name: it can be a password")
	}
}

func TestLoginBruteForceAtOnceIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, proxied)
	name, password := w.PersonLogin(t, w.rules(t, policy.Viewer, nil))
	var (
		all     sync.WaitGroup
		mu      sync.Mutex
		results = map[int]int{}
	)
	for range 16 {
		b := w.browser(t)
		all.Go(func() {
			status := b.try("192.0.2.1", name, "wrong")
			mu.Lock()
			defer mu.Unlock()
			results[status]++
		})
	}
	all.Wait()
	if results[http.StatusUnauthorized] != 4 || results[http.StatusTooManyRequests] != 12 || w.sent("/login/") != 4 {
		t.Errorf("%v, %d requests to Vault", results, w.sent("/login/"))
	}
	if status := w.browser(t).try("192.0.2.2", name, password); status != http.StatusSeeOther {
		t.Errorf("from another address: %d", status)
	}
}

func TestLoginBruteForceFromANetworkOfIPv6IsOneClient(t *testing.T) {
	t.Parallel()
	w := newWorld(t, proxied)
	name, password := w.PersonLogin(t, w.rules(t, policy.Viewer, nil))
	b := w.browser(t)
	for i := range 4 {
		b.try(fmt.Sprintf("2001:db8::%d", i), name, "wrong")
	}
	if status := b.try("2001:db8::1:2:3:4", name, password); status != http.StatusTooManyRequests {
		t.Errorf("the same /64: %d", status)
	}
	if status := b.try("2001:db8:0:1::1", name, password); status != http.StatusSeeOther {
		t.Errorf("another /64: %d", status)
	}
}

func TestForwardedAddressOfAClientIsNotBelieved(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil) // no proxy
	name, password := w.PersonLogin(t, w.rules(t, policy.Viewer, nil))
	b := w.browser(t)
	for i := range 4 {
		b.try(fmt.Sprintf("192.0.2.%d", i), name, "wrong")
	}
	if status := b.try("192.0.2.77", name, password); status != http.StatusTooManyRequests {
		t.Errorf("with another address in X-Forwarded-For: %d", status)
	}
}

func TestLoginOfManyNamesFromOneClientIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, proxied)
	b := w.browser(t)
	refused := 0
	for i := range 30 {
		if b.try("192.0.2.1", fmt.Sprintf("user%d", i), "wrong") == http.StatusTooManyRequests {
			refused++
		}
	}
	for range 3 { // with a cookie of the attacker's own
		r := b.attack(request{method: http.MethodGet, path: config.OIDCCallback + "?state=s&code=c", header: map[string]string{"Cookie": "relay-oidc=1.nonce.Lw", "X-Forwarded-For": "192.0.2.1"}})
		if r.status != http.StatusTooManyRequests {
			t.Errorf("callback: %d", r.status)
		}
	}
	if refused < 9 || w.sent("/login/") > 21 || w.sent("/oidc/callback") != 0 {
		t.Errorf("%d refused, %d requests to Vault, %d callbacks", refused, w.sent("/login/"), w.sent("/oidc/callback"))
	}
}

func TestUserNameCannotChangeThePathAtVault(t *testing.T) {
	t.Parallel()
	w := newWorld(t, proxied)
	b := w.browser(t)
	for i, name := range []string{"../../sys/seal", "..", ".", "a/b", "a%2fb", "a?b", "a#b", "%2e%2e", "a\x00b", "a\nb", "", strings.Repeat("a", 10_000)} {
		status := b.try(fmt.Sprintf("192.0.2.%d", i), name, "x")
		if status != http.StatusUnauthorized && status != http.StatusBadRequest && status != http.StatusRequestEntityTooLarge {
			t.Errorf("%.20q: %d", name, status)
		}
	}
	for _, r := range w.proxy.Requests() {
		if !strings.HasPrefix(r.Path, "/v1/auth/userpass/login/") || strings.Count(r.Path, "/") != 5 {
			t.Errorf("%s %q", r.Method, r.Path)
		}
	}
}

func TestOpenRedirectAfterLoginIsRefused(t *testing.T) {
	t.Parallel()
	for _, next := range []string{
		"//evil.test", "///evil.test", `/\evil.test`, `\\evil.test`, "https://evil.test", "https:evil.test", "http:/evil.test", "javascript:alert(1)",
		"/\t/evil.test", "/\n/evil.test", "/\r/evil.test", "\t//evil.test", " //evil.test", "/\\/evil.test", "evil.test", "?next=//evil.test", "", "/ok\r\nSet-Cookie: a=b",
		"/" + strings.Repeat("a", 4000),
	} {
		if got := local(next); got != "/" {
			t.Errorf("%.60q: %.60q", next, got)
		}
	}
	for _, next := range []string{"/", "/workflows/a?x=//evil.test", "/workflows/a%2Fb", "/workflows/" + strings.Repeat("%C3%A4", 64) + "/secrets/" + strings.Repeat("%C3%A4", 64)} {
		if got := local(next); got != next {
			t.Errorf("%q: %q", next, got)
		}
	}
	w := newWorld(t, nil)
	name, password := w.PersonLogin(t, w.rules(t, policy.Viewer, nil))
	for _, next := range []string{"//evil.test", "/.//evil.test", "/..//evil.test/x", "/%2f/evil.test", "/a/..//..//evil.test"} {
		r := w.browser(t).post("/login", url.Values{"login": {"0"}, "username": {name}, "password": {password}, "next": {next}})
		to, err := url.Parse(r.header.Get("Location"))
		if err != nil || r.status != http.StatusSeeOther || to.Host != "" || to.Scheme != "" || strings.HasPrefix(to.Path, "//") && !strings.HasPrefix(r.header.Get("Location"), "/%2f") {
			t.Errorf("%q: %d to %q", next, r.status, r.header.Get("Location"))
		}
	}
}
