// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// configureAuth replaces the configuration: the provider block of the header with
// these arguments more, and these blocks.
func (s *stage) configureAuth(t *testing.T, arguments string, blocks ...string) {
	t.Helper()
	s.Setenv("VAULT_TOKEN", "")
	s.Write(t, strings.Replace(header, "  owner  =", arguments+"\n  owner  =", 1)+strings.Join(blocks, ""))
}

// credential is a file with a credential in it.
func credential(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "credential")
	if err := os.WriteFile(file, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// traffic is what a provider did about tokens, by the requests that passed.
type traffic struct {
	mu sync.Mutex
	// used are the tokens that requests carried; revoked those that were revoked.
	used, revoked map[string]bool
	logins        int
}

// watch begins to count at the proxy of the stage.
func (s *stage) watch() *traffic {
	w := &traffic{used: map[string]bool{}, revoked: map[string]bool{}}
	s.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
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

func (s *stage) lives(t *testing.T, token string) bool {
	t.Helper()
	status, _ := s.vault.Call(t, token, http.MethodGet, "auth/token/lookup-self", nil)
	return status == http.StatusOK
}

// ephemeral declares ephemeral variables and gives them values.
func (s *stage) ephemeral(values map[string]string) string {
	var out strings.Builder
	for name, value := range values {
		s.Setenv("TF_VAR_"+name, value)
		fmt.Fprintf(&out, "\nvariable %q {\n  type = string\n  ephemeral = true\n}\n", name)
	}
	return out.String()
}

// TestEveryLoginWrites does so on the dev Vault, with each way that auth has.
// Kubernetes logs in at a jwt mount, which asks for the same fields; Vault's
// kubernetes method itself would need a cluster to ask back. The certificate has
// a test of its own.
func TestEveryLoginWrites(t *testing.T) {
	t.Parallel()
	v := vaulttest.StartOwn(t)
	roleID, secretID := v.AppRole(t, "deployer", "1h")
	password, jwt := v.User(t, "ada"), v.JWT(t, "deployer")
	for _, row := range []struct {
		name, auth string
		values     map[string]string // of ephemeral variables
		given      bool              // the token is not ours to revoke
	}{
		{name: "token", auth: `token = var.token`, values: map[string]string{"token": v.Writer(t)}, given: true},
		{name: "token in auth", auth: `auth = { token = var.token }`, values: map[string]string{"token": v.Writer(t)}, given: true},
		{name: "token file", auth: `auth = { token_file = "` + credential(t, v.Writer(t)) + `" }`, given: true},
		{name: "approle", auth: `auth = { approle = { role_id = "` + roleID + `", secret_id = var.secret_id } }`,
			values: map[string]string{"secret_id": secretID}},
		{name: "approle with a file", auth: `auth = { approle = { role_id = "` + roleID + `", secret_id_file = "` + credential(t, secretID) + `", mount = "approle" } }`},
		{name: "userpass", auth: `auth = { userpass = { username = "ada", password = var.password } }`, values: map[string]string{"password": password}},
		{name: "jwt", auth: `auth = { jwt = { role = "deployer", token = var.jwt } }`, values: map[string]string{"jwt": jwt}},
		{name: "jwt with a file", auth: `auth = { jwt = { role = "deployer", token_file = "` + credential(t, jwt) + `" } }`},
		{name: "jwt from the environment", auth: `auth = { jwt = { role = "deployer", token_env = "TFC_WORKLOAD_IDENTITY_TOKEN" } }`},
		{name: "kubernetes, at a jwt mount", auth: `auth = { kubernetes = { role = "deployer", token_file = "` + credential(t, jwt) + `", mount = "jwt" } }`},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
				s := newStageOn(t, cli, v)
				s.Setenv("TFC_WORKLOAD_IDENTITY_TOKEN", jwt)
				s.configureAuth(t, row.auth, s.ephemeral(row.values), s.secret("one", `"1"`), s.secret("two", `"2"`), s.secret("three", `"3"`))

				// Each of these has one provider that speaks to Vault: the plan of a
				// secret that is not there yet needs no answer.
				for _, args := range [][]string{{"apply", "-auto-approve"}, {"plan"}, {"apply", "-auto-approve", "-refresh-only"}} {
					seen := s.watch()
					s.Must(t, args...)
					want := 1
					if row.given {
						want = 0
					}
					if seen.logins != want || len(seen.revoked) != want || len(seen.used) != 1 {
						t.Errorf("%s: %d logins, %d revoked, %d tokens used; want %d, %d, 1",
							args, seen.logins, len(seen.revoked), len(seen.used), want, want)
					}
					for token := range seen.used {
						if s.lives(t, token) != row.given {
							t.Errorf("%s: the token lives on: %v", args, !row.given)
						}
					}
				}
				if s.value(t, "one")+s.value(t, "two")+s.value(t, "three") != "123" {
					t.Error("the workflow reads something else")
				}
			})
		})
	}
}

