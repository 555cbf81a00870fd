// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
)

// begin logs a person in by password, and returns the answer.
func (b *browser) begin(name, password string) response {
	b.t.Helper()
	return b.post("/login", url.Values{"login": {"0"}, "username": {name}, "password": {password}})
}

// beginWith logs in with a token.
func (b *browser) beginWith(token string) response {
	b.t.Helper()
	return b.post("/login", url.Values{"login": {"2"}, "password": {token}})
}

// ticketOf is the cookie that a browser has.
func (b *browser) ticketOf() string {
	b.t.Helper()
	u, err := url.Parse(b.url)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range b.Jar.Cookies(u) {
		if strings.HasSuffix(c.Name, ticketCookie) {
			return c.Name + "=" + c.Value
		}
	}
	return ""
}

// loggedOut reports whether an answer is that of a browser without a session.
func (r response) loggedOut() bool {
	return r.status == http.StatusSeeOther && strings.HasPrefix(r.header.Get("Location"), "/login")
}

// tokenOf is the token of a session, by its ticket.
func (w *world) tokenOf(t *testing.T, ticket string) string {
	t.Helper()
	_, value, _ := strings.Cut(ticket, "=")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(&http.Cookie{Name: w.server.cookieName(ticketCookie), Value: value})
	v := &visit{Server: w.server, r: r}
	if !v.resume() {
		t.Fatal("no session")
	}
	return v.login.Token
}

// ttl is the rest of a token's lifetime in seconds; -1 for a token that Vault does not know.
func (w *world) ttl(t *testing.T, token string) float64 {
	t.Helper()
	status, answer := w.Call(t, w.RootToken, http.MethodPost, "auth/token/lookup", map[string]any{"token": token})
	if status != http.StatusOK {
		return -1
	}
	ttl, _ := answer["data"].(map[string]any)["ttl"].(float64)
	return ttl
}

func TestSessionFixationIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	name, password := w.PersonLogin(t, w.rules(t, policy.Viewer, nil))
	b := w.browser(t)
	const preset = "relay-session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	form := url.Values{"login": {"0"}, "username": {name}, "password": {password}}.Encode()
	r := b.attack(request{method: http.MethodPost, path: "/login", body: form, header: map[string]string{"Cookie": preset}})
	if c := r.cookie(ticketCookie); c == nil || strings.Contains(preset, c.Value) {
		t.Errorf("after a login with the cookie of an attacker: %v", c)
	}
	if r := w.stranger(t, preset).get("/me"); !r.loggedOut() {
		t.Errorf("with the cookie of the attacker: %d", r.status)
	}
	first := b.ticketOf()
	token := w.tokenOf(t, first)
	if r := b.begin(name, password); r.status != http.StatusSeeOther || b.ticketOf() == first {
		t.Errorf("a second login: %d, the same ticket: %v", r.status, b.ticketOf() == first)
	}
	if r := w.stranger(t, first).get("/me"); !r.loggedOut() || w.ttl(t, token) != -1 {
		t.Errorf("with the ticket from before the second login: %d, its token lives %v s", r.status, w.ttl(t, token))
	}
}

func TestFailedLoginLeavesTheSessionAndShowsNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	name, password := w.PersonLogin(t, w.rules(t, policy.Viewer, nil))
	b := w.browser(t)
	b.begin(name, password)
	if r := b.beginWith("hvs.notatoken"); r.status != http.StatusUnauthorized || strings.Contains(r.body, "Logged in as") || r.cookie(ticketCookie) != nil {
		t.Errorf("%d\n%s", r.status, r.main())
	}
	if r := b.get("/me"); r.status != http.StatusOK {
		t.Errorf("the former session: %d", r.status)
	}
}

func TestStolenCookieOpensNothingAfterLogout(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	b := w.logIn(t, w.rules(t, policy.Operator, nil))
	ticket := b.ticketOf()
	token := w.tokenOf(t, ticket)
	other := w.logIn(t, w.rules(t, policy.Operator, nil))
	stolen := w.stranger(t, ticket)
	if r := stolen.get("/me"); r.status != http.StatusOK {
		t.Fatalf("before the logout: %d", r.status)
	}
	if r := b.post("/logout", nil); r.header.Get("Location") != "/login?out=1" || b.ticketOf() != "" {
		t.Errorf("%d to %s, cookie %q", r.status, r.header.Get("Location"), b.ticketOf())
	}
	if r := stolen.get("/me"); !r.loggedOut() || w.ttl(t, token) != -1 {
		t.Errorf("after the logout: %d, the token lives %v s", r.status, w.ttl(t, token))
	}
	if r := other.get("/me"); r.status != http.StatusOK {
		t.Errorf("the session of another person: %d", r.status)
	}
}

