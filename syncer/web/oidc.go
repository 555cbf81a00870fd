// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/web/form"
)

const (
	oidcCookie = "relay-oidc"
	// oidcTime limits the time at the provider.
	oidcTime = 10 * time.Minute
)

// oidcStart sends the browser to the OpenID provider. It is a link and not a form: browsers
// apply the form-action of the page to the redirects after a form.
func (v *visit) oidcStart() error {
	index := v.r.URL.Query().Get("login")
	with, err := v.oidcLogin(index)
	if err != nil {
		return err
	}
	if !v.mayAsk() {
		return v.tooMany()
	}
	nonce := rand.Text()
	to, err := v.clients.OIDCAuthURL(v.r.Context(), v.clientAddress(v.r), with.Mount, with.Role, v.web.RedirectURI(v.r.Host), nonce)
	if err != nil {
		return err
	}
	next := base64.RawURLEncoding.EncodeToString([]byte(local(v.r.URL.Query().Get("next"))))
	http.SetCookie(v.w, v.cookie(oidcCookie, strings.Join([]string{index, nonce, next}, "."), oidcTime))
	v.redirect(to)
	return nil
}

// oidcLogin is the login of an index in a request, which must be one by OpenID.
func (v *visit) oidcLogin(text string) (config.WebLogin, error) {
	index, err := strconv.Atoi(text)
	if err != nil || index < 0 || index >= len(v.web.Logins) || v.web.Logins[index].Method != config.LoginOIDC {
		return config.WebLogin{}, form.ErrMalformed
	}
	return v.web.Logins[index], nil
}

// mayAsk reports whether the client may let the page send Vault one more request of a login.
func (v *visit) mayAsk() bool {
	_, allowed := v.throttle.AllowClient(throttledClient(v.clientAddress(v.r)))
	return allowed
}

func (v *visit) tooMany() error {
	return v.showLogin(http.StatusTooManyRequests, loginView{Problem: "Too many attempts to log in. Try again in some seconds.", Next: "/"})
}

// oidcCallback ends a login at the provider. Vault accepts only the callback of the login
// that this browser began: the cookie has the nonce of that.
func (v *visit) oidcCallback() error {
	cookie, err := v.r.Cookie(v.cookieName(oidcCookie))
	v.dropCookie(v.w, oidcCookie)
	var parts []string
	if err == nil {
		parts = strings.Split(cookie.Value, ".")
	}
	query := v.r.URL.Query()
	if len(parts) != 3 || query.Get("state") == "" || query.Get("code") == "" {
		text := "The login was not started in this browser, or too long ago. Start it again."
		if query.Has("error") {
			text = "The provider refused the login. Start it again, or ask who runs the provider."
		}
		return v.showLogin(http.StatusBadRequest, loginView{Problem: text, Next: "/"})
	}
	with, err := v.oidcLogin(parts[0])
	if err != nil {
		return err
	}
	if !v.mayAsk() {
		return v.tooMany()
	}
	next, _ := base64.RawURLEncoding.DecodeString(parts[2]) // local accepts anything
	got, err := v.clients.OIDCCallback(v.r.Context(), v.clientAddress(v.r), with.Mount, query.Get("state"), query.Get("code"), parts[1])
	if err == nil {
		if err = v.begin(issued{got.Token, true}, with); err == nil {
			v.redirect(local(string(next)))
			return nil
		}
	}
	if text := loginProblem(with, err); text != "" {
		v.log.Warn("login failed", "client", v.clientAddress(v.r), "method", with.Method, "mount", with.Mount, "status", statusOf(err))
		return v.showLogin(http.StatusUnauthorized, loginView{Problem: text, Next: local(string(next))})
	}
	return err
}
