// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vault_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
	"github.com/relay-secrets/terraform-provider-relay/internal/vault"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

func newClients(t *testing.T, cfg vault.Settings) *vault.Clients {
	t.Helper()
	c, err := vault.NewClients(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// person is the name of a new user of a test.
func person(t *testing.T) string { return vaulttest.Workflow(t) }

// call is Vault.Call with the root token, which must succeed.
func call(t *testing.T, v *vaulttest.Vault, method, path string, body any) map[string]any {
	t.Helper()
	status, answer := v.Call(t, v.RootToken, method, path, body)
	if status/100 != 2 {
		t.Fatalf("%s %s: %d: %v", method, path, status, answer)
	}
	return answer
}

func TestPersonLogsInAndOut(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	proxy := vaulttest.NewProxy(t, v.Address)
	var (
		mu   sync.Mutex
		sent []http.Header
	)
	proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
		mu.Lock()
		defer mu.Unlock()
		sent = append(sent, r.Header.Clone())
		return vaulttest.Action{}
	})
	clients := newClients(t, vault.Settings{Address: proxy.Address, Headers: map[string]string{"X-Forwarded-For": "192.0.2.1", "X-Gateway": "g"}})
	name := person(t)
	issued, err := clients.LogIn(t.Context(), "203.0.113.7", &vault.UserPass{Username: name, Password: v.User(t, name)})
	if err != nil || issued.Token == "" || issued.Batch || !issued.Renewable || issued.Lease <= 0 {
		t.Fatalf("%v: renewable %t, lease %s", err, issued.Renewable, issued.Lease)
	}
	c := clients.WithToken(issued.Token, "203.0.113.7")
	self, err := c.Self(t.Context())
	if err != nil || self.EntityID == "" || self.DisplayName != "userpass-"+name || !strings.Contains(fmt.Sprint(self.Policies), "writer") || !self.Renewable {
		t.Errorf("the token of the login: %+v, %v", self, err)
	}
	if lease, err := c.RenewSelf(t.Context(), time.Hour); err != nil || lease < 59*time.Minute || lease > time.Hour {
		t.Errorf("renewed to %s, %v", lease, err)
	}
	for i, header := range sent {
		if got := header.Values("X-Forwarded-For"); len(got) != 1 || got[0] != "203.0.113.7" || header.Get("X-Gateway") != "g" {
			t.Errorf("request %d: %v", i+1, header)
		}
	}
	if got := sent[0].Get("X-Vault-Token"); got != "" {
		t.Error("the login was sent with a token")
	}
	if err := c.Close(t.Context()); err != nil {
		t.Errorf("close: %v", err)
	}
	if _, err := c.Self(t.Context()); err != nil {
		t.Errorf("after Close: %v", err)
	}
	if err := c.RevokeSelf(t.Context()); err != nil {
		t.Errorf("revoke: %v", err)
	}
	if _, err := clients.WithToken(issued.Token, "").Self(t.Context()); !errors.Is(err, kv.ErrPermissionDenied) {
		t.Errorf("after RevokeSelf: %v", err)
	}
	if got := sent[len(sent)-1].Get("X-Forwarded-For"); got != "192.0.2.1" {
		t.Errorf("without an address of the person: %q", got)
	}
	if n := logins(proxy); n != 1 {
		t.Errorf("logged in %d times", n)
	}
}

const anyRule = `path "customers/metadata/other/*" { capabilities = ["list"] }`

func TestClientsOfPeopleAreIndependent(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	proxy := vaulttest.NewProxy(t, v.Address)
	ada, entity := v.Person(t, anyRule)
	bob, other := v.Person(t, anyRule)
	clients := newClients(t, vault.Settings{Address: proxy.Address, Concurrency: 1})
	blocked, release := make(chan struct{}), make(chan struct{})
	proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
		if r.Header.Get("X-Vault-Token") == ada {
			close(blocked)
			<-release
		}
		return vaulttest.Action{}
	})
	var work sync.WaitGroup
	work.Go(func() {
		if self, err := clients.WithToken(ada, "").Self(t.Context()); err != nil || self.EntityID != entity {
			t.Errorf("the first person is %+v, %v", self, err)
		}
	})
	<-blocked
	for range 3 {
		if self, err := clients.WithToken(bob, "").Self(t.Context()); err != nil || self.EntityID != other {
			t.Errorf("the second person is %+v, %v", self, err)
		}
	}
	close(release)
	work.Wait()
}

func TestRefusedLoginOfPerson(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	clients := newClients(t, vault.Settings{Address: v.Address})
	name, batch := person(t), person(t)+"-batch"
	v.User(t, name)
	password := v.User(t, batch)
	call(t, v, "POST", "auth/userpass/users/"+batch, map[string]any{"token_type": "batch", "token_ttl": "1h"})
	for _, row := range []struct {
		name  string
		login vault.Login
		want  error
	}{
		{"wrong password", &vault.UserPass{Username: name, Password: "hunter2"}, kv.ErrLoginFailed},
		{"unknown user", &vault.UserPass{Username: "unknown", Password: "hunter2"}, kv.ErrLoginFailed},
		{"no such mount", &vault.LDAP{Username: "ada", Password: "hunter2"}, kv.ErrLoginFailed},
		{"batch token", &vault.UserPass{Username: batch, Password: password}, vault.ErrBatchToken},
	} {
		issued, err := clients.LogIn(t.Context(), "", row.login)
		if !errors.Is(err, row.want) || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), password) || issued.Token != "" {
			t.Errorf("%s: %v", row.name, err)
		}
	}
	for _, username := range []string{"", "../x", "..", "a?b", "a%2fb"} {
		_, err := clients.LogIn(t.Context(), "", &vault.LDAP{Username: username, Password: "hunter2"})
		if _, is := errors.AsType[*problem.Error](err); !is || !strings.Contains(err.Error(), "ldap.username") {
			t.Errorf("user name %q: %v", username, err)
		}
	}
}

