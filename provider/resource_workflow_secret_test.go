// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"slices"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
)

// attributes checks attributes of a resource in the state.
func (s *fixture) attributes(t *testing.T, name string, want map[string]any) {
	t.Helper()
	got := s.Attributes(t, at(name))
	for attribute, value := range want {
		if got[attribute] != value {
			t.Errorf("%s: %s is %v, want %v", name, attribute, got[attribute], value)
		}
	}
}

func TestSecretIsWrittenOnceAndTheNextPlanIsEmpty(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.configure(t, s.secret("token", `"one"`, `value_wo_version = "1"`))
		plan := s.Plan(t)
		plan.Change(at("token")).HasActions(t, "create")
		if path := plan.Change(at("token")).Change.After["path"]; path != "customers/data/workflows/"+s.workflow+"/token" {
			t.Errorf("the plan does not show the path: %v", path)
		}
		s.Apply(t)
		if n := s.dataWrites(t); n != 1 {
			t.Errorf("creating sent %d values, want 1", n)
		}
		s.attributes(t, "token", map[string]any{
			"version": 1.0, "observed_version": 1.0, "drift": "in sync", "value_wo": nil, "expires_at": nil,
			"on_drift": "overwrite", "adopt": nil, "deletion": "soft",
		})
		if got := s.value(t, "token"); got != "one" {
			t.Errorf("the workflow reads %q", got)
		}
		s.NoChanges(t)
		if n := s.dataWrites(t); n != 0 {
			t.Errorf("a plan sent %d values", n)
		}
	})
}

func TestOnlyAChangedVersionSendsTheValue(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.configure(t, s.secret("token", `"one"`, `value_wo_version = "9"`))
		s.Apply(t)
		s.dataWrites(t)

		t.Log("another value with the same version is not sent")
		s.configure(t, s.secret("token", `"two"`, `value_wo_version = "9"`))
		s.NoChanges(t)

		t.Log("a change of other arguments does not send the value")
		s.configure(t, s.secret("token", `"two"`, `value_wo_version = "9"`, `on_drift = "warn"`, `adopt = true`, `deletion = "purge"`))
		change := s.Plan(t).Change(at("token"))
		change.HasActions(t, "update")
		if unknown := change.Unknown(); len(unknown) > 0 {
			t.Errorf("nothing is written, but these are known after apply: %v", unknown)
		}
		s.Apply(t)
		if n := s.dataWrites(t); n != 0 {
			t.Errorf("changing other arguments sent %d values", n)
		}
		if got := s.value(t, "token"); got != "one" {
			t.Errorf("the workflow reads %q, want the first value", got)
		}

		t.Log("a smaller version is a change, too")
		s.configure(t, s.secret("token", `"two"`, `value_wo_version = "1"`))
		change = s.Plan(t).Change(at("token"))
		change.HasActions(t, "update")
		if unknown := change.Unknown(); !slices.Equal(unknown, []string{"created_time", "expires_at", "observed_version", "version"}) {
			t.Errorf("known after apply: %v", unknown)
		}
		s.Apply(t)
		if n := s.dataWrites(t); n != 1 {
			t.Errorf("a changed version sent %d values, want 1", n)
		}
		s.attributes(t, "token", map[string]any{"version": 2.0, "drift": "in sync", "value_wo_version": "1"})
		if got := s.value(t, "token"); got != "two" {
			t.Errorf("the workflow reads %q, want the second value", got)
		}
		s.NoChanges(t)
	})
}

func TestDestroyDeletesSoftlyOrPurges(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.configure(t, s.secret("soft", `"a"`), s.secret("purged", `"b"`, `deletion = "purge"`))
		s.Apply(t)
		s.Destroy(t)
		reader := s.vault.Reader(t, s.workflow)
		for _, name := range []string{"soft", "purged"} {
			if _, ok := s.vault.ReadAs(t, reader, s.workflow, name); ok {
				t.Errorf("%s can still be read after destroy", name)
			}
		}
		s.vault.Undelete(t, s.workflow, "soft", 1)
		if got := s.value(t, "soft"); got != "a" {
			t.Errorf("after undelete the workflow reads %q", got)
		}
		s.vault.Undelete(t, s.workflow, "purged", 1)
		if _, ok := s.vault.ReadAs(t, reader, s.workflow, "purged"); ok {
			t.Error("a purged value was undeleted")
		}

		t.Log("the names can be used again if there is no live value")
		s.configure(t, s.secret("purged", `"c"`))
		s.Apply(t)
		if got := s.value(t, "purged"); got != "c" {
			t.Errorf("the workflow reads %q", got)
		}
		s.NoChanges(t)
	})
}

