// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
)

// undeclared checks the undeclared secrets in the state.
func (s *fixture) undeclared(t *testing.T, want map[string]any) {
	t.Helper()
	got, _ := s.Attributes(t, theSet)["undeclared"].(map[string]any)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("undeclared (-want +got):\n%s", diff)
	}
}

func TestUndeclaredSecretsAreListedAndOnlyOwnOnesDeleted(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		single := s.secret("beside", `"own"`)
		s.configure(t, s.set(map[string]string{"a": "1", "left": "2"}), single)
		s.Apply(t)
		s.Must(t, "state", "rm", theSet) // a state that was lost
		s.vault.Write(t, s.workflow, "unknown", "other")
		s.vault.Write(t, s.workflow, "anas", "other")
		s.vault.PatchCustomMetadata(t, s.workflow, "anas", map[string]any{"relay.person/ana": s.recordOf(t, "anas", 1)})
		s.vault.Write(t, s.workflow, "dead", "other")
		s.vault.SoftDelete(t, s.workflow, "dead")
		s.vault.Write(t, s.workflow, "slack:webhook", "other")
		s.dataWrites(t)

		t.Log("with \"off\" no list request is sent")
		s.configure(t, s.set(map[string]string{"a": "1"}, "adopt = true"), single)
		s.Apply(t)
		s.undeclared(t, nil)
		for _, r := range s.proxy.Requests() {
			if r.Method == "LIST" || r.Query.Has("list") {
				t.Error("a list request was sent")
			}
		}

		t.Log("with \"show\" they are listed and not changed")
		invalid := "cannot be managed: it contains ':' (U+003A); letters, digits and _ . @ - and the space are allowed"
		all := map[string]any{
			"left": "owned by terraform/shop", "beside": "owned by terraform/shop", "anas": "owned by person/ana", "unknown": "unmanaged",
			`"slack:webhook"`: invalid,
		}
		s.configure(t, s.set(map[string]string{"a": "1"}, `exclusive = "show"`), single)
		s.Apply(t).Contains(t, "Workflow has undeclared secrets", "anas (owned by person/ana), beside (owned by terraform/shop), left (owned by terraform/shop), unknown (unmanaged)",
			"Workflow has names that cannot be managed", "1 name cannot be managed here, but steps can read it", "vault kv metadata delete")
		s.undeclared(t, all)
		s.NoChanges(t)

		t.Log("a secret that is declared now is adopted and no longer listed")
		s.configure(t, s.set(map[string]string{"a": "1", "unknown": "own"}, `exclusive = "show"`, "adopt = true"), single)
		s.Apply(t)
		delete(all, "unknown")
		s.undeclared(t, all)
		s.NoChanges(t)

		t.Log("with \"delete\" the plan names those of this owner, and the apply deletes them")
		s.configure(t, s.set(map[string]string{"a": "1", "unknown": "own"}, `exclusive = "delete"`))
		s.Must(t, "state", "rm", at("beside")) // else the plan would delete it, too
		plan := s.Plan(t)
		plan.Change(theSet).HasActions(t, "update")
		printed := terraformtest.Result{Output: plan.Output}
		printed.Contains(t, `- "left" = "owned by terraform/shop"`, `- "beside" = "owned by terraform/shop"`)
		s.vault.Write(t, s.workflow, "left", "written after the plan")
		result := s.ApplyPlan(t)
		result.Contains(t, s.workflow+"/left changed since the plan: version 2, planned from 1")
		s.reads(t, map[string]string{"a": "1", "left": "written after the plan", "beside": "", "anas": "other", "unknown": "own"})
		s.undeclared(t, map[string]any{"left": "owned by terraform/shop", "anas": "owned by person/ana", `"slack:webhook"`: invalid})
		if result := s.Run(t, "plan"); result.Code != 0 {
			t.Errorf("exit %d:\n%s", result.Code, result.Output)
		}
		s.Apply(t).Contains(t, "They are not deleted, because this configuration does not own them")
		s.undeclared(t, map[string]any{"left": "last owned by terraform/shop", "anas": "owned by person/ana", `"slack:webhook"`: invalid})
		s.NoChanges(t)
		s.configure(t, s.set(map[string]string{"a": "1", "unknown": "own"}))
		s.Apply(t)
		s.undeclared(t, nil)
	})
}

func TestExclusiveSetCreateDoesNotDeleteUnlistedSecrets(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.configure(t, s.secret("beside", `"own"`))
		s.Apply(t)
		s.Must(t, "state", "rm", at("beside"))
		s.configure(t, s.set(map[string]string{"a": "1"}, `exclusive = "delete"`))
		s.Apply(t)
		s.reads(t, map[string]string{"a": "1", "beside": "own"})
		s.undeclared(t, map[string]any{"beside": "owned by terraform/shop"})
		s.Plan(t).Change(theSet).HasActions(t, "update")
		s.Apply(t)
		s.reads(t, map[string]string{"beside": ""})
		s.undeclared(t, map[string]any{})
		s.NoChanges(t)

		t.Log("a token that cannot list is a warning, and nothing is deleted")
		s.vault.Write(t, s.workflow, "other", "other")
		s.Setenv("VAULT_TOKEN", s.vault.WriterWithout(t, "metadata", "list"))
		result := s.Run(t, "plan", "-detailed-exitcode")
		if result.Code != 0 {
			t.Errorf("exit %d:\n%s", result.Code, result.Output)
		}
		result.Contains(t, "Warning: Cannot list undeclared secrets", fmt.Sprintf("path %q { capabilities = [\"list\"] }", "customers/metadata/workflows/"+s.workflow+"/"))
	})
}
