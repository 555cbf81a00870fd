// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// configureAuth replaces the configuration: the header with more arguments of the
// provider, and these blocks.
func (s *fixture) configureAuth(t *testing.T, arguments string, blocks ...string) {
	t.Helper()
	s.Setenv("VAULT_TOKEN", "")
	s.Write(t, strings.Replace(header, "  owner  =", arguments+"\n  owner  =", 1)+strings.Join(blocks, ""))
}

// credential returns a file that contains a credential.
func credential(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "credential")
	if err := os.WriteFile(file, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// traffic counts the token requests of a provider.
type traffic struct {
	mu sync.Mutex
	// used are the tokens of requests; revoked are the revoked tokens.
	used, revoked map[string]bool
	logins        int
}

// watch starts to count at a proxy.
func watch(proxy *vaulttest.Proxy) *traffic {
	w := &traffic{used: map[string]bool{}, revoked: map[string]bool{}}
	proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
		w.mu.Lock()
		defer w.mu.Unlock()
		token := r.Header.Get("X-Vault-Token")
		switch {
		case strings.HasSuffix(r.URL.Path, "/login") || strings.Contains(r.URL.Path, "/login/"):
			w.logins++
		case strings.HasSuffix(r.URL.Path, "/auth/token/revoke-self"):
			w.revoked[token] = true
		default:
			w.used[token] = true
		}
		return vaulttest.Action{}
	})
	return w
}

func (s *fixture) lives(t *testing.T, token string) bool {
	t.Helper()
	status, _ := s.vault.Call(t, token, http.MethodGet, "auth/token/lookup-self", nil)
	return status == http.StatusOK
}

// ephemeral declares ephemeral variables and sets their values.
func (s *fixture) ephemeral(values map[string]string) string {
	var out strings.Builder
	for name, value := range values {
		s.Setenv("TF_VAR_"+name, value)
		fmt.Fprintf(&out, "\nvariable %q {\n  type = string\n  ephemeral = true\n}\n", name)
	}
	return out.String()
}

// login is one of several provider blocks: its arguments, and its Vault address.
type login struct {
	name      string
	arguments string
	address   string
}

// logins replaces the configuration with one provider for each login. Each provider has
// these secrets, with the name of the login; the value is the name. One configuration
// with many providers needs one run of the CLI only.
func (s *fixture) logins(t *testing.T, logins []login, secrets []string, blocks ...string) {
	t.Helper()
	s.Setenv("VAULT_TOKEN", "")
	text := "terraform {\n  required_providers {\n    relay = { source = \"relay-secrets/relay\" }\n  }\n}\n" + strings.Join(blocks, "")
	for i, l := range logins {
		text += fmt.Sprintf("provider \"relay\" {\n  alias = \"login%d\"\n  address = %q\n  owner = \"shop\"\n  settle = \"300ms\"\n  %s\n}\n",
			i, l.address, l.arguments)
		for _, secret := range secrets {
			name := fmt.Sprintf("%s%d", secret, i)
			text += s.secret(name, `"`+name+`"`, fmt.Sprintf("provider = relay.login%d", i))
		}
	}
	s.Write(t, text)
}

