// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
	"github.com/relay-secrets/terraform-provider-relay/internal/person"
	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/endpoint"
	"github.com/relay-secrets/terraform-provider-relay/syncer/web/form"
	"github.com/relay-secrets/terraform-provider-relay/syncer/web/throttle"
)

// loginView is what the template login shows.
type loginView struct {
	Logins []loginForm
	// Next is where to go afterwards.
	Next string
	// Problem is why the last attempt failed, Note another sentence.
	Problem, Note string
	// Name is the user name of the last attempt.
	Name string
}

type loginForm struct {
	Index int
	config.WebLogin
	// Next is that of the page.
	Next string
	// Name is the user name of the last attempt with this form.
	Name string
}

func (v *visit) loginPage() error {
	view := loginView{Next: local(v.r.URL.Query().Get("next"))}
	if v.r.URL.Query().Has("ended") {
		view.Note = "Your session has ended, so nothing was changed. Log in, and enter it again."
	}
	if v.r.URL.Query().Has("out") {
		view.Note = "You are logged out."
	}
	return v.showLogin(http.StatusOK, view)
}

func (v *visit) showLogin(status int, view loginView) error {
	for i, l := range v.web.Logins {
		one := loginForm{Index: i, WebLogin: l, Next: view.Next}
		if l.Method != config.LoginOIDC && l.Method != config.LoginToken {
			one.Name = view.Name
		}
		view.Logins = append(view.Logins, one)
	}
	return v.show(status, "login", "Log in", view)
}

// logIn starts a session with a user name and a password, or with a token.
func (v *visit) logIn() error {
	f, err := v.form()
	if err != nil {
		return err
	}
	index, err := strconv.Atoi(f.Text("login"))
	if err != nil || index < 0 || index >= len(v.web.Logins) || v.web.Logins[index].Method == config.LoginOIDC {
		return form.ErrMalformed
	}
	with, name := v.web.Logins[index], f.Text("username")
	view := loginView{Next: local(f.Text("next")), Name: name}
	attempt := v.attempt(with, name)
	if wait, allowed := attempt.begin(); !allowed {
		v.log.Warn("login refused after too many attempts", "client", v.clientAddress(v.r), "method", with.Method)
		view.Problem = fmt.Sprintf("Too many attempts to log in. Try again in %s.", describeWait(wait))
		return v.showLogin(http.StatusTooManyRequests, view)
	}
	issued, err := v.credentials(with, name, f)
	if err == nil {
		if err = v.begin(issued, with); err == nil {
			attempt.end((*throttle.Throttle).Succeeded)
			v.redirect(view.Next)
			return nil
		}
	}
	if text := loginProblem(with, err); text != "" {
		attempt.end((*throttle.Throttle).Failed)
		v.log.Warn("login failed", "client", v.clientAddress(v.r), "method", with.Method, "mount", with.Mount, "status", statusOf(err))
		view.Problem = text
		return v.showLogin(http.StatusUnauthorized, view)
	}
	attempt.end((*throttle.Throttle).Undecided)
	return err
}

// attempt is one login for the throttle. Those with a token have no name.
type attempt struct {
	*throttle.Throttle
	client, mount, name string
	unnamed             bool
}

func (v *visit) attempt(with config.WebLogin, name string) attempt {
	return attempt{v.throttle, throttledClient(v.clientAddress(v.r)), with.Mount, name, with.Method == config.LoginToken}
}

func (a attempt) begin() (wait time.Duration, allowed bool) {
	if a.unnamed {
		return a.AllowClient(a.client)
	}
	return a.Begin(a.client, a.mount, a.name)
}

func (a attempt) end(how func(t *throttle.Throttle, client, method, name string)) {
	if !a.unnamed {
		how(a.Throttle, a.client, a.mount, a.name)
	}
}

// throttledClient is what counts as one client: an address, or a network of IPv6.
func throttledClient(address string) string { return endpoint.Client(net.JoinHostPort(address, "0")) }

// issued is the token of a login.
type issued struct {
	token string
	// own means that the page obtained it.
	own bool
}