func TestTokenOfAnIdleSessionExpiresInVault(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(cfg *config.Web) { cfg.Idle = time.Second })
	b := w.logIn(t, w.rules(t, policy.Operator, nil))
	ticket := b.ticketOf()
	token := w.tokenOf(t, ticket)
	if ttl := w.ttl(t, token); ttl > tokenLifetime(time.Second).Seconds() {
		t.Errorf("the token lives %v s", ttl)
	}
	if !await.Until(20*time.Second, func() bool { return w.server.sessions.Len() == 0 }) {
		t.Fatal("the session does not end")
	}
	if r := w.stranger(t, ticket).get("/me"); !r.loggedOut() {
		t.Errorf("with the stolen cookie after the idle time: %d", r.status)
	}
	if ttl := w.ttl(t, token); ttl != -1 {
		t.Errorf("the token lives %v s after a request with the ticket", ttl)
	}
	if !strings.Contains(b.post("/workflows/"+w.workflow+"/add", url.Values{"name": {"a"}, "value": {"b"}}).header.Get("Location"), "ended") {
		t.Error("a form after the end of the session does not show that it has ended")
	}
}

// TestTokenLivesNoLongerThanTheIdleSession: the page cannot open an idle session to revoke its
// token.
func TestTokenLivesNoLongerThanTheIdleSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil) // idle: 30 minutes
	b := w.logIn(t, w.rules(t, policy.Operator, nil))
	if ttl := w.ttl(t, w.tokenOf(t, b.ticketOf())); ttl > 38*60 || ttl < 36*60 {
		t.Errorf("the token lives %v s", ttl)
	}
}

func TestTokenOfThePersonIsNeitherRevokedNorRenewed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	token, _ := w.Person(t, w.rules(t, policy.Operator, nil))
	before := w.ttl(t, token)
	b := w.browser(t)
	if r := b.beginWith(" " + token + "\n"); r.status != http.StatusSeeOther {
		t.Fatalf("%d\n%s", r.status, r.main())
	}
	if r := b.get("/workflows/" + w.workflow); r.status != http.StatusOK || !strings.Contains(r.body, "Add secret") {
		t.Errorf("%d\n%s", r.status, r.main())
	}
	b.post("/logout", nil)
	if after := w.ttl(t, token); after < before-60 || after > before || w.sent("renew-self") != 0 {
		t.Errorf("%v s before, %v s after, %d renewals", before, after, w.sent("renew-self"))
	}
}

// tokenWith is a token of a kind, without an entity.
func (w *world) tokenWith(t *testing.T, settings map[string]any) string {
	t.Helper()
	w.WritePolicy(t, w.workflow, w.rules(t, policy.Administrator, nil))
	settings["policies"] = []string{w.workflow}
	status, answer := w.Call(t, w.RootToken, http.MethodPost, "auth/token/create", settings)
	if status != http.StatusOK {
		t.Fatalf("create a token: %d %v", status, answer)
	}
	return answer["auth"].(map[string]any)["client_token"].(string)
}

func TestTokenWithoutAnEntityCanLookAndNotWrite(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.Write(t, w.workflow, "existing", "x")
	for name, token := range map[string]string{
		"root": w.RootToken, "periodic": w.tokenWith(t, map[string]any{"period": "24h"}),
		"orphan": w.tokenWith(t, map[string]any{"no_parent": true}), "not renewable": w.tokenWith(t, map[string]any{"renewable": false, "ttl": "1h"}),
		"batch": w.tokenWith(t, map[string]any{"type": "batch", "ttl": "1h"}),
	} {
		b := w.browser(t)
		if r := b.beginWith(token); r.status != http.StatusSeeOther {
			t.Fatalf("%s: %d\n%s", name, r.status, r.main())
		}
		page := "/workflows/" + w.workflow
		r := b.get(page)
		if r.status != http.StatusOK || !strings.Contains(r.body, "existing") || !strings.Contains(r.body, "With this login you can only look.") {
			t.Errorf("%s: %d\n%s", name, r.status, r.main())
		}
		for _, button := range []string{">Add secret<", "/replace", "/delete"} {
			if strings.Contains(r.body, button) {
				t.Errorf("%s: the page has %s", name, button)
			}
		}
		w.proxy.Reset()
		for path, form := range map[string]url.Values{
			page + "/add": {"name": {"new"}, "value": {"v"}}, page + "/secrets/existing/replace": {"seen_version": {"1"}, "value": {"v"}},
			page + "/secrets/existing/delete": {"seen_version": {"1"}},
		} {
			if r := b.post(path, form); r.status != http.StatusForbidden {
				t.Errorf("%s: %s: %d\n%s", name, path, r.status, r.main())
			}
		}
		if n := w.writes(); n != 0 {
			t.Errorf("%s: %d writes", name, n)
		}
		b.post("/logout", nil)
		if name != "batch" && w.ttl(t, token) == -1 {
			t.Errorf("%s: the token of the person was revoked", name)
		}
	}
}