// TestEveryLoginMethodWrites writes with each method of auth. Kubernetes uses a jwt
// mount, which has the same fields, because Vault's kubernetes method needs a cluster.
// The certificate has its own test.
func TestEveryLoginMethodWrites(t *testing.T) {
	t.Parallel()
	v := vaulttest.StartOwn(t)
	roleID, secretID := v.AppRole(t, "deployer", "1h")
	password, jwt := v.User(t, "ada"), v.JWT(t, "deployer")
	values := map[string]string{"one": v.Writer(t), "other": v.Writer(t), "secret_id": secretID, "password": password, "jwt": jwt}
	given := map[string]bool{"token": true, "token in auth": true, "token file": true} // which the provider does not revoke
	logins := []login{
		{name: "token", arguments: `token = var.one`},
		{name: "token in auth", arguments: `auth = { token = var.other }`},
		{name: "token file", arguments: `auth = { token_file = "` + credential(t, v.Writer(t)) + `" }`},
		{name: "approle", arguments: `auth = { approle = { role_id = "` + roleID + `", secret_id = var.secret_id } }`},
		{name: "approle with a file", arguments: `auth = { approle = { role_id = "` + roleID + `", secret_id_file = "` + credential(t, secretID) + `", mount = "approle" } }`},
		{name: "userpass", arguments: `auth = { userpass = { username = "ada", password = var.password } }`},
		{name: "jwt", arguments: `auth = { jwt = { role = "deployer", token = var.jwt } }`},
		{name: "jwt with a file", arguments: `auth = { jwt = { role = "deployer", token_file = "` + credential(t, jwt) + `" } }`},
		{name: "jwt from the environment", arguments: `auth = { jwt = { role = "deployer", token_env = "TFC_WORKLOAD_IDENTITY_TOKEN" } }`},
		{name: "kubernetes, at a jwt mount", arguments: `auth = { kubernetes = { role = "deployer", token_file = "` + credential(t, jwt) + `", mount = "jwt" } }`},
	}
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixtureOn(t, cli.Raced(), v)
		logins := slices.Clone(logins)
		proxies := make([]*vaulttest.Proxy, len(logins))
		for i := range logins {
			proxies[i] = vaulttest.NewProxy(t, v.Address)
			logins[i].address = proxies[i].Address
		}
		s.Setenv("TFC_WORKLOAD_IDENTITY_TOKEN", jwt)
		s.logins(t, logins, []string{"one", "two", "three"}, s.ephemeral(values))

		// One provider of each login sends requests to Vault. For a new secret, it is also
		// that of the plan, which looks at the new address.
		for _, args := range [][]string{{"apply", "-auto-approve"}, {"plan"}, {"apply", "-auto-approve", "-refresh-only"}} {
			seen := make([]*traffic, len(logins))
			for i, proxy := range proxies {
				seen[i] = watch(proxy)
			}
			s.Must(t, args...)
			for i, l := range logins {
				t.Run(l.name+": "+args[0]+" "+args[len(args)-1], func(t *testing.T) {
					processes := 1
					if args[0] == "apply" && len(args) == 2 {
						processes = 2
					}
					seen[i].is(t, s, given[l.name], processes)
					proxies[i].AssertBlind(t)
				})
			}
		}
		for i, l := range logins {
			if name := fmt.Sprintf("two%d", i); s.value(t, name) != name {
				t.Errorf("%s: the workflow reads another value", l.name)
			}
		}
	})
}

// is asserts one token for all requests: a given token that is not revoked, or the
// token of a login that is revoked.
func (w *traffic) is(t *testing.T, s *fixture, given bool, processes int) {
	t.Helper()
	want, tokens := processes, processes
	if given {
		want, tokens = 0, 1
	}
	if w.logins != want || len(w.revoked) != want || len(w.used) != tokens {
		t.Errorf("%d logins, %d revoked, %d tokens used; want %d, %d, %d", w.logins, len(w.revoked), len(w.used), want, want, tokens)
	}
	for token := range w.used {
		if s.lives(t, token) != given {
			t.Errorf("the token is still valid: %v", !given)
		}
	}
}

