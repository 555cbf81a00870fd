// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"crypto/tls"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/relay-secrets/terraform-provider-relay/internal/oidctest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// own-vault [raft] sets $VAULT_ADDR and $VAULT_TOKEN to a Vault of this script and its root token, so
// that the script may change everything. With raft its storage is on disk, and it has snapshots.
func ownVault(ts *testscript.TestScript, _ bool, args []string) {
	t := ts.Value("t").(testing.TB)
	var storage []string
	if len(args) > 0 {
		storage = []string{"-storage", "raft:" + t.TempDir()}
	}
	v := vaulttest.StartOwn(t, storage...)
	ts.Setenv("VAULT_ADDR", v.Address)
	ts.Setenv("VAULT_TOKEN", v.RootToken)
}

// oidc-provider REDIRECT_URI EMAIL starts an OpenID provider with one person, whose password is
// $PASSWORD, and sets $ISSUER and $CLIENT_SECRET.
func oidcProvider(ts *testscript.TestScript, _ bool, args []string) {
	t := ts.Value("t").(testing.TB)
	client := oidctest.Start(t, args[0], oidctest.Person{Email: args[1], Password: ts.Getenv("PASSWORD")})
	ts.Setenv("ISSUER", client.Issuer)
	ts.Setenv("CLIENT_SECRET", client.Secret)
}

// browser is what a person uses for the page: it keeps cookies and follows redirects. It trusts every certificate.
type browser struct{ *http.Client }

func newBrowser() *browser {
	b := &browser{}
	b.forget()
	return b
}

// forget forgets all cookies.
func (b *browser) forget() {
	jar, _ := cookiejar.New(nil) // never fails
	b.Client = &http.Client{Jar: jar, Transport: &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // certificates of tests
	}}
}

// shown is a page in the browser.
type shown struct {
	status int
	at     *url.URL
	text   string
}

// load sends a form, or requests a page without one.
func (b *browser) load(ts *testscript.TestScript, address string, form url.Values) shown {
	method, body := http.MethodGet, ""
	if form != nil {
		method, body = http.MethodPost, form.Encode()
	}
	r, err := http.NewRequestWithContext(ts.Value("t").(testing.TB).Context(), method, address, strings.NewReader(body))
	ts.Check(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := b.Do(r)
	ts.Check(err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	ts.Check(err)
	return shown{response.StatusCode, response.Request.URL, string(text)}
}

// log-in URL METHOD [NAME] logs in at a page as a browser does, by userpass or oidc with the password
// $PASSWORD, or by token with $VAULT_TOKEN, and prints the page that it leads to. With ! the login must fail.
func logIn(ts *testscript.TestScript, neg bool, args []string) {
	b, name := ts.Value("browser").(*browser), strings.Join(args[2:], " ")
	b.forget()
	number := loginNumber(ts, b, args)
	var got shown
	switch args[1] {
	case "oidc":
		got = logInAtProvider(ts, b.load(ts, args[0]+"/login/oidc?login="+number, nil), b, name)
	case "token":
		got = b.load(ts, args[0]+"/login", url.Values{"login": {number}, "password": {ts.Getenv("VAULT_TOKEN")}})
	default:
		got = b.load(ts, args[0]+"/login", url.Values{"login": {number}, "username": {name}, "password": {ts.Getenv("PASSWORD")}})
	}
	if failed := got.status != http.StatusOK; failed != neg {
		ts.Fatalf("log in: status %d at %s: %s", got.status, got.at, got.text)
	}
	_, err := io.WriteString(ts.Stdout(), got.text)
	ts.Check(err)
}

// loginNumber is the number of a login method on the page.
func loginNumber(ts *testscript.TestScript, b *browser, args []string) string {
	page := b.load(ts, args[0]+"/login", nil)
	field := map[string]string{"oidc": `login=(\d)&amp;next=`, "userpass": `for="username-(\d)"`, "token": `for="password-(\d)">Vault token`}[args[1]]
	number := regexp.MustCompile(field).FindStringSubmatch(page.text)
	if number == nil {
		ts.Fatalf("the page has no login by %s: %s", args[1], page.text)
	}
	return number[1]
}

// logInAtProvider fills in the form of an OpenID provider. If there is another page, such as an error, it returns that.
func logInAtProvider(ts *testscript.TestScript, form shown, b *browser, name string) shown {
	id := regexp.MustCompile(`name="id" value="([^"]*)"`).FindStringSubmatch(form.text)
	action := regexp.MustCompile(`action="([^"]*)"`).FindStringSubmatch(form.text)
	if id == nil || action == nil {
		return form
	}
	to, err := form.at.Parse(html.UnescapeString(action[1]))
	ts.Check(err)
	return b.load(ts, to.String(), url.Values{"id": {id[1]}, "username": {name}, "password": {ts.Getenv("PASSWORD")}})
}

// visit URL STATUS [NAME=VALUE...] loads a page in the session of log-in and prints it; with values it sends
// them as a form.
func visit(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	var form url.Values
	for _, pair := range args[2:] {
		if form == nil {
			form = url.Values{}
		}
		name, value, _ := strings.Cut(pair, "=")
		form.Set(name, value)
	}
	got := ts.Value("browser").(*browser).load(ts, args[0], form)
	if got.status != want {
		ts.Fatalf("%s: status %d, want %d: %s", args[0], got.status, want, got.text)
	}
	_, err = io.WriteString(ts.Stdout(), got.text)
	ts.Check(err)
}