// writes counts the requests to Vault that change a secret, a connection or an approval.
func (w *world) writes() int {
	n := 0
	for _, r := range w.proxy.Requests() {
		if r.Method != http.MethodGet && r.Method != "LIST" && strings.HasPrefix(r.Path, "/v1/customers/") {
			n++
		}
	}
	return n
}

func TestLoginThatGivesABatchTokenIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	name, password := "batch-"+w.workflow, vaulttest.Canary(t)
	if status, answer := w.Call(t, w.RootToken, http.MethodPost, "auth/userpass/users/"+name, map[string]any{"password": password, "token_type": "batch"}); status/100 != 2 {
		t.Fatal(answer)
	}
	b := w.browser(t)
	if r := b.begin(name, password); r.status != http.StatusUnauthorized || !strings.Contains(r.body, "batch") || b.ticketOf() != "" {
		t.Errorf("%d\n%s", r.status, r.main())
	}
}

func TestSessionEndsWithItsTokenInVault(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.Write(t, w.workflow, "existing", "x")
	page := "/workflows/" + w.workflow
	for _, a := range []request{
		{method: http.MethodGet, path: "/workflows"},
		{method: http.MethodGet, path: page},
		{method: http.MethodGet, path: page + "/secrets/existing"},
		{method: http.MethodGet, path: "/connections"},
		{method: http.MethodGet, path: "/activity"},
		{method: http.MethodGet, path: "/me"},
		{method: http.MethodGet, path: page + "/secrets/existing/replace"},
		{method: http.MethodPost, path: page + "/add", body: "name=new&value=v"},
		{method: http.MethodPost, path: page + "/add", body: "name=new&value=v&team=shop"},
		{method: http.MethodPost, path: page + "/secrets/existing/replace", body: "seen_version=1&value=v"},
		{method: http.MethodPost, path: page + "/secrets/existing/delete", body: "seen_version=1"},
		{method: http.MethodPost, path: page + "/secrets/existing/undelete", body: "seen_version=1"},
		{method: http.MethodPost, path: "/connections/add", body: "type=x&name=new&field.a=b"},
		{method: http.MethodPost, path: "/connections/x/new/delete", body: "seen_version=1"},
	} {
		b := w.logIn(t, w.rules(t, policy.Administrator, nil))
		ticket := b.ticketOf()
		token := w.tokenOf(t, ticket)
		if status, answer := w.Call(t, token, http.MethodPost, "auth/token/revoke-self", nil); status/100 != 2 {
			t.Fatal(answer)
		}
		w.proxy.Reset()
		r := b.attack(a)
		if r.status != http.StatusUnauthorized || !strings.Contains(r.body, "Session ended") || strings.Contains(r.body, "Log out") || b.ticketOf() != "" {
			t.Errorf("%s %s: %d, cookie %q\n%s", a.method, a.path, r.status, b.ticketOf(), r.main())
		}
		if r := w.stranger(t, ticket).get("/me"); !r.loggedOut() {
			t.Errorf("%s %s: the session has not ended: %d", a.method, a.path, r.status)
		}
		if w.writes() != 0 {
			t.Errorf("%s %s: %d writes", a.method, a.path, w.writes())
		}
	}
}

func TestNoteAndSightAreOfOneSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	rules := w.rules(t, policy.Administrator, nil)
	ada, bob := w.logIn(t, rules), w.logIn(t, rules)
	if r := ada.post("/workflows/"+w.workflow+"/add", url.Values{"name": {"from_ada"}, "value": {"v"}}); r.status != http.StatusSeeOther {
		t.Fatalf("%d\n%s", r.status, r.main())
	}
	if r := bob.get("/workflows"); strings.Contains(r.body, "Added from_ada.") {
		t.Error("the note of another session")
	}
	if r := ada.get("/workflows"); !strings.Contains(r.body, "Added from_ada.") {
		t.Error("the note is lost")
	}
	may := map[string]bool{w.workflow: true}
	now := time.Now()
	w.server.sight.known("one", nil, now)
	w.server.sight.remember("one", may, now)
	if got, unknown, _ := w.server.sight.known("two", []string{w.workflow}, now); len(got) != 0 || len(unknown) != 1 {
		t.Errorf("the sight of another session: %v, %v", got, unknown)
	}
	later := now.Add(sightTime)
	if got, _, _ := w.server.sight.known("one", []string{w.workflow}, later); len(got) != 0 {
		t.Errorf("a right is used after %s: %v", sightTime, got)
	}
	w.server.sight.remember("one", may, now) // of a slow request
	if got, _, _ := w.server.sight.known("one", []string{w.workflow}, later); len(got) != 0 {
		t.Errorf("a right is used after %s, because Vault was slow: %v", sightTime, got)
	}
}
