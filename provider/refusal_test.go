// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"net"
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

func TestAllProblemsOfTheProviderBlockAreReportedAtOnce(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		w := cli.Workspace(t)
		w.Write(t, `
terraform {
  required_providers {
    relay = { source = "relay-secrets/relay" }
  }
}
provider "relay" {
  address = "vault.example.com"
  owner   = "Shop"
  settle  = "soon"
  mount   = "a{b"
  ca_cert_file = "/does/not/exist"
}
resource "relay_workflow_secret" "token" {
  workflow = "deploy"
  name     = "token"
  value_wo = "x"
}`)
		all := []string{
			"`address` must be a URL", "owner id \"Shop\"", "`settle` must be a duration above 0", "mount \"a{b\"", "`token` is required; set it or VAULT_TOKEN",
			"`ca_cert_file`: read /does/not/exist: no such file", "on main.tf line 8, in provider \"relay\"", "on main.tf line 12, in provider \"relay\"",
		}
		w.Fails(t, []string{"validate"}, all...)
		w.Fails(t, []string{"plan"}, all...)
	})
}

func TestValidateNeedsNeitherVaultNorEnvironment(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		w := cli.Workspace(t)
		w.Write(t, `
terraform {
  required_providers {
    relay = { source = "relay-secrets/relay" }
  }
}
provider "relay" {
  ca_cert_file = "only-where-it-is-applied.pem"
}
resource "relay_workflow_secret" "token" {
  workflow = "deploy"
  name     = "token"
  value_wo = ""
}`)
		w.Must(t, "validate")
		w.Fails(t, []string{"plan"}, "`address` is required", "`token` is required; set it or VAULT_TOKEN",
			"`owner` is required; set it or RELAY_OWNER", "only-where-it-is-applied.pem")
	})
}

func TestArgumentsAreCheckedBeforeTheFirstRequest(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.Write(t, header+`
resource "relay_workflow_secret" "token" {
  workflow = "a/b"
  name     = "c:d"
  value_wo = null
  on_drift = "ignore"
  deletion = "never"
}`)
		s.Fails(t, []string{"validate"}, `it contains '/'`, `it contains ':'`, "value_wo", `"ignore"`, `"never"`)
		if n := len(s.proxy.Requests()); n > 0 {
			t.Errorf("%d requests were sent to Vault", n)
		}
	})
}

func TestUnavailableVaultIsAnErrorWithHint(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		vault := vaulttest.StartOwn(t)
		s := newFixtureOn(t, cli, vault)
		s.configure(t, s.secret("token", `"one"`, `value_wo_version = "1"`))
		s.Apply(t)
		before := s.Attributes(t, at("token"))["created_time"]
		s.configure(t, s.secret("token", `"two"`, `value_wo_version = "2"`), s.secret("fresh", `"one"`))
		stateIsAsItWas := func() {
			t.Helper()
			s.attributes(t, "token", map[string]any{"version": 1.0, "value_wo_version": "1", "created_time": before})
			if s.Attributes(t, at("fresh")) != nil {
				t.Error("a secret that was not written is in the state")
			}
		}
		s.Plan(t)
		s.assertBlind(t)

		t.Log("an invalid token")
		s.Setenv("VAULT_TOKEN", "hvs.wrong")
		s.Fails(t, []string{"plan"}, "permission denied for every path", "get a new one")
		s.Fails(t, []string{"apply", terraformtest.PlanFile}, "permission denied for every path")
		stateIsAsItWas()
		s.Setenv("VAULT_TOKEN", s.token)

		t.Log("no server")
		s.Setenv("VAULT_ADDR", "http://"+closedPort(t))
		s.Fails(t, []string{"plan"}, "connection failed; check address, port and network")
		stateIsAsItWas()
		s.Setenv("VAULT_ADDR", s.proxy.Address)

		t.Log("sealed")
		s.Plan(t) // an apply that failed may have made the other plan stale
		vault.Seal(t)
		s.Fails(t, []string{"plan"}, "Vault is sealed; unseal it")
		s.Fails(t, []string{"apply", terraformtest.PlanFile}, "Vault is sealed; unseal it")
		stateIsAsItWas()
		vault.Unseal(t)

		s.Apply(t)
		s.NoChanges(t)
	})
}

func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestMissingCapabilityIsReportedBeforeAWrite(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		for _, missing := range []struct{ operation, capability, complete string }{
			{"data", "create", `create", "update`}, {"data", "update", `create", "update`},
			{"metadata", "read", `read", "patch`}, {"metadata", "patch", `read", "patch`},
		} {
			t.Log(missing)
			s := newFixture(t, cli)
			s.configure(t, s.secret("token", `"one"`))
			s.Setenv("VAULT_TOKEN", s.vault.WriterWithout(t, missing.operation, missing.capability))
			s.Fails(t, []string{"apply", "-auto-approve"},
				`path "customers/`+missing.operation+`/workflows/`+s.workflow+`/+" { capabilities = ["`+missing.complete+`"] }`)
			if s.vault.Metadata(t, s.workflow, "token") != nil || s.Attributes(t, at("token")) != nil {
				t.Error("a value was written")
			}
		}

		t.Log("deleting")
		s := newFixture(t, cli)
		s.configure(t, s.secret("soft", `"one"`), s.secret("purged", `"one"`, `deletion = "purge"`))
		s.Apply(t)
		s.Setenv("VAULT_TOKEN", s.vault.WriterWithout(t, "delete", "update"))
		s.Fails(t, []string{"destroy", "-auto-approve", "-target=" + at("soft")}, `path "customers/delete/workflows/`+s.workflow+`/+" { capabilities = ["update"] }`)
		s.Setenv("VAULT_TOKEN", s.vault.WriterWithout(t, "destroy", "update"))
		s.Fails(t, []string{"destroy", "-auto-approve", "-target=" + at("purged")}, `path "customers/destroy/workflows/`+s.workflow+`/+" { capabilities = ["update"] }`)
		if s.value(t, "soft") != "one" || s.value(t, "purged") != "one" {
			t.Error("a value was deleted")
		}
	})
}

