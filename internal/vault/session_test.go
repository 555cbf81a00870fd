// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vault

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// TestTokenIsRenewedBeforeItExpires moves the session's own times instead of waiting.
func TestTokenIsRenewedBeforeItExpires(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	proxy := vaulttest.NewProxy(t, v.Address)
	roleID, secretID := v.AppRole(t, "renewed", "1h")
	c, err := New(Settings{Address: proxy.Address, Login: &AppRole{RoleID: roleID, SecretID: secretID}})
	if err != nil {
		t.Fatal(err)
	}
	asked := func() string {
		t.Helper()
		proxy.Reset()
		if _, err := c.Capabilities(context.Background(), "", "x"); err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, r := range proxy.Requests() {
			out = append(out, r.Path[strings.LastIndex(r.Path, "/")+1:])
		}
		return strings.Join(out, " ")
	}
	if got := asked(); got != "login capabilities-self" {
		t.Errorf("first: %s", got)
	}
	first := c.currentToken()
	if left := time.Until(c.session.renewAt); left < 39*time.Minute || left > 40*time.Minute {
		t.Errorf("a token of one hour is due for renewal in %s", left)
	}
	if got := asked(); got != "capabilities-self" {
		t.Errorf("right after it: %s", got)
	}
	c.session.renewAt = time.Now().Add(-time.Second)
	if got := asked(); got != "renew-self capabilities-self" || c.currentToken() != first || time.Until(c.session.renewAt) < time.Minute {
		t.Errorf("when it is due: %s", got)
	}
	v.Call(t, first, "POST", "auth/token/revoke-self", map[string]any{})
	c.session.renewAt = time.Now().Add(-time.Second)
	if got := asked(); got != "renew-self login capabilities-self" || c.currentToken() == first {
		t.Errorf("when it cannot be renewed: %s", got)
	}
	second := c.currentToken()
	c.session.expiresAt = time.Now().Add(-time.Second)
	if got := asked(); got != "login capabilities-self" || c.currentToken() == second {
		t.Errorf("when it has ended: %s", got)
	}
	c.session.expiresAt = time.Now().Add(-time.Second)
	proxy.Reset()
	if err := c.Close(context.Background()); err != nil || len(proxy.Requests()) != 0 {
		t.Errorf("closing when it has ended: %v, %d requests", err, len(proxy.Requests()))
	}
}

// TestDeniedRequestLogsInAgainAtABoundedRate gives a role more rights: a token has the
// policies of its login.
func TestDeniedRequestLogsInAgainAtABoundedRate(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	proxy := vaulttest.NewProxy(t, v.Address)
	roleID, secretID := v.AppRole(t, "promoted", "1h")
	role := map[string]any{"token_policies": "default"}
	v.Call(t, v.RootToken, "POST", "auth/approle/role/promoted", role)
	c, err := New(Settings{Address: proxy.Address, Login: &AppRole{RoleID: roleID, SecretID: secretID}})
	if err != nil {
		t.Fatal(err)
	}
	sent := func(want error) string {
		t.Helper()
		proxy.Reset()
		if _, err := c.List(context.Background(), kv.Entry{Mount: "customers", Path: "workflows/some"}); !errors.Is(err, want) {
			t.Fatalf("got %v, want %v", err, want)
		}
		var out []string
		for _, r := range proxy.Requests() {
			out = append(out, r.Path[strings.LastIndex(r.Path, "/")+1:])
		}
		return strings.Join(out, " ")
	}
	if got := sent(kv.ErrPermissionDenied); got != "login some lookup-self" {
		t.Errorf("right after the login: %s", got)
	}
	first := c.currentToken()
	role["token_policies"] = "writer"
	v.Call(t, v.RootToken, "POST", "auth/approle/role/promoted", role)
	if got := sent(kv.ErrPermissionDenied); got != "some lookup-self" {
		t.Errorf("within the interval: %s", got)
	}
	c.session.triedAt = time.Now().Add(-deniedInterval)
	if got := sent(kv.ErrNotFound); got != "some lookup-self login revoke-self some" {
		t.Errorf("after the interval: %s", got)
	}
	if status, _ := v.Call(t, first, "GET", "auth/token/lookup-self", nil); status != 403 {
		t.Errorf("the former token still exists: %d", status)
	}
}
