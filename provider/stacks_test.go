// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// stack creates a fixture with one of examples/stacks.
func stack(t *testing.T, cli terraformtest.CLI, vault *vaulttest.Vault, name string) *fixture {
	t.Helper()
	s := newFixtureOn(t, cli, vault)
	s.Write(t, string(s.file(t, filepath.Join("../examples/stacks", name, "main.tf"))))
	return s
}

// Each stack has a test here; a new stack needs one, too.
func TestStackExamples(t *testing.T) {
	t.Parallel()
	var got []string
	for _, pattern := range []string{"*", "*/*"} {
		found, err := filepath.Glob(filepath.Join("../examples/stacks", pattern, "main.tf"))
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, found...)
	}
	want := []string{
		"../examples/stacks/one-secret/main.tf", "../examples/stacks/readers/main.tf", "../examples/stacks/sops-file/main.tf", "../examples/stacks/whole-set/main.tf",
		"../examples/stacks/team/policies/main.tf", "../examples/stacks/team/secrets/main.tf",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tested (-), in examples/stacks (+):\n%s", diff)
	}
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		vault := vaulttest.StartOwn(t)
		for name, test := range map[string]func(*testing.T, terraformtest.CLI, *vaulttest.Vault){
			"one-secret": stackOneSecret, "whole-set": stackWholeSet, "sops-file": stackSOPSFile, "team": stackTeam, "readers": stackReaders,
		} {
			t.Run(name, func(t *testing.T) {
				test(t, cli, vault)
			})
		}
	})
}

// stepReads checks what a reader's token reads; "" for none.
func (s *fixture) stepReads(t *testing.T, workflow, name, want string) {
	t.Helper()
	if got, _ := s.vault.ReadAs(t, s.vault.Reader(t, workflow), workflow, name); got != want {
		t.Errorf("%s reads %q for %s, want %q", workflow, got, name, want)
	}
}

