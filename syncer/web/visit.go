// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/person"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
	"github.com/relay-secrets/terraform-provider-relay/syncer/manual"
	"github.com/relay-secrets/terraform-provider-relay/syncer/web/userapi"
)

// visit is one request, of a person who is logged in unless the page is for everybody.
type visit struct {
	*Server
	w      http.ResponseWriter
	r      *http.Request
	ticket string
	// session is the id of the session, which opens nothing.
	session string
	login   login
	// ends is when the session ends at the latest.
	ends time.Time
	// client has the person's token.
	client *vaultclient.Client
}

// login is the content of a session.
type login struct {
	Token string `json:"token"`
	// Own means that the page obtained the token, and revokes it.
	Own    bool            `json:"own"`
	Method string          `json:"method"`
	Person person.Identity `json:"person"`
	// MayNotWrite is the text of Person.MayWrite, which JSON does not contain.
	MayNotWrite string `json:"may_not_write,omitempty"`
}

// cookieName is that of the cookie with the ticket. With the prefix, browsers send it only to
// this host name, by TLS, and accept it from no other (RFC 6265bis, 4.1.3.2). They refuse
// the prefix without TLS.
func (s *Server) cookieName(name string) string {
	if s.web.Secure() {
		return "__Host-" + name
	}
	return name
}

const (
	ticketCookie = "relay-session"
	// revokeTimeout limits a request to Vault that no person waits for.
	revokeTimeout = 5 * time.Second
)

// cookie is a cookie that scripts cannot read. It is sent on links from elsewhere, such as
// from the OpenID provider, but not with their forms.
func (s *Server) cookie(name, value string, age time.Duration) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // Secure wherever the page is reached by TLS
		Name: s.cookieName(name), Value: value, Path: "/", MaxAge: int(age.Seconds()),
		HttpOnly: true, Secure: s.web.Secure(), SameSite: http.SameSiteLaxMode,
	}
}

func (s *Server) dropCookie(w http.ResponseWriter, name string) {
	http.SetCookie(w, s.cookie(name, "", -time.Second))
}

// anonymous serves a page for everybody.
func (s *Server) anonymous(page func(*visit) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := &visit{Server: s, w: w, r: r}
		if err := page(v); err != nil {
			v.fail(err)
		}
	}
}

// session serves a page for a person who is logged in. Others get the page to log in.
func (s *Server) session(page func(*visit) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := &visit{Server: s, w: w, r: r}
		if !v.resume() {
			v.askToLogIn()
			return
		}
		if err := page(v); err != nil {
			v.fail(err)
		}
	}
}

// resume opens the session of the request's cookie.
func (v *visit) resume() bool {
	cookie, err := v.r.Cookie(v.cookieName(ticketCookie))
	if err != nil {
		return false
	}
	content, info, found := v.sessions.Open(cookie.Value)
	if !found || json.Unmarshal(content, &v.login) != nil {
		return false
	}
	v.ticket, v.session, v.ends = cookie.Value, info.ID, info.Ends
	v.login.Person.MayWrite = mayWrite(v.login.MayNotWrite)
	v.client = v.clients.WithToken(v.login.Token, v.clientAddress(v.r))
	if info.Expired {
		v.revoke()
		return false
	}
	if info.Renew {
		v.renew(v.r.Context())
	}
	return true
}

// mayWrite is the error of a text in a session; nil for none.
func mayWrite(text string) error {
	for _, known := range []error{person.ErrNoEntity, person.ErrBatchToken} {
		if text == known.Error() {
			return known
		}
	}
	if text != "" {
		return errors.New(text)
	}
	return nil
}

// renew lets the token expire in Vault soon after an idle session: the page cannot open the
// session then, to revoke it. A token of the person keeps its lifetime.
func (v *visit) renew(ctx context.Context) {
	if !v.login.Own || !v.login.Person.Renewable {
		return
	}
	if _, err := v.client.RenewSelf(ctx, tokenLifetime(v.web.Idle)); err != nil {
		v.log.Warn("renew the token of a session", "err", err)
	}
}

// tokenLifetime is longer than the idle time, because the page renews after a quarter of
// it.
func tokenLifetime(idle time.Duration) time.Duration {
	return max(idle+idle/4, idle+10*time.Second)
}

// revoke revokes the token if the page obtained it.
func (v *visit) revoke() {
	if !v.login.Own {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(v.r.Context()), revokeTimeout)
	defer cancel()
	if err := v.client.RevokeSelf(ctx); err != nil {
		v.log.Warn("revoke the token of a session that has ended", "err", err)
	}
}

// end ends the session.
func (v *visit) end() {
	v.sessions.End(v.ticket)
	v.dropCookie(v.w, ticketCookie)
}

// askToLogIn sends the person to the login, and back to the page afterwards.
func (v *visit) askToLogIn() {
	target := "/login"
	if v.r.Method == http.MethodGet && v.r.URL.Path != "/" {
		target += "?" + url.Values{"next": {v.r.URL.RequestURI()}}.Encode()
	} else if v.r.Method != http.MethodGet {
		target += "?ended=1"
	}
	v.redirect(target)
}

// redirect lets the browser load another page by GET.
func (v *visit) redirect(to string) { http.Redirect(v.w, v.r, to, http.StatusSeeOther) }

// maxNext is longer than the path of every page, and fits into a cookie.
const maxNext = 2000

// local is the path of this page in a link from a request, or "/" for a link to elsewhere.
func local(next string) string {
	u, err := url.Parse(next)
	if err != nil || len(next) > maxNext || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\t\r\n") || u.Host != "" || u.Scheme != "" {
		return "/"
	}
	return next
}

// viewer lists and describes with the person's token.
func (v *visit) viewer() (*manual.Viewer, error) { return manual.NewViewer(v.client, v.settings) }

// writer writes as the person, or as a team of the person. The form of the request was read.
func (v *visit) writer(team, reason string) (*manual.Session, error) {
	userapi.ExtendDeadlines(v.w, v.settings.Settle)
	settings := v.settings
	settings.Team, settings.Reason = team, reason
	return manual.NewSession(v.r.Context(), v.client, v.login.Person, settings)
}

// workflowName is the workflow in the path. The error wraps secrets.ErrInvalid.
func (v *visit) workflowName() (string, error) {
	name := v.r.PathValue("workflow")
	return name, secrets.CheckName("workflow", name)
}
