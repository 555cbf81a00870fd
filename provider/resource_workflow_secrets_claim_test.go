// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// The destroy of the old instance deletes only what that instance wrote, and not what the
// new instance wrote with the same owner.
func TestSetCreatedBeforeItsDestroyKeepsTheNewValues(t *testing.T) {
	t.Parallel()
	for _, deletion := range []string{deletionSoft, deletionPurge} {
		t.Run(deletion, func(t *testing.T) {
			t.Parallel()
			terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
				s := newFixture(t, cli)
				configure := func(trigger string) {
					s.configure(t, fmt.Sprintf("\nresource \"terraform_data\" \"trigger\" {\n  input = %q\n}\n", trigger),
						s.set(map[string]string{"a": "value " + trigger, "b": "2"}, "adopt = true", fmt.Sprintf("deletion = %q", deletion),
							"lifecycle {\n    create_before_destroy = true\n    replace_triggered_by = [terraform_data.trigger]\n  }"))
				}
				configure("one")
				s.Apply(t)
				configure("two")
				s.Apply(t).Contains(t, "Secrets were not deleted in Vault", s.workflow+"/a: version 2 of ", "written by terraform/shop")
				s.reads(t, map[string]string{"a": "value two", "b": "2"})
				s.has(t, "a", map[string]any{"version": 2.0, "drift": "in sync"})
				s.NoChanges(t)
			})
		})
	}
}

// With count, the removal of the first element moves the keys of the others to other
// instances.
func TestKeysThatMoveWithCountKeepTheirValues(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		configure := func(names string) {
			s.configure(t, fmt.Sprintf(`
locals {
  names = %s
}
resource "relay_workflow_secrets" "all" {
  count    = length(local.names)
  workflow = %q
  adopt    = true
  secrets  = { (local.names[count.index]) = { value_wo = "value of ${local.names[count.index]}" } }
}`, names, s.workflow))
		}
		configure(`["a", "b", "c"]`)
		s.Apply(t)
		configure(`["b", "c"]`)
		s.Apply(t)
		s.reads(t, map[string]string{"a": "", "b": "value of b", "c": "value of c"})
		s.NoChanges(t)
	})
}

// A saved plan of a destroy is older than what another copy of the state wrote.
func TestSavedDestroyOfASetKeepsNewerValues(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.configure(t, s.set(map[string]string{"a": "1@1", "b": "2@1"}))
		s.Apply(t)
		s.Plan(t, "-destroy")
		other := *s
		other.Workspace = cli.Workspace(t)
		other.Setenv("VAULT_ADDR", s.proxy.Address)
		other.Setenv("VAULT_TOKEN", s.token)
		const state = "terraform.tfstate"
		if err := os.WriteFile(filepath.Join(other.Dir, state), s.file(t, filepath.Join(s.Dir, state)), 0o600); err != nil {
			t.Fatal(err)
		}
		other.configure(t, s.set(map[string]string{"a": "one@2", "b": "2@1"}))
		other.Apply(t)
		result := s.ApplyPlan(t)
		if result.Code != 0 {
			t.Errorf("exit %d:\n%s", result.Code, result.Output)
		}
		result.Contains(t, s.workflow+"/a: version 2 of ", "written by terraform/shop")
		s.reads(t, map[string]string{"a": "one", "b": ""})
	})
}

// In another Vault every secret of a set would show as purged, and the old values would
// stay behind unmanaged.
func TestSetInAnotherVaultIsRefusedUntilItIsAccepted(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.configure(t, s.set(map[string]string{"a": "1", "b": "2"}))
		s.Apply(t)
		other := vaulttest.StartOwn(t)
		s.Setenv("VAULT_ADDR", other.Address)
		s.Setenv("VAULT_TOKEN", other.Writer(t))
		s.Fails(t, []string{"plan"}, `Mount "customers" is not the one where this was written`, "accept_new_mount = true")
		s.Fails(t, []string{"apply", "-auto-approve", "-refresh=false", "-replace=" + theSet}, "accept_new_mount = true")
		s.Fails(t, []string{"destroy", "-auto-approve", "-refresh=false"}, "accept_new_mount = true")
		if len(s.Attributes(t, theSet)["secrets"].(map[string]any)) != 2 {
			t.Error("a refused destroy removed secrets from the state")
		}
		s.Write(t, strings.Replace(header, `owner  = "shop"`, "owner  = \"shop\"\n  accept_new_mount = true", 1)+
			s.set(map[string]string{"a": "1", "b": "2"}))
		s.Apply(t)
		for name, want := range map[string]string{"a": "1", "b": "2"} {
			if got, _ := other.ReadAs(t, other.Reader(t, s.workflow), s.workflow, name); got != want {
				t.Errorf("%s: the workflow reads %q, want %q", name, got, want)
			}
		}
		s.configure(t, s.set(map[string]string{"a": "1", "b": "2"}))
		s.NoChanges(t)
	})
}

// A set whose write of a name was refused, because another resource with the same owner
// wrote it first, must not take that version for its own: its value would be lost.
func TestSetDoesNotTakeTheVersionOfAnotherResourceForItsOwn(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		set := map[string]string{"shared": "this@1", "own": "this@1"}
		s.configure(t, s.set(set))
		var once sync.Once
		s.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
			if strings.HasSuffix(r.URL.Path, "/data/workflows/"+s.workflow+"/shared") {
				once.Do(func() { s.ownedBy(t, "terraform/shop", "shared", "theirs") })
			}
			return vaulttest.Action{}
		})
		s.Apply(t).Contains(t, "Secret was not written as planned", "shared changed since the plan")
		s.Fails(t, []string{"plan"}, "Secret is not owned by this configuration", "shared: owned by terraform/shop", "adopt = true")
		s.reads(t, map[string]string{"shared": "theirs", "own": "this"})

		t.Log("on request the set takes it over")
		s.configure(t, s.set(set, "adopt = true"))
		s.Apply(t)
		s.reads(t, map[string]string{"shared": "this", "own": "this"})
		s.NoChanges(t)
	})
}
