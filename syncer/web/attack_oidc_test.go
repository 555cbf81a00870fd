// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/oidctest"
	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
)

// hiddenID is the id of the request in the login page of the provider.
var hiddenID = regexp.MustCompile(`name="id" value="([^"]+)"`)

// callbackOf starts a login in the browser, logs the person in at the provider, and returns the
// path of the callback without opening it.
func (b *browser) callbackOf(p oidctest.Person, next string) string {
	b.t.Helper()
	page, at := b.follow(b.Get(b.url + "/login/oidc?login=1&next=" + url.QueryEscape(next)))
	id := hiddenID.FindStringSubmatch(page)
	if id == nil {
		b.t.Fatalf("no login page of the provider at %s:\n%s", at, page)
	}
	login, err := url.Parse(at)
	if err != nil {
		b.t.Fatal(err)
	}
	login.Path, login.RawQuery = "/login/username", ""
	_, callback := b.follow(b.PostForm(login.String(), url.Values{"id": {id[1]}, "username": {p.Email}, "password": {p.Password}}))
	if !strings.HasPrefix(callback, config.OIDCCallback) {
		b.t.Fatalf("the provider does not send the person back, but to %s", callback)
	}
	return callback
}

func TestOIDCCallbackOfAnotherBrowserIsRefused(t *testing.T) {
	t.Parallel()
	mount := vaulttest.Workflow(t)
	w := newWorld(t, func(c *config.Web) { c.Logins[1].Mount = mount })
	mallory, ada := oidctest.Person{Email: "mallory@example.com", Password: "m"}, oidctest.Person{Email: "ada@example.com", Password: "a"}
	w.OIDC(t, mount, oidctest.Start(t, w.url+config.OIDCCallback, mallory, ada), w.rules(t, policy.Operator, nil))

	attacker, victim := w.browser(t), w.browser(t)
	injected := attacker.callbackOf(mallory, "/")
	own := victim.callbackOf(ada, "//evil.test/") // the victim has a login under way
	state, code := queryOf(t, injected)
	ownState, ownCode := queryOf(t, own)
	fresh := w.browser(t)
	for name, a := range map[string]struct {
		b    *browser
		path string
	}{
		"a browser without a login":        {fresh, injected},
		"a browser with another login":     {victim, injected},
		"a state of another login":         {w.begun(t), config.OIDCCallback + "?state=" + state + "&code=" + ownCode},
		"a code of another login":          {w.begun(t), config.OIDCCallback + "?state=" + ownState + "&code=" + code},
		"an unknown state":                 {w.begun(t), config.OIDCCallback + "?state=x&code=y"},
		"no code":                          {w.begun(t), config.OIDCCallback + "?state=" + state},
		"an error with HTML":               {w.begun(t), config.OIDCCallback + "?error=" + url.QueryEscape(hostile) + "&error_description=" + url.QueryEscape(hostile)},
		"a login of another method":        {w.withCookie(t, "relay-oidc=0.nonce.Lw"), config.OIDCCallback + "?state=x&code=y"},
		"a cookie without a nonce":         {w.withCookie(t, "relay-oidc=1..Lw"), injected},
		"a cookie that is not of the page": {w.withCookie(t, "relay-oidc=-1.x.!"), injected},
	} {
		r := a.b.get(a.path)
		if r.status < 400 || r.status >= 500 || r.cookie(ticketCookie) != nil || strings.Contains(r.body, "<script>alert") {
			t.Errorf("%s: %d %v\n%s", name, r.status, r.header["Set-Cookie"], r.main())
		}
		if r := a.b.get("/me"); !r.loggedOut() {
			t.Errorf("%s: the browser has a session", name)
		}
	}
	// Each callback dropped the cookie of the login, so a login begins again.
	own = victim.callbackOf(ada, "//evil.test/")
	r := victim.get(own)
	if r.status != http.StatusSeeOther || r.header.Get("Location") != "/" {
		t.Fatalf("the own callback: %d to %q\n%s", r.status, r.header.Get("Location"), r.main())
	}
	if r := victim.get("/me"); !strings.Contains(r.body, "ada@example.com") {
		t.Errorf("%d\n%s", r.status, r.main())
	}
	ticket := victim.ticketOf()
	if r := victim.get(own); r.status != http.StatusBadRequest || victim.ticketOf() != ticket {
		t.Errorf("replayed in the same browser: %d", r.status)
	}
	if r := fresh.get(own); r.status != http.StatusBadRequest || fresh.ticketOf() != "" {
		t.Errorf("replayed in another browser: %d", r.status)
	}
	if strings.Contains(w.log.String(), ownCode) || strings.Contains(w.log.String(), state) {
		t.Error("the log has a code or a state")
	}
}

// follow follows redirects, and returns the page with its URL, or the path of the callback.
func (b *browser) follow(answer *http.Response, err error) (page, at string) {
	b.t.Helper()
	for range 10 {
		if err != nil {
			b.t.Fatal(err)
		}
		text, readErr := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		to, locationErr := answer.Location()
		switch {
		case readErr != nil:
			b.t.Fatal(readErr)
		case locationErr != nil:
			return string(text), answer.Request.URL.String()
		case to.Path == config.OIDCCallback:
			return "", to.RequestURI()
		}
		answer, err = b.Get(to.String())
	}
	b.t.Fatal("too many redirects")
	return "", ""
}

// begun is a browser with a login under way.
func (w *world) begun(t *testing.T) *browser {
	t.Helper()
	b := w.browser(t)
	if r := b.get("/login/oidc?login=1"); r.status != http.StatusSeeOther || r.cookie(oidcCookie) == nil {
		t.Fatalf("%d\n%s", r.status, r.main())
	}
	return b
}

// withCookie is a browser with a cookie that another program of the host set.
func (w *world) withCookie(t *testing.T, text string) *browser {
	t.Helper()
	b := w.browser(t)
	u, err := url.Parse(w.url)
	if err != nil {
		t.Fatal(err)
	}
	name, value, _ := strings.Cut(text, "=")
	b.Jar.SetCookies(u, []*http.Cookie{{Name: name, Value: value}})
	return b
}

func queryOf(t *testing.T, path string) (state, code string) {
	t.Helper()
	u, err := url.Parse(path)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get("state"), u.Query().Get("code")
}