func TestClientCertificateLogin(t *testing.T) {
	t.Parallel()
	v, files := vaulttest.StartTLS(t)
	v.CertificateRole(t, "cert", "deployer", files.CA)
	ca, err := os.ReadFile(files.CA)
	if err != nil {
		t.Fatal(err)
	}
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixtureOn(t, cli, v)
		s.Setenv("VAULT_ADDR", v.Address) // the proxy cannot pass a client's certificate on
		t.Log("certificate files from the environment, and any role")
		s.Setenv("VAULT_CACERT", files.CA)
		s.Setenv("VAULT_CLIENT_CERT", files.Client)
		s.Setenv("VAULT_CLIENT_KEY", files.ClientKey)
		s.configureAuth(t, `auth = { cert = {} }`, s.secret("token", `"one"`))
		s.Apply(t)
		t.Log("all settings in the block, the CA certificate as text, another server name")
		s.Setenv("VAULT_CACERT", "/does/not/exist")
		s.configureAuth(t, fmt.Sprintf(`
  auth             = { cert = { name = "deployer", mount = "cert" } }
  ca_cert_pem      = <<-EOT
%s
  EOT
  tls_server_name  = "devvault.test"
  client_cert_file = %q
  client_key_file  = %q`, ca, files.Client, files.ClientKey), s.secret("token", `"two"`, `value_wo_version = "2"`))
		s.Apply(t)
		if got := s.value(t, "token"); got != "two" {
			t.Errorf("the workflow reads %q", got)
		}
		t.Log("a server name without a certificate, and an unknown client certificate")
		s.configureAuth(t, `auth = { cert = {} }
  ca_cert_file    = "`+files.CA+`"
  tls_server_name = "elsewhere.test"`, s.secret("token", `"two"`, `value_wo_version = "2"`))
		s.Fails(t, []string{"plan"}, "the TLS certificate of Vault is not trusted")
		s.configureAuth(t, `auth = { cert = { name = "unknown" } }
  ca_cert_file = "`+files.CA+`"`, s.secret("token", `"two"`, `value_wo_version = "2"`))
		s.Fails(t, []string{"plan"}, "auth/cert/login: authentication failed")
	})
	if n := liveTokens(t, v, "auth/cert/login"); n != 0 {
		t.Errorf("%d tokens of logins are left in Vault", n)
	}
}

// liveTokens counts the tokens of a login path that are not revoked.
func liveTokens(t *testing.T, v *vaulttest.Vault, path string) int {
	t.Helper()
	_, list := v.Call(t, v.RootToken, "LIST", "auth/token/accessors", nil)
	count := 0
	for _, accessor := range list["data"].(map[string]any)["keys"].([]any) {
		_, about := v.Call(t, v.RootToken, http.MethodPost, "auth/token/lookup-accessor", map[string]any{"accessor": accessor})
		if data, ok := about["data"].(map[string]any); ok && data["path"] == path {
			count++
		}
	}
	return count
}

func TestRejectedCredentialsAreAnError(t *testing.T) {
	t.Parallel()
	v := vaulttest.StartOwn(t)
	roleID, _ := v.AppRole(t, "deployer", "1h")
	v.User(t, "ada")
	v.JWT(t, "deployer")
	const wrong = "hunter2"
	file := credential(t, wrong)
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixtureOn(t, cli, v)
		var logins []login
		var want []string
		add := func(arguments, text string) {
			logins, want = append(logins, login{arguments: arguments, address: s.proxy.Address}), append(want, text)
		}
		add(`auth = { approle = { role_id = "`+roleID+`", secret_id = var.wrong } }`, "auth/approle/login: authentication failed")
		add(`auth = { userpass = { username = "ada", password = var.wrong } }`, "auth/userpass/login/ada: authentication failed")
		add(`auth = { userpass = { username = "ada", password = var.wrong, mount = "people" } }`, "auth/people/login/ada: authentication failed")
		add(`auth = { jwt = { role = "deployer", token = var.wrong } }`, "auth/jwt/login: authentication failed")
		add(`auth = { kubernetes = { role = "unknown", token_file = "`+file+`", mount = "jwt" } }`, "auth/jwt/login: authentication failed")
		add(`auth = { token = var.wrong }`, "permission denied for every path")
		s.logins(t, logins, []string{"a", "b"}, s.ephemeral(map[string]string{"wrong": wrong}))
		seen := watch(s.proxy)
		result := s.Fails(t, []string{"apply", "-auto-approve"}, want...)
		if strings.Contains(result.Output, wrong) {
			t.Errorf("the credential is in the output:\n%s", result.Output)
		}
		if seen.logins != 5 {
			t.Errorf("5 logins were tried %d times", seen.logins)
		}
		if n := strings.Count(result.Output, "Error: "); n != 2*len(logins) {
			t.Errorf("%d of %d secrets failed", n, 2*len(logins))
		}
		for _, r := range s.proxy.Requests() {
			if r.CAS {
				t.Errorf("a value was sent to %s", r.Path)
			}
		}
	})
}