// holdsNone checks that no file of the runs contains a value.
func (s *fixture) holdsNone(t *testing.T, canaries ...string) {
	t.Helper()
	s.Must(t, "plan", "-out="+terraformtest.PlanFile)
	files := map[string][]byte{"the plan": []byte(s.Must(t, "show", "-json", terraformtest.PlanFile).Output)}
	for _, name := range []string{"terraform.tfstate", terraformtest.PlanFile} {
		text, err := os.ReadFile(filepath.Join(s.Dir, name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = text
	}
	for _, canary := range canaries {
		vaulttest.AssertNoCanary(t, canary, files)
	}
}

func stackOneSecret(t *testing.T, cli terraformtest.CLI, vault *vaulttest.Vault) {
	s := stack(t, cli, vault, "one-secret")
	one, two := vaulttest.Canary(t), vaulttest.Canary(t)
	s.Setenv("TF_VAR_registry_password", one)
	s.Setenv("TF_VAR_rotation", "2026-11")
	s.Apply(t)
	s.stepReads(t, "deploy-registry", "registry-password", one)
	s.NoChanges(t)

	t.Log("a new password is not sent before the rotation")
	s.Setenv("TF_VAR_registry_password", two)
	s.NoChanges(t)
	s.Setenv("TF_VAR_rotation", "2026-12")
	s.Apply(t)
	s.stepReads(t, "deploy-registry", "registry-password", two)
	s.NoChanges(t)
	if n := s.dataWrites(t); n != 2 {
		t.Errorf("%d values were sent, want 2", n)
	}
	s.holdsNone(t, one, two)
	s.Destroy(t)
	s.stepReads(t, "deploy-registry", "registry-password", "")
}

func stackWholeSet(t *testing.T, cli terraformtest.CLI, vault *vaulttest.Vault) {
	s := stack(t, cli, vault, "whole-set")
	password, key := vaulttest.Canary(t), vaulttest.Canary(t)
	s.Setenv("TF_VAR_values", `{"registry-password":"`+password+`","signing-key":"`+key+`"}`)
	s.Setenv("TF_VAR_versions", `{"registry-password":"1","signing-key":"7"}`)
	s.Apply(t)
	s.stepReads(t, "deploy-shop", "registry-password", password)
	s.stepReads(t, "deploy-shop", "signing-key", key)
	s.NoChanges(t)

	t.Log("the check warns of secrets of others")
	vault.Write(t, "deploy-shop", "foreign", "other")
	s.Must(t, "plan").Contains(t, `The workflow has secrets of others: {"foreign":"unmanaged"}.`)

	t.Log("an undeclared secret is deleted, a changed one is repaired")
	vault.Write(t, "deploy-shop", "registry-password", "by hand")
	s.Setenv("TF_VAR_versions", `{"registry-password":"1"}`)
	s.Apply(t)
	s.stepReads(t, "deploy-shop", "registry-password", password)
	s.stepReads(t, "deploy-shop", "signing-key", "")
	s.stepReads(t, "deploy-shop", "foreign", "other")
	s.NoChanges(t)
	s.holdsNone(t, password, key)
	s.Destroy(t)
	s.stepReads(t, "deploy-shop", "registry-password", "")
	vault.Purge(t, "deploy-shop", "registry-password")
	vault.Purge(t, "deploy-shop", "signing-key")
}

func stackTeam(t *testing.T, cli terraformtest.CLI, vault *vaulttest.Vault) {
	policies := stack(t, cli, vault, "team/policies")
	policies.Setenv("VAULT_ADDR", "")
	policies.Setenv("VAULT_TOKEN", "")
	policies.Apply(t)
	policies.NoChanges(t)
	var readers map[string]string
	if err := json.Unmarshal([]byte(policies.Must(t, "output", "-json", "readers").Output), &readers); err != nil {
		t.Fatal(err)
	}
	vault.WritePolicy(t, "shop-writer", policies.Must(t, "output", "-raw", "writer").Output)
	call := func(method, path string, body any) map[string]any {
		t.Helper()
		status, answer := vault.Call(t, vault.RootToken, method, path, body)
		if status/100 != 2 {
			t.Fatalf("%s %s: status %d", method, path, status)
		}
		data, _ := answer["data"].(map[string]any)
		return data
	}
	call(http.MethodPost, "auth/approle/role/shop", map[string]any{"token_policies": "shop-writer"})
	roleID, _ := call(http.MethodGet, "auth/approle/role/shop/role-id", nil)["role_id"].(string)
	secretID, _ := call(http.MethodPost, "auth/approle/role/shop/secret-id", nil)["secret_id"].(string)

	s := stack(t, cli, vault, "team/secrets")
	password, key := vaulttest.Canary(t), vaulttest.Canary(t)
	for name, value := range map[string]string{
		"VAULT_TOKEN": "", "TF_VAR_role_id": roleID, "TF_VAR_secret_id": secretID,
		"TF_VAR_registry_password": password, "TF_VAR_signing_key": key,
	} {
		s.Setenv(name, value)
	}
	s.Apply(t)
	for workflow, want := range map[string]map[string]string{
		"build-shop":  {"registry-password": password},
		"deploy-shop": {"registry-password": password, "signing-key": key},
	} {
		token := vault.Token(t, readers[workflow])
		for name, value := range want {
			if got, _ := vault.ReadAs(t, token, workflow, name); got != value {
				t.Errorf("the reader of %s reads %q for %s", workflow, got, name)
			}
		}
		if _, ok := vault.ReadAs(t, token, "deploy-shop", "signing-key"); ok != (workflow == "deploy-shop") {
			t.Errorf("the reader of %s can read the signing key of deploy-shop: %t", workflow, ok)
		}
	}
	s.NoChanges(t)
	s.holdsNone(t, password, key, secretID)
	s.Destroy(t)
	s.stepReads(t, "build-shop", "registry-password", "")
}