func TestTheClientCertificateLogsIn(t *testing.T) {
	t.Parallel()
	v, files := vaulttest.StartTLS(t)
	v.CertificateRole(t, "cert", "deployer", files.CA)
	ca, err := os.ReadFile(files.CA)
	if err != nil {
		t.Fatal(err)
	}
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newStageOn(t, cli, v)
		s.Setenv("VAULT_ADDR", v.Address) // the proxy cannot pass a client's certificate on
		t.Log("files of the environment, and any role")
		s.Setenv("VAULT_CACERT", files.CA)
		s.Setenv("VAULT_CLIENT_CERT", files.Client)
		s.Setenv("VAULT_CLIENT_KEY", files.ClientKey)
		s.configureAuth(t, `auth = { cert = {} }`, s.secret("token", `"one"`))
		s.Apply(t)
		t.Log("all of it in the block, the authority as text, another name for the server")
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
		t.Log("a name that the server has no certificate for, and a certificate that Vault does not know")
		s.configureAuth(t, `auth = { cert = {} }
  ca_cert_file    = "`+files.CA+`"
  tls_server_name = "elsewhere.test"`, s.secret("token", `"two"`, `value_wo_version = "2"`))
		s.Refused(t, []string{"plan"}, "the TLS certificate of Vault is not trusted")
		s.configureAuth(t, `auth = { cert = { name = "nobody" } }
  ca_cert_file = "`+files.CA+`"`, s.secret("token", `"two"`, `value_wo_version = "2"`))
		s.Refused(t, []string{"plan"}, "auth/cert/login: Vault refuses these credentials")
	})
	if n := liveTokens(t, v, "auth/cert/login"); n != 0 {
		t.Errorf("%d tokens of logins are left in Vault", n)
	}
}

// liveTokens counts the tokens that a login path has made and nobody revoked.
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

func TestCredentialsThatVaultRefusesAreAnError(t *testing.T) {
	t.Parallel()
	v := vaulttest.StartOwn(t)
	roleID, _ := v.AppRole(t, "deployer", "1h")
	v.User(t, "ada")
	v.JWT(t, "deployer")
	for name, row := range map[string]struct{ auth, says string }{
		"a wrong secret id":    {`auth = { approle = { role_id = "` + roleID + `", secret_id = "hunter2" } }`, "auth/approle/login: Vault refuses these credentials"},
		"a wrong password":     {`auth = { userpass = { username = "ada", password = "hunter2" } }`, "auth/userpass/login/ada: Vault refuses these credentials"},
		"no JWT at all":        {`auth = { jwt = { role = "deployer", token = "hunter2" } }`, "auth/jwt/login: Vault refuses these credentials"},
		"a role that is not":   {`auth = { jwt = { role = "nobody", token = "hunter2" } }`, "auth/jwt/login: Vault refuses these credentials"},
		"a mount that is not":  {`auth = { userpass = { username = "ada", password = "hunter2", mount = "people" } }`, "auth/people/login/ada: Vault refuses these credentials"},
		"an unknown JWT, kube": {`auth = { kubernetes = { role = "deployer", token_file = "` + credential(t, "hunter2") + `", mount = "jwt" } }`, "auth/jwt/login: Vault refuses these credentials"},
		"a wrong token":        {`auth = { token = "hunter2" }`, "Vault refuses this token everything"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
				s := newStageOn(t, cli, v)
				s.configureAuth(t, row.auth, s.secret("token", `"one"`))
				result := s.Refused(t, []string{"apply", "-auto-approve"}, row.says)
				if strings.Contains(result.Output, "hunter2") {
					t.Errorf("the credential is in the output:\n%s", result.Output)
				}
				if s.Attributes(t, at("token")) != nil || s.vault.Metadata(t, s.workflow, "token") != nil {
					t.Error("something was written")
				}
			})
		})
	}
}

// quotedLine is a line of the configuration that a CLI shows.
var quotedLine = regexp.MustCompile(`(?m)^.*\d+: .*$`)