func TestSecretIsReplacedAtAnotherNameOrMount(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.configure(t, s.secret("token", `"one"`))
		s.Apply(t)

		s.Write(t, header+`
resource "relay_workflow_secret" "token" {
  workflow = "`+s.workflow+`"
  name     = "renamed"
  value_wo = "one"
}`)
		s.Plan(t).Change(at("token")).HasActions(t, "delete", "create")
		s.Apply(t)
		if got := s.value(t, "renamed"); got != "one" {
			t.Errorf("the workflow reads %q", got)
		}
		if _, ok := s.vault.ReadAs(t, s.vault.Reader(t, s.workflow), s.workflow, "token"); ok {
			t.Error("the old name still has its value")
		}
		s.NoChanges(t)

		t.Log("another prefix in the provider block replaces the secret")
		s.Setenv("VAULT_TOKEN", s.vault.RootToken)
		s.Write(t, `
terraform {
  required_providers {
    relay = { source = "relay-secrets/relay" }
  }
}
provider "relay" {
  owner  = "shop"
  prefix = "elsewhere"
}
resource "relay_workflow_secret" "token" {
  workflow = "`+s.workflow+`"
  name     = "renamed"
  value_wo = "one"
}`)
		plan := s.Plan(t)
		plan.Change(at("token")).HasActions(t, "delete", "create")
		plan.Change(at("token")).Changes(t, "path", "customers/data/workflows/", "customers/data/elsewhere/"+s.workflow+"/renamed")
		s.Apply(t)
		if _, ok := s.vault.ReadAs(t, s.vault.Reader(t, s.workflow), s.workflow, "renamed"); ok {
			t.Error("the old path still has its value")
		}
		s.NoChanges(t)
		s.Destroy(t)
	})
}

func TestImportedSecretIsWrittenOnce(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		configuration := s.secret("token", `"one"`)
		s.configure(t, configuration)
		s.Apply(t)
		s.Must(t, "state", "rm", at("token"))
		s.dataWrites(t)

		t.Log("an import has no baseline: a destroy deletes nothing")
		s.Must(t, "import", at("token"), s.workflow+"/token")
		s.attributes(t, "token", map[string]any{"version": nil, "created_time": nil, "drift": "in sync", "observed_version": 1.0})
		s.Destroy(t).Contains(t, "Secret was not deleted in Vault", "version 1 of", "written by terraform/shop", "vault kv delete -mount=customers -versions=1")
		if got := s.value(t, "token"); got != "one" {
			t.Errorf("the workflow reads %q", got)
		}

		t.Log("the first apply writes the value")
		s.Must(t, "import", at("token"), s.workflow+"/token")
		s.configure(t, s.secret("token", `"one"`, `value_wo_version = "1"`))
		change := s.Plan(t).Change(at("token"))
		change.HasActions(t, "update")
		change.Changes(t, "value_wo_version", "", "1")
		change.Changes(t, "drift", "in sync", "in sync")
		change.Changes(t, "on_drift", "overwrite", "overwrite")
		if n := s.dataWrites(t); n != 0 {
			t.Errorf("importing sent %d values", n)
		}
		s.Apply(t).Contains(t, "Secret was imported")
		s.attributes(t, "token", map[string]any{"version": 2.0, "drift": "in sync"})
		s.NoChanges(t)
		s.Must(t, "state", "rm", at("token"))

		t.Log("a secret of another writer can be imported, and needs adopt")
		s.vault.Write(t, s.workflow, "foreign", "other")
		s.configure(t, s.secret("foreign", `"own"`))
		s.Must(t, "import", at("foreign"), s.workflow+"/foreign")
		s.attributes(t, "foreign", map[string]any{"version": nil, "drift": "unmanaged", "observed_version": 1.0})
		s.Fails(t, []string{"plan"}, "unmanaged", "adopt = true")
		s.configure(t, s.secret("foreign", `"own"`, "adopt = true"))
		s.Plan(t).Change(at("foreign")).Changes(t, "drift", "unmanaged", "in sync")
		s.Apply(t)
		if got := s.value(t, "foreign"); got != "own" {
			t.Errorf("the workflow reads %q", got)
		}
		s.NoChanges(t)
		s.Must(t, "state", "rm", at("foreign"))

		t.Log("a missing secret cannot be imported")
		s.configure(t, s.secret("absent", `"one"`))
		s.Fails(t, []string{"import", at("absent"), s.workflow + "/absent"}, "Secret "+s.workflow+"/absent not found")
		s.Fails(t, []string{"import", at("absent"), "absent"}, "expected workflow/name")
		s.Fails(t, []string{"import", at("absent"), s.workflow + "/a:b"}, "it contains ':'")
	})
}