// LDAP asks for what userpass asks for, and a directory server is not at hand.
func TestLDAPLogin(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	mount := person(t)
	call(t, v, "POST", "sys/auth/"+mount, map[string]any{"type": "userpass"})
	call(t, v, "POST", "auth/"+mount+"/users/ada", map[string]any{"password": "correct horse"})
	issued, err := newClients(t, vault.Settings{Address: v.Address}).LogIn(t.Context(), "", &vault.LDAP{Mount: mount, Username: "ada", Password: "correct horse"})
	if err != nil || issued.Token == "" {
		t.Error(err)
	}
}

func TestLoginWithSecondStep(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	clients := newClients(t, vault.Settings{Address: v.Address})
	name := person(t)
	login := &vault.UserPass{Username: name, Password: v.User(t, name)}
	issued, err := clients.LogIn(t.Context(), "", login)
	if err != nil {
		t.Fatal(err)
	}
	self, err := clients.WithToken(issued.Token, "").Self(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	method := call(t, v, "POST", "identity/mfa/method/totp", map[string]any{"issuer": "test"})["data"].(map[string]any)["method_id"]
	call(t, v, "POST", "identity/mfa/login-enforcement/"+name, map[string]any{"mfa_method_ids": []any{method}, "identity_entity_ids": []string{self.EntityID}})
	if _, err := clients.LogIn(t.Context(), "", login); !errors.Is(err, vault.ErrMFA) || !strings.Contains(err.Error(), "Hint: log in with the vault command, and use the token") {
		t.Error(err)
	}
	if _, err := clients.WithToken(issued.Token, "").Self(t.Context()); err != nil { // the token of a login elsewhere
		t.Error(err)
	}
}

func TestSettingsOfClientsHaveNoCredential(t *testing.T) {
	t.Parallel()
	for _, cfg := range []vault.Settings{
		{Token: "hunter2"}, {TokenFile: "/hunter2"}, {Login: &vault.AppRole{RoleID: "hunter2"}},
	} {
		cfg.Address = "https://vault:8200"
		if _, err := vault.NewClients(cfg); err == nil || !strings.Contains(err.Error(), "token must not be set") || strings.Contains(err.Error(), "hunter2") {
			t.Error(err)
		}
	}
	if _, err := vault.NewClients(vault.Settings{Address: "http://vault:8200"}); err == nil || !strings.Contains(err.Error(), "allow_http") {
		t.Errorf("an address without TLS: %v", err)
	}
}

func TestIssuedTokenIsNotPrinted(t *testing.T) {
	t.Parallel()
	issued := vault.Issued{Token: "hunter2"}
	var log, text bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("issued", "token", issued, "pointer", &issued)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("issued", "token", issued, "pointer", &issued)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&text, verb, issued)
		fmt.Fprintf(&text, verb, &issued)
		fmt.Fprintf(&text, verb, []any{issued, struct{ Issued vault.Issued }{issued}})
	}
	encoded, err := json.Marshal(map[string]any{"a": issued, "b": &issued})
	if err != nil {
		t.Fatal(err)
	}
	all := log.String() + text.String() + string(encoded) + fmt.Errorf("failed: %w, %v", errors.New("x"), issued).Error() + issued.String()
	if strings.Contains(all, "hunter2") || strings.Contains(all, "68756e74657232") || strings.Count(all, "(sensitive)") < 20 {
		t.Error(all)
	}
	if err := gob.NewEncoder(&text).Encode(issued); err == nil {
		t.Error("gob encodes it")
	}
}

func TestACLOfPerson(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	clients := newClients(t, vault.Settings{Address: v.Address})
	token, _ := v.Person(t, `
path "customers/metadata/workflows/deploy/*" { capabilities = ["read", "list"] }
path "customers/data/workflows/deploy/token" { capabilities = ["deny", "create"] }
path "customers/metadata/workflows/+/token" { capabilities = ["read"] }`)
	acl, err := clients.WithToken(token, "").ResultantACL(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(acl.Root, acl.Glob["customers/metadata/workflows/deploy/"], acl.Exact["customers/data/workflows/deploy/token"]); got != "false [list read] [deny]" {
		t.Error(got)
	}
	if len(acl.Exact["auth/token/lookup-self"]) == 0 {
		t.Errorf("no rule of the policy default: %v", acl)
	}
	if acl, err := clients.WithToken(v.RootToken, "").ResultantACL(t.Context()); err != nil || !acl.Root {
		t.Errorf("root: %+v, %v", acl, err)
	}
	if _, err := clients.WithToken("unknown", "").ResultantACL(t.Context()); !errors.Is(err, kv.ErrPermissionDenied) {
		t.Errorf("an unknown token: %v", err)
	}
}