func TestTokenThatCannotReadItsCapabilitiesIsAWarning(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		_, answer := s.vault.Call(t, s.vault.RootToken, http.MethodPost, "auth/token/create",
			map[string]any{"policies": []string{"writer"}, "no_default_policy": true})
		s.Setenv("VAULT_TOKEN", answer["auth"].(map[string]any)["client_token"].(string))
		s.configure(t, s.secret("token", `"one"`))
		s.Apply(t).Contains(t, "Warning: Vault client warning", "cannot read its own capabilities")
		if got := s.value(t, "token"); got != "one" {
			t.Errorf("the workflow reads %q", got)
		}
		s.NoChanges(t)
	})
}

func TestTokenThatCannotReadMetadataIsAWarningInThePlan(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.configure(t, s.secret("token", `"one"`))
		s.Apply(t)
		s.Setenv("VAULT_TOKEN", s.vault.WriterWithout(t, "metadata", "read"))
		result := s.Run(t, "plan", "-detailed-exitcode")
		if result.Code != 0 {
			t.Errorf("exit %d:\n%s", result.Code, result.Output)
		}
		result.Contains(t, "Warning: Drift is not checked", `path "customers/metadata/workflows/`+s.workflow+`/+" { capabilities = ["read", "patch"] }`)
		s.Must(t, "apply", "-auto-approve", "-refresh-only")
		s.attributes(t, "token", map[string]any{"drift": "not checked: the token cannot read the metadata", "version": 1.0})

		s.Setenv("VAULT_TOKEN", s.token)
		s.NoChanges(t)
	})
}

func TestSettingsFromEnvironmentAndHomeDirectory(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.Setenv("VAULT_TOKEN", "")
		s.Setenv("RELAY_OWNER", "from-environment")
		s.Setenv("TF_APPEND_USER_AGENT", "ci/7")
		var agents sync.Map
		s.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
			agents.Store(r.UserAgent(), true)
			return vaulttest.Action{}
		})
		if err := os.WriteFile(filepath.Join(s.Home, ".vault-token"), []byte(s.token+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		s.Write(t, "terraform {\n  required_providers {\n    relay = { source = \"relay-secrets/relay\" }\n  }\n}\n"+s.secret("token", `"one"`))
		s.Apply(t)
		custom := s.vault.Metadata(t, s.workflow, "token")["custom_metadata"].(map[string]any)
		if custom["relay.terraform/from-environment"] == nil {
			t.Errorf("the record does not have the owner from the environment: %v", custom)
		}
		agents.Range(func(agent, _ any) bool {
			if text := agent.(string); !strings.HasPrefix(text, "Terraform/1.") || !strings.HasSuffix(text, " terraform-provider-relay/test ci/7") {
				t.Errorf("the user agent is %q", text)
			}
			return true
		})
	})
}

func TestProviderSettingsCanBeKnownOnlyDuringTheApply(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		configuration := func(trigger, version string) string {
			return `
terraform {
  required_providers {
    relay = { source = "relay-secrets/relay" }
  }
}
resource "terraform_data" "vault" {
  input            = "` + s.proxy.Address + `"
  triggers_replace = "` + trigger + `"
}
provider "relay" {
  address = terraform_data.vault.output
  prefix  = terraform_data.vault.output == "" ? "workflows" : "workflows"
  owner   = "shop"
  settle  = "300ms"
}
` + s.secret("token", `"v`+version+`"`, `value_wo_version = "`+version+`"`)
		}
		s.Write(t, configuration("1", "1"))
		s.Apply(t)
		if got := s.value(t, "token"); got != "v1" {
			t.Errorf("the workflow reads %q", got)
		}
		s.NoChanges(t)

		s.Write(t, configuration("2", "2"))
		plan := s.Plan(t)
		plan.Change(at("token")).HasActions(t, "update")
		terraformtest.Result{Output: plan.Output}.Contains(t, "Warning: Drift is not checked", "address, prefix")
		if result := s.ApplyPlan(t); result.Code != 0 {
			t.Fatalf("the apply fails:\n%s", result.Output)
		}
		if got := s.value(t, "token"); got != "v2" {
			t.Errorf("the workflow reads %q", got)
		}
		s.NoChanges(t)

		t.Log("without a refresh there is no drift, but the path can change")
		s.Write(t, configuration("3", "2"))
		change := s.Plan(t).Change(at("token"))
		change.HasActions(t, "update")
		if unknown := change.Unknown(); !slices.Equal(unknown, []string{"path"}) {
			t.Errorf("known after apply: %v, want path", unknown)
		}
		s.Apply(t)
		s.NoChanges(t)
	})
}
