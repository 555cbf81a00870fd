// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/browsertest"
	"github.com/relay-secrets/terraform-provider-relay/internal/ldaptest"
	"github.com/relay-secrets/terraform-provider-relay/internal/oidctest"
	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
)

// TestLoginWithPasswordAndLogout: a wrong password leads to the form again, and the right one
// to the page that was asked for. A logout revokes the token, and no page of the session
// shows any more.
func TestLoginWithPasswordAndLogout(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	tab := browsertest.New(t)
	name, password := w.PersonLogin(t, w.rules(t, policy.Operator, nil))
	display := "userpass-" + name
	w.page(tab, "")
	tab.Fill("User name", name)
	tab.Fill("Password", "wrong")
	tab.Follow("button", "Log in with User name and password")
	wantText(t, tab, "Vault rejected the user name or the password.")
	if tab.Status() != 401 || strings.Contains(tab.HTML(), "wrong") {
		t.Errorf("after a wrong password: %d\n%s", tab.Status(), tab.HTML())
	}
	tab.AssertAccessible()

	tab.Fill("Password", password) // the user name is kept
	tab.Follow("button", "Log in with User name and password")
	wantText(t, tab, w.workflow, "This workflow has no secrets yet.", name)
	w.wantTokens(t, display, 1)

	tab.Follow("button", "Log out")
	if !tab.Has("heading", "Log in") {
		t.Errorf("after the logout:\n%s", tab.Text())
	}
	w.wantTokens(t, display, 0)
	tab.Back()
	tab.Await("You log in to Vault.") // also if the browser has kept the page
	if text := tab.Text(); strings.Contains(text, w.workflow) || strings.Contains(text, name) {
		t.Errorf("the back button after a logout shows:\n%s", text)
	}
	if tab.Has("button", "Log out") {
		t.Error("the back button after a logout shows a page of the session")
	}
	tab.Follow("link", "Workflow secrets")
	if !tab.Has("heading", "Log in") {
		t.Errorf("after the logout and the back button:\n%s", tab.Text())
	}
}

func TestLoginWithOIDC(t *testing.T) {
	t.Parallel()
	mount := vaulttest.Workflow(t)
	w := newWorld(t, func(c *config.Web) {
		c.Logins = []config.WebLogin{{Method: config.LoginOIDC, Mount: mount, Label: "Company account"}}
	})
	ada := oidctest.Person{Email: "ada@example.com", Password: vaulttest.Canary(t)}
	client := oidctest.Start(t, w.url+config.OIDCCallback, ada)
	w.OIDC(t, mount, client, w.rules(t, policy.Operator, nil))

	tab := browsertest.New(t)
	w.page(tab, "")
	tab.AssertAccessible()
	tab.Follow("link", "Continue with Company account")
	if !strings.HasPrefix(tab.URL(), client.Issuer) {
		t.Fatalf("the login of the provider is at %s", tab.URL())
	}
	ada.LogIn(tab)
	wantText(t, tab, w.workflow, "ada@example.com")
	if tab.URL() != w.url+"/workflows/"+w.workflow {
		t.Errorf("after the login: %s", tab.URL())
	}
	tab.Follow("link", "Add secret")
	tab.Fill("Name", "token")
	tab.Fill("Value", "one")
	tab.Follow("button", "Add secret")
	w.wantRead(t, "token", "one")
	wantText(t, tab, "Added token.", "ada@example.com")
	tab.Follow("button", "Log out")
	w.wantTokens(t, mount+"-ada@example.com", 0)
}

func TestLoginWithLDAP(t *testing.T) {
	t.Parallel()
	mount, password := vaulttest.Workflow(t), vaulttest.Canary(t)
	w := newWorld(t, func(c *config.Web) {
		c.Logins = []config.WebLogin{{Method: config.LoginLDAP, Mount: mount, Label: "Directory"}, {Method: config.LoginToken, Mount: "token", Label: "Vault token"}}
	})
	w.LDAP(t, mount, ldaptest.Start(t, map[string]string{"ada": password}), ldaptest.Base, w.rules(t, policy.Operator, nil))
	tab := browsertest.New(t)
	w.page(tab, "")
	tab.Fill("User name", "ada")
	tab.Fill("Password", password)
	tab.Follow("button", "Log in with Directory")
	wantText(t, tab, w.workflow, "Add secret", "ada")
	tab.Follow("button", "Log out")
	w.wantTokens(t, mount+"-ada", 0)
}

// TestLoginWithTokenKeepsItAfterLogout: the page revokes only tokens that it obtained. A
// token without a person can look, and not write.
func TestLoginWithTokenKeepsItAfterLogout(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.Write(t, w.workflow, "old", "one")
	token := w.Token(t, w.rules(t, policy.Operator, nil))
	tab := browsertest.New(t)
	w.page(tab, "")
	tab.Fill("Vault token", token+"x")
	tab.Follow("button", "Log in with Vault token")
	wantText(t, tab, "Vault rejected the token: it is invalid, expired or revoked.")
	tab.Fill("Vault token", token)
	tab.Follow("button", "Log in with Vault token")
	wantText(t, tab, "old", "With this login you can only look.")
	for _, action := range []string{"Add secret", "Replace old", "Delete old"} {
		if tab.Has("link", action) {
			t.Errorf("without a person the page has %q", action)
		}
	}
	if strings.Contains(tab.HTML(), token) {
		t.Error("the page contains the token")
	}
	tab.Follow("button", "Log out")
	if status, _ := w.Call(t, token, "GET", "auth/token/lookup-self", nil); status != 200 {
		t.Errorf("the token of the person after the logout: %d", status)
	}
}

// TestIdleSessionEndsAndItsTokenToo: what was entered in a page that is older is not written.
func TestIdleSessionEndsAndItsTokenToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *config.Web) { c.Idle = 2 * time.Second })
	tab := browsertest.New(t)
	name, password := w.PersonLogin(t, w.rules(t, policy.Operator, nil))
	w.page(tab, "/add")
	tab.Fill("User name", name)
	tab.Fill("Password", password)
	tab.Follow("button", "Log in with User name and password")
	tab.Fill("Name", "late")
	tab.Fill("Value", "one")
	w.wantTokens(t, "userpass-"+name, 0) // it expires without a request
	tab.Follow("button", "Add secret")
	wantText(t, tab, "Your session has ended, so nothing was changed.")
	tab.AssertAccessible()
	w.wantNone(t, "late")
}
