// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// inheritance creates a state of the Vault provider (a stub) with one secret, whose value
// is in Vault and in the state.
func (s *fixture) inheritance(t *testing.T, kind, arguments, value string) {
	t.Helper()
	s.InstallProvider(t, "hashicorp/vault")
	s.Write(t, fmt.Sprintf("terraform {\n  required_providers {\n    vault = { source = \"hashicorp/vault\" }\n  }\n}\n"+
		"resource %q \"old\" {\n  %s\n  data_json = jsonencode({ value = %q })\n}\n", kind, arguments, value))
	s.Apply(t)
}

// movedFrom returns the moved block.
func movedFrom(kind string) string {
	return fmt.Sprintf("\nmoved {\n  from = %s.old\n  to   = relay_workflow_secret.token\n}\n", kind)
}

func TestSecretMovesFromVaultProviderWithoutItsValue(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		for kind, arguments := range map[string]string{
			"vault_kv_secret_v2":   "mount = \"customers\"\n  name = \"workflows/%s/token\"",
			"vault_generic_secret": "namespace = \"team\"\n  path = \"customers/workflows/%s/token\"",
		} {
			t.Log(kind)
			s := newFixture(t, cli)
			canary := vaulttest.Canary(t)
			s.vault.Write(t, s.workflow, "token", canary)
			s.inheritance(t, kind, fmt.Sprintf(arguments, s.workflow), canary)

			t.Log("a moved secret needs adopt")
			s.configure(t, s.secret("token", `"own"`, `value_wo_version = "1"`), movedFrom(kind))
			refused := s.Fails(t, []string{"plan"}, "unmanaged", "adopt = true")
			if kind == "vault_generic_secret" {
				refused.Contains(t, `has the namespace "team", relative to the namespace of its provider`)
			}
			s.Fails(t, []string{"plan", "-refresh=false"}, "Plan without -refresh=false")

			s.Setenv("TF_LOG", "TRACE")
			s.configure(t, s.secret("token", `"own"`, `value_wo_version = "1"`, `adopt = true`), movedFrom(kind))
			plan := s.Plan(t)
			plan.Change(at("token")).HasActions(t, "update")
			plan.Change(at("token")).Changes(t, "drift", "unmanaged", "in sync")
			planned := s.Must(t, "show", "-json", terraformtest.PlanFile).Output
			applied := s.ApplyPlan(t)
			if applied.Code != 0 {
				t.Fatalf("the apply fails:\n%s", applied.Output)
			}
			s.Setenv("TF_LOG", "")
			if got := s.value(t, "token"); got != "own" {
				t.Errorf("the workflow reads %q", got)
			}
			s.NoChanges(t)
			vaulttest.AssertNoCanary(t, canary, map[string][]byte{
				"state":        s.file(t, filepath.Join(s.Dir, "terraform.tfstate")),
				"plan as JSON": []byte(planned),
				"plan":         []byte(plan.Output),
				"apply":        []byte(applied.Output),
			})

			t.Log("the next plan needs neither adopt nor moved")
			s.configure(t, s.secret("token", `"own"`, `value_wo_version = "1"`))
			s.Apply(t)
			s.NoChanges(t)
		}
	})
}

func TestOtherSecretsAreNotMoved(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		for _, row := range []struct{ kind, arguments, want string }{
			{"vault_kv_secret_v2", `mount = "secret"` + "\n" + `name = "app"`, `The vault_kv_secret_v2 at "secret/app" is not a secret of a workflow`},
			{"vault_kv_secret_v2", `mount = "secret"` + "\n" + `name = "workflows/deploy/token"`, `The secret is at "secret/workflows/deploy/token", but this provider block stores deploy/token at "customers/workflows/deploy/token"`},
			{"vault_generic_secret", `path = "customers/workflows/de:ploy/token"`, `has an invalid name`},
			{"vault_generic_secret", `path = "customers/other/deploy/token"`, `stores deploy/token at "customers/workflows/deploy/token"`},
		} {
			s := newFixture(t, cli)
			s.inheritance(t, row.kind, row.arguments, "x")
			s.configure(t, s.secret("token", `"own"`, `adopt = true`), movedFrom(row.kind))
			s.Fails(t, []string{"plan"}, cannotMove, row.want, "in the Vault provider")
		}
	})
}
