// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package vault_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
	"github.com/relay-secrets/terraform-provider-relay/internal/vault"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

func approle(t *testing.T, v *vaulttest.Vault, name string, ttl string) *vault.AppRole {
	t.Helper()
	roleID, secretID := v.AppRole(t, name, ttl)
	return &vault.AppRole{RoleID: roleID, SecretID: secretID}
}

func credentialFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "credential")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func logins(p *vaulttest.Proxy) int {
	n := 0
	for _, r := range p.Requests() {
		if strings.HasPrefix(r.Path, "/v1/auth/") && strings.Contains(r.Path, "/login") {
			n++
		}
	}
	return n
}

// TestLoginMethods does so on the dev Vault. Kubernetes logs in at a jwt
// mount, which asks for the same fields; Vault's kubernetes method itself would
// need a cluster to ask back.
func TestLoginMethods(t *testing.T) {
	t.Parallel()
	v := vaulttest.StartOwn(t)
	password := v.User(t, "ada")
	role := approle(t, v, "every", "1h")
	token := v.JWT(t, "relay")
	for _, row := range []struct {
		name string
		cfg  vault.Settings
	}{
		{"token", vault.Settings{Token: v.Writer(t)}},
		{"token file", vault.Settings{TokenFile: credentialFile(t, v.Writer(t)+"\n")}},
		{"approle", vault.Settings{Login: role}},
		{"approle with a file", vault.Settings{Login: &vault.AppRole{RoleID: role.RoleID, SecretIDFile: credentialFile(t, role.SecretID)}}},
		{"userpass", vault.Settings{Login: &vault.UserPass{Username: "ada", Password: password}}},
		{"jwt", vault.Settings{Login: &vault.JWT{Role: "relay", Token: token}}},
		{"jwt with a file", vault.Settings{Login: &vault.JWT{Role: "relay", TokenFile: credentialFile(t, token)}}},
		{"kubernetes, at a jwt mount", vault.Settings{Login: &vault.Kubernetes{Mount: "auth/jwt", Role: "relay", TokenFile: credentialFile(t, token)}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			proxy := vaulttest.NewProxy(t, v.Address)
			row.cfg.Address = proxy.Address
			c, err := vault.New(row.cfg)
			if err != nil {
				t.Fatal(err)
			}
			if n := len(proxy.Requests()); n != 0 {
				t.Errorf("connecting alone sent %d requests", n)
			}
			e := kv.Entry{Mount: "customers", Path: "workflows/" + vaulttest.Workflow(t) + "/token"}
			if _, err := c.WriteData(context.Background(), e, "x", 0); err != nil {
				t.Fatal(err)
			}
			if err := c.Close(context.Background()); err != nil {
				t.Errorf("closing: %v", err)
			}
			want := 0
			if row.cfg.Login != nil {
				want = 1
			}
			if got := logins(proxy); got != want {
				t.Errorf("logged in %d times, want %d", got, want)
			}
		})
	}
}