// credentials gets a token for what was entered.
func (v *visit) credentials(with config.WebLogin, name string, f *form.Form) (issued, error) {
	password := f.Secret("password")
	var how vaultclient.Login
	switch with.Method {
	case config.LoginToken:
		token, err := conffile.CheckToken(password)
		if err != nil {
			return issued{}, secrets.ErrTokenRejected
		}
		return issued{token: token}, nil
	case config.LoginLDAP:
		how = &vaultclient.LDAP{Mount: with.Mount, Username: name, Password: password}
	default:
		how = &vaultclient.UserPass{Mount: with.Mount, Username: name, Password: password}
	}
	got, err := v.clients.LogIn(v.r.Context(), v.clientAddress(v.r), how)
	return issued{got.Token, true}, err
}

// begin starts a session with a token, and ends the one that the browser had. If it fails, it
// revokes a token that the page obtained.
func (v *visit) begin(got issued, with config.WebLogin) error {
	v.client = v.clients.WithToken(got.token, v.clientAddress(v.r))
	v.login = login{Token: got.token, Own: got.own, Method: with.Label}
	content, err := v.identify()
	if err != nil {
		v.revoke()
		v.login = login{}
		return err
	}
	former := &visit{Server: v.Server, w: v.w, r: v.r}
	if former.resume() {
		former.revoke()
		former.sessions.End(former.ticket)
	}
	who := v.login.Person
	expires := who.Expires
	if got.own && who.Renewable {
		expires = time.Time{} // the page renews it
	}
	owner := string(who.Owner)
	if owner == "" {
		owner = "without an entity"
	}
	v.ticket = v.sessions.Start(owner, content, expires)
	http.SetCookie(v.w, v.cookie(ticketCookie, v.ticket, v.web.Lifetime))
	v.log.Info("logged in", "person", owner, "method", with.Method, "client", v.clientAddress(v.r))
	return nil
}

// identify sets who the token belongs to, and returns the content of the session.
func (v *visit) identify() ([]byte, error) {
	var err error
	if v.login.Person, err = person.Identify(v.r.Context(), v.client); err != nil {
		return nil, err
	}
	v.renew(v.r.Context())
	if may := v.login.Person.MayWrite; may != nil {
		v.login.MayNotWrite, v.login.Person.MayWrite = may.Error(), nil
	}
	content, err := json.Marshal(v.login)
	if err != nil {
		return nil, fmt.Errorf("begin the session: %w", err)
	}
	return content, nil
}

// loginProblem is the sentence for a login that Vault rejected; empty for another error.
func loginProblem(with config.WebLogin, err error) string {
	_, invalid := errors.AsType[*problem.Error](err)
	switch rejected := errors.Is(err, kv.ErrLoginFailed) || errors.Is(err, secrets.ErrTokenRejected) || invalid; {
	case errors.Is(err, vaultclient.ErrBatchToken):
		return "This login gives batch tokens, which cannot be revoked. Ask the administrators of Vault to set token_type=service for it."
	case errors.Is(err, vaultclient.ErrMFA):
		return "This login requires multi-factor authentication by Vault, which this page does not support. Log in with the vault command, and enter the token here."
	case !rejected:
		return ""
	case with.Method == config.LoginToken:
		return "Vault rejected the token: it is invalid, expired or revoked."
	case with.Method == config.LoginOIDC:
		return "The login failed, or it was started in another browser. Start it again."
	}
	return "Vault rejected the user name or the password."
}

func (v *visit) logOut() error {
	v.revoke()
	v.end()
	v.log.Info("logged out", "person", string(v.login.Person.Owner))
	v.redirect("/login?out=1")
	return nil
}

// describeWait is a time for people: whole minutes, or seconds below one.
func describeWait(wait time.Duration) string {
	if wait > time.Minute {
		return fmt.Sprintf("%d minutes", int((wait+time.Minute-1)/time.Minute))
	}
	return fmt.Sprintf("%d seconds", int((wait+time.Second-1)/time.Second))
}

// statusOf is the HTTP status with which Vault refused a login; 0 for another error. The text
// of the error has the user name, which may be a mistyped password.
func statusOf(err error) int {
	if failed, is := errors.AsType[*kv.Error](err); is {
		return failed.Status
	}
	return 0
}