func TestValidateReportsProblemsOfAuth(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		var logins []login
		var want []string
		add := func(arguments, text string) {
			logins, want = append(logins, login{arguments: arguments, address: s.proxy.Address}), append(want, text)
		}
		add(`auth = { token = var.wrong, approle = { role_id = "x" } }`, "`auth` must contain only one of token and approle")
		add("token = var.wrong\n  auth = { cert = {} }", "`token` must not be set together with auth")
		add(`auth = {}`, "`auth` must contain one of token, token_file")
		add(`auth = { approle = { role_id = "x", secret_id = var.wrong, secret_id_file = "b" } }`, "`auth.approle.secret_id` must not be set together with secret_id_file")
		add(`auth = { jwt = { token = var.wrong, token_env = "X" } }`, "exactly one of token, token_file and token_env")
		add(`auth = { userpass = { username = "a/b", password = var.wrong } }`, "`auth.userpass.username` must not contain")
		add(`headers = { "X-Vault-Token" = var.wrong }`, "X-Vault-Token is reserved for Vault")
		add(`require_write_only = "yes"`, `must be "warn", "error" or "off"`)
		add(`max_concurrent_requests = 0`, "must be at least 1")
		s.logins(t, logins, []string{"a"}, "locals {\n  wrong = \"hunter2\"\n}\n")
		text := strings.ReplaceAll(string(s.file(t, filepath.Join(s.Dir, "main.tf"))), "var.wrong", "local.wrong")
		s.Write(t, text)
		result := s.Fails(t, []string{"validate"}, append(want, "on main.tf line", `in provider "relay"`)...)
		if strings.Contains(result.Output, "hunter2") {
			t.Errorf("the credential is in the output:\n%s", result.Output)
		}
		t.Log("errors of the schema")
		s.configureAuth(t, `auth = { approle = { secret_id = "x" } }`, s.secret("token", `"one"`))
		s.Fails(t, []string{"validate"}, `"role_id" is required`)
		t.Log("what exists only where the apply runs is not an error yet")
		s.configureAuth(t, `auth = { jwt = { token_env = "IDENTITY_OF_THE_RUN" } }`, s.secret("token", `"one"`))
		s.Must(t, "validate")
		s.Fails(t, []string{"plan"}, `"IDENTITY_OF_THE_RUN" is not set where the provider runs`)
		s.configureAuth(t, `auth = { token_file = "token-of-the-machine" }`, s.secret("token", `"one"`))
		s.Must(t, "validate")
		s.Fails(t, []string{"plan"}, "token-of-the-machine")
		if n := len(s.proxy.Requests()); n > 0 {
			t.Errorf("%d requests were sent to Vault", n)
		}
	})
}

func TestHeadersAreSentWithEveryRequest(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		var without sync.Map
		s.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
			if r.Header.Get("X-Team") != "shop" {
				without.Store(r.URL.Path, true)
			}
			return vaulttest.Action{}
		})
		s.Write(t, strings.Replace(header, "  owner  =", "  headers = { \"X-Team\" = \"shop\" }\n  owner  =", 1)+s.secret("token", `"one"`))
		s.Apply(t)
		without.Range(func(path, _ any) bool {
			t.Errorf("the request to %s has no header", path)
			return true
		})
	})
}