func TestClientCertificateLogin(t *testing.T) {
	t.Parallel()
	v, files := vaulttest.StartTLS(t)
	v.CertificateRole(t, "machines", "deployer", files.CA)
	for _, login := range []*vault.Cert{{Mount: "machines"}, {Mount: "machines", Name: "deployer"}} {
		c, err := vault.New(vault.Settings{
			Address: v.Address, CACert: files.CA, ClientCert: files.Client, ClientKey: files.ClientKey, Login: login,
		})
		if err != nil {
			t.Fatal(err)
		}
		e := kv.Entry{Mount: "customers", Path: "workflows/" + vaulttest.Workflow(t) + "/token"}
		if _, err := c.WriteData(context.Background(), e, "x", 0); err != nil {
			t.Errorf("role %q: %v", login.Name, err)
		}
		if err := c.Close(context.Background()); err != nil {
			t.Errorf("closing: %v", err)
		}
	}
	c, err := vault.New(vault.Settings{
		Address: v.Address, CACert: files.CA, ClientCert: files.Client, ClientKey: files.ClientKey,
		Login: &vault.Cert{Mount: "machines", Name: "unknown"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Capabilities(context.Background(), "", "x"); !errors.Is(err, kv.ErrLoginFailed) {
		t.Errorf("an unknown role: %v", err)
	}
}

func TestRequestsShareOneLogin(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	proxy := vaulttest.NewProxy(t, v.Address)
	c, err := vault.New(vault.Settings{Address: proxy.Address, Login: approle(t, v, "shared", "1h")})
	if err != nil {
		t.Fatal(err)
	}
	workflow := vaulttest.Workflow(t)
	var work sync.WaitGroup
	for i := range 20 {
		work.Go(func() {
			e := kv.Entry{Mount: "customers", Path: "workflows/" + workflow + "/" + string(rune('a'+i))}
			if _, err := c.WriteData(context.Background(), e, "x", 0); err != nil {
				t.Error(err)
			}
		})
	}
	work.Wait()
	if n := logins(proxy); n != 1 {
		t.Errorf("20 writes logged in %d times", n)
	}
	proxy.Reset()
	if err := c.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if r := proxy.Requests(); len(r) != 1 || !strings.HasSuffix(r[0].Path, "auth/token/revoke-self") || r[0].Status != 204 {
		t.Errorf("closing sent %+v", r)
	}
}

func TestTokenFileIsReplacedWhileItsTokenIsValid(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	ctx := context.Background()
	file := credentialFile(t, v.Token(t, `path "customers/metadata/other/*" { capabilities = ["list"] }`))
	c, err := vault.New(vault.Settings{Address: v.Address, TokenFile: file})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.List(ctx, kv.Entry{Mount: "customers", Path: "workflows/some"}); !errors.Is(err, kv.ErrPermissionDenied) {
		t.Fatal(err)
	}
	for _, token := range []string{"", v.Writer(t)} { // empty while it is being written
		if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := c.List(ctx, kv.Entry{Mount: "customers", Path: "workflows/some"})
		if want := map[bool]error{true: kv.ErrPermissionDenied, false: kv.ErrNotFound}[token == ""]; !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
}

// revokeLogins revokes the tokens of a role's logins by AppRole.
func revokeLogins(t *testing.T, v *vaulttest.Vault, role string) {
	t.Helper()
	var accessors []string
	_, list := v.Call(t, v.RootToken, "LIST", "auth/token/accessors", nil)
	for _, key := range list["data"].(map[string]any)["keys"].([]any) {
		accessors = append(accessors, key.(string))
	}
	for _, accessor := range accessors {
		_, about := v.Call(t, v.RootToken, "POST", "auth/token/lookup-accessor", map[string]any{"accessor": accessor})
		if data, ok := about["data"].(map[string]any); ok && data["path"] == "auth/approle/login" {
			if meta, _ := data["meta"].(map[string]any); meta["role_name"] == role {
				v.Call(t, v.RootToken, "POST", "auth/token/revoke-accessor", map[string]any{"accessor": accessor})
			}
		}
	}
}

func TestInvalidTokenIsReplaced(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	ctx := context.Background()
	e := kv.Entry{Mount: "customers", Path: "workflows/" + vaulttest.Workflow(t) + "/token"}

	t.Run("the token of a login is revoked", func(t *testing.T) {
		t.Parallel()
		proxy := vaulttest.NewProxy(t, v.Address)
		c, err := vault.New(vault.Settings{Address: proxy.Address, Login: approle(t, v, "revoked", "1h")})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Capabilities(ctx, "", e.Path); err != nil {
			t.Fatal(err)
		}
		revokeLogins(t, v, "revoked")
		if _, err := c.WriteData(ctx, e, "x", 0); err != nil {
			t.Errorf("the write after it: %v", err)
		}
		if n := logins(proxy); n != 2 {
			t.Errorf("logged in %d times, want twice", n)
		}
	})
	// Some file systems have coarse times: then only the denial is a reason to read again.
	for name, sameTime := range map[string]bool{"a token file gets a new token": false, "a token file gets a new token within a tick": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := v.Writer(t)
			file := credentialFile(t, first)
			c, err := vault.New(vault.Settings{Address: v.Address, TokenFile: file})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.List(ctx, kv.Entry{Mount: "customers", Path: "workflows/some"}); !errors.Is(err, kv.ErrNotFound) {
				t.Fatal(err)
			}
			info, err := os.Stat(file)
			if err != nil {
				t.Fatal(err)
			}
			v.Call(t, first, "POST", "auth/token/revoke-self", map[string]any{})
			if err := os.WriteFile(file, []byte(v.Writer(t)), 0o600); err != nil {
				t.Fatal(err)
			}
			if sameTime {
				if err := os.Chtimes(file, time.Time{}, info.ModTime()); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := c.List(ctx, kv.Entry{Mount: "customers", Path: "workflows/some"}); !errors.Is(err, kv.ErrNotFound) {
				t.Errorf("after the file changed: %v", err)
			}
		})
	}
	t.Run("a denial by a policy does not replace the token", func(t *testing.T) {
		t.Parallel()
		proxy := vaulttest.NewProxy(t, v.Address)
		c, err := vault.New(vault.Settings{Address: proxy.Address, Login: approle(t, v, "denied", "1h")})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.List(ctx, kv.Entry{Mount: "customers", Path: "connections"})
		if !errors.Is(err, kv.ErrPermissionDenied) || logins(proxy) != 1 {
			t.Errorf("%d logins, %v", logins(proxy), err)
		}
	})
}

// TestReplacementOfAnInvalidTokenIsReplaced: with short leases and a slow Vault, it has ended as well.
func TestReplacementOfAnInvalidTokenIsReplaced(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	proxy := vaulttest.NewProxy(t, v.Address)
	c, err := vault.New(vault.Settings{Address: proxy.Address, Login: approle(t, v, "revoked-twice", "1h")})
	if err != nil {
		t.Fatal(err)
	}
	var writes atomic.Int32
	proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
		if strings.Contains(r.URL.Path, "/data/") && writes.Add(1) <= 2 {
			revokeLogins(t, v, "revoked-twice")
		}
		return vaulttest.Action{}
	})
	own := kv.Entry{Mount: "customers", Path: "workflows/" + vaulttest.Workflow(t) + "/token"}
	if written, err := c.WriteData(t.Context(), own, "x", 0); err != nil || written.Version != 1 {
		t.Errorf("the write: %+v, %v", written, err)
	}
	if n := logins(proxy); n != 3 {
		t.Errorf("logged in %d times, want three times", n)
	}
}

func TestFailedLogin(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	for _, row := range []struct {
		name  string
		login vault.Login
		want  error
	}{
		{"unknown role", &vault.AppRole{RoleID: "hunter2", SecretID: "hunter2"}, kv.ErrLoginFailed},
		{"wrong password", &vault.UserPass{Username: "unknown", Password: "hunter2"}, kv.ErrLoginFailed},
		{"no such mount", &vault.Kubernetes{Mount: "nowhere", Role: "x", TokenFile: credentialFile(t, "hunter2")}, kv.ErrLoginFailed},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, err := vault.New(vault.Settings{Address: v.Address, Login: row.login})
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Capabilities(context.Background(), "", "x")
			if !errors.Is(err, row.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got %v, want %v", err, row.want)
			}
		})
	}
}

func TestRejectedCredentialsAreSentOnce(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	proxy := vaulttest.NewProxy(t, v.Address)
	roleID, secretID := v.AppRole(t, "tried-once", "1h")
	file := credentialFile(t, "hunter2")
	c, err := vault.New(vault.Settings{Address: proxy.Address, Login: &vault.AppRole{RoleID: roleID, SecretIDFile: file}})
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	for range 20 {
		work.Go(func() {
			if _, err := c.Capabilities(context.Background(), "", "x"); !errors.Is(err, kv.ErrLoginFailed) {
				t.Errorf("with a wrong secret id: %v", err)
			}
		})
	}
	work.Wait()
	if n := logins(proxy); n != 1 {
		t.Errorf("20 requests tried the same wrong secret id %d times", n)
	}
	if err := os.WriteFile(file, []byte(secretID), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Capabilities(context.Background(), "", "x"); err != nil {
		t.Errorf("with another secret id: %v", err)
	}
}