func TestWhatIsWrongWithAuthIsSaidByValidate(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newStage(t, cli)
		for arguments, says := range map[string]string{
			`auth = { token = "hunter2", approle = { role_id = "x" } }`: "Auth holds token and approle: keep one",
			"token = \"hunter2\"\n  auth = { cert = {} }":               "Both token and auth are given: keep one",
			`auth = {}`: "Auth is empty: choose one of token, token_file",
			`auth = { approle = { secret_id = "hunter2" } }`:                                `"role_id" is required`,
			`auth = { approle = { role_id = "x", secret_id = "a", secret_id_file = "b" } }`: "both secret_id and secret_id_file",
			`auth = { jwt = { token = "hunter2", token_env = "X" } }`:                       "exactly one of token, token_file and token_env",
			`auth = { userpass = { username = "a/b", password = "hunter2" } }`:              "the username holds a character",
			`headers = { "X-Vault-Token" = "hunter2" }`:                                     "X-Vault-Token is kept for Vault",
			`require_write_only = "yes"`:                                                    `expected "warn", "error" or "off"`,
			`max_concurrent_requests = 0`:                                                   "expected at least 1",
		} {
			s.configureAuth(t, arguments, s.secret("token", `"one"`))
			result := s.Refused(t, []string{"validate"}, says, "on main.tf line", "in provider \"relay\"")
			if strings.Contains(quotedLine.ReplaceAllString(result.Output, ""), "hunter2") {
				t.Errorf("the credential is in the output:\n%s", result.Output)
			}
		}
		t.Log("what only the machine that applies has is no fault yet")
		s.configureAuth(t, `auth = { jwt = { token_env = "IDENTITY_OF_THE_RUN" } }`, s.secret("token", `"one"`))
		s.Must(t, "validate")
		s.Refused(t, []string{"plan"}, `variable "IDENTITY_OF_THE_RUN"`)
		s.configureAuth(t, `auth = { token_file = "token-of-the-machine" }`, s.secret("token", `"one"`))
		s.Must(t, "validate")
		s.Refused(t, []string{"plan"}, "token-of-the-machine")
		if n := len(s.proxy.Requests()); n > 0 {
			t.Errorf("Vault was asked %d times", n)
		}
	})
}

func TestALoginThatIsNotKnownInThePlanHappensInTheApply(t *testing.T) {
	t.Parallel()
	v := vaulttest.StartOwn(t)
	roleID, secretID := v.AppRole(t, "deployer", "1h")
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newStageOn(t, cli, v)
		source := "\nresource \"terraform_data\" \"role\" {\n  input = \"" + roleID + "\"\n}\n"
		s.configureAuth(t, `auth = { approle = { role_id = terraform_data.role.output, secret_id_file = "`+credential(t, secretID)+`" } }`,
			source, s.secret("token", `"one"`))
		plan := s.Plan(t)
		terraformtest.Result{Output: plan.Output}.Says(t, "Warning: Drift is not checked", "The provider's auth will be known only during the apply")
		if n := len(s.proxy.Requests()); n > 0 {
			t.Errorf("the plan asked Vault %d times", n)
		}
		seen := s.watch()
		if result := s.ApplyPlan(t); result.Code != 0 {
			t.Fatalf("the apply fails:\n%s", result.Output)
		}
		if seen.logins != 1 || len(seen.revoked) != 1 {
			t.Errorf("%d logins, %d revoked", seen.logins, len(seen.revoked))
		}
		if got := s.value(t, "token"); got != "one" {
			t.Errorf("the workflow reads %q", got)
		}
		s.NoChanges(t)
	})
}

func TestATokenThatDiesInTheMiddleOfAnApplyIsReplaced(t *testing.T) {
	t.Parallel()
	v := vaulttest.StartOwn(t)
	roleID, secretID := v.AppRole(t, "brief", "1s")
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newStageOn(t, cli, v)
		var blocks []string
		names := []string{"one", "two", "three", "four"}
		for _, name := range names {
			blocks = append(blocks, s.secret(name, `"`+name+`"`))
		}
		s.configureAuth(t, `auth = { approle = { role_id = "`+roleID+`", secret_id_file = "`+credential(t, secretID)+`" } }`, blocks...)
		writes, logins := 0, 0
		s.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
			switch {
			case strings.HasSuffix(r.URL.Path, "/login"):
				logins++
			case strings.Contains(r.URL.Path, "/data/"):
				if writes++; writes == 2 {
					s.awaitDeath(t, r.Header.Get("X-Vault-Token"))
				}
			}
			return vaulttest.Action{}
		})
		s.Must(t, "apply", "-auto-approve", "-parallelism=1")
		if logins < 2 || writes != len(names)+1 {
			t.Errorf("%d logins and %d writes: no token died on the way, so the test proves nothing", logins, writes)
		}
		for _, name := range names {
			if got := s.value(t, name); got != name {
				t.Errorf("the workflow reads %q for %s", got, name)
			}
			s.attributes(t, name, map[string]any{"version": 1.0, "drift": "in sync"})
		}
	})
}

func TestATokenThatCannotBeRevokedFailsNothing(t *testing.T) {
	t.Parallel()
	v := vaulttest.StartOwn(t)
	roleID, secretID := v.AppRole(t, "deployer", "1h")
	file := credential(t, secretID)
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		for what, do := range map[string]func(r *http.Request) vaulttest.Action{
			"Vault is gone": func(*http.Request) vaulttest.Action { return vaulttest.CutAt(vaulttest.Before) },
			"Vault refuses": func(*http.Request) vaulttest.Action { return vaulttest.FailWith(http.StatusForbidden) },
			"Vault hangs": func(r *http.Request) vaulttest.Action {
				<-r.Context().Done() // until the provider gives up, or is killed
				return vaulttest.CutAt(vaulttest.Before)
			},
		} {
			t.Log(what)
			s := newStageOn(t, cli, v)
			s.configureAuth(t, `auth = { approle = { role_id = "`+roleID+`", secret_id_file = "`+file+`" } }`, s.secret("token", `"one"`))
			s.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
				if strings.HasSuffix(r.URL.Path, "revoke-self") {
					return do(r)
				}
				return vaulttest.Action{}
			})
			s.Apply(t)
			s.proxy.Reset()
			s.NoChanges(t)
		}
	})
}

// awaitDeath waits until Vault no longer knows a token.
func (s *stage) awaitDeath(t *testing.T, token string) {
	deadline := time.Now().Add(30 * time.Second)
	for s.lives(t, token) {
		if time.Now().After(deadline) {
			t.Error("the token lives on")
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestNoCredentialIsAnywhere(t *testing.T) {
	t.Parallel()
	v := vaulttest.StartOwn(t)
	roleID, secretID := v.AppRole(t, "deployer", "1h")
	password, jwt := v.User(t, "ada"), v.JWT(t, "deployer")
	token := vaulttest.Canary(t)
	if status, answer := v.Call(t, v.RootToken, http.MethodPost, "auth/token/create", map[string]any{"id": token, "policies": []string{"writer"}}); status != http.StatusOK {
		t.Fatalf("making a token: %v", answer)
	}
	for _, row := range []struct{ name, auth, credential string }{
		{"token", `auth = { token = var.credential }`, token},
		{"approle", `auth = { approle = { role_id = "` + roleID + `", secret_id = var.credential } }`, secretID},
		{"userpass", `auth = { userpass = { username = "ada", password = var.credential } }`, password},
		{"jwt", `auth = { jwt = { role = "deployer", token = var.credential } }`, jwt},
		{"header", "auth = { approle = { role_id = \"" + roleID + "\", secret_id_file = \"" + credential(t, secretID) + "\" } }\n" +
			`  headers = { "X-Gateway" = var.credential }`, vaulttest.Canary(t)},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
				s := newStageOn(t, cli, v)
				s.Setenv("TF_LOG", "TRACE")
				variables := s.ephemeral(map[string]string{"credential": row.credential})
				outputs := map[string][]byte{}
				run := func(what string, code int, args ...string) {
					result := s.Run(t, args...)
					if outputs[what] = []byte(result.Output); result.Code != code {
						t.Errorf("%s: exit %d, want %d", what, result.Code, code)
					}
				}
				s.configureAuth(t, row.auth, variables, s.secret("token", `"one"`, `value_wo_version = "1"`))
				var tokens sync.Map // of the logins, which nobody may see either
				s.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
					tokens.Store(r.Header.Get("X-Vault-Token"), true)
					return vaulttest.Action{}
				})
				run("plan", 0, "plan", "-out="+terraformtest.PlanFile)
				run("plan as JSON", 0, "show", "-json", terraformtest.PlanFile)
				run("create", 0, "apply", terraformtest.PlanFile)
				run("refresh", 0, "plan")
				s.configureAuth(t, row.auth, variables, s.secret("token", `"two"`, `value_wo_version = "2"`))
				for what, action := range map[string]vaulttest.Action{
					"refused": vaulttest.FailWith(400), "broken": vaulttest.FailWith(500), "cut": vaulttest.CutAt(vaulttest.After),
				} {
					s.proxy.Hook(func(int, *http.Request) vaulttest.Action { return action })
					run("everything is "+what, 1, "plan")
				}
				s.proxy.Hook(nil)
				s.configureAuth(t, strings.Replace(row.auth, "var.credential", `"${var.credential}-"`, 1), variables, s.secret("token", `"one"`))
				if row.name != "header" {
					run("wrong", 1, "plan")
				}
				outputs["state"] = s.file(t, filepath.Join(s.Dir, "terraform.tfstate"))
				if !strings.Contains(string(outputs["create"]), "[TRACE]") {
					t.Error("there is no trace log, so the test proves nothing")
				}
				vaulttest.AssertNoCanary(t, row.credential, outputs)
				tokens.Range(func(token, _ any) bool {
					if made := token.(string); made != "" && made != row.credential {
						vaulttest.AssertNoCanary(t, made, outputs)
					}
					return true
				})
			})
		})
	}
}

func TestHeadersGoWithEveryRequest(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newStage(t, cli)
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
