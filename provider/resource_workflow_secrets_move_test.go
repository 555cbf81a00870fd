// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// ownedBy writes a value as another owner.
func (s *fixture) ownedBy(t *testing.T, owner, name, value string) {
	t.Helper()
	version := s.vault.Write(t, s.workflow, name, value)
	s.vault.PatchCustomMetadata(t, s.workflow, name, map[string]any{"relay." + owner: s.recordOf(t, name, version)})
}

// A key that is renamed inside a set loses its value if the old name is deleted before
// the new one is refused.
func TestSetDeletesNothingIfANewNameIsRefused(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.configure(t, s.set(map[string]string{"kept": "1@1", "old": "2"}))
		s.Apply(t)
		s.dataWrites(t)
		renamed := s.set(map[string]string{"kept": "one@2", "new": "2"})
		unchanged := func(what string) {
			t.Helper()
			s.reads(t, map[string]string{"kept": "1", "old": "2"})
			if s.element(t, "old") == nil || s.element(t, "new") != nil {
				t.Errorf("%s: the state is not as before", what)
			}
		}

		t.Log("the plan finds the owner of the new name")
		s.ownedBy(t, "person/ana", "new", "other")
		s.configure(t, renamed)
		s.Fails(t, []string{"plan"}, "Cannot create the secrets", s.workflow+"/new is owned by person/ana", "adopt = true")

		t.Log("the apply finds an owner that came after the plan")
		s.vault.Purge(t, s.workflow, "new")
		s.Plan(t)
		s.ownedBy(t, "person/ana", "new", "other")
		if result := s.ApplyPlan(t); result.Code != 1 {
			t.Errorf("exit %d, want 1", result.Code)
		}
		unchanged("refused in the apply")
		if n := s.dataWrites(t); n != 0 {
			t.Errorf("%d values were sent", n)
		}

		t.Log("a write that fails deletes nothing")
		s.vault.Purge(t, s.workflow, "new")
		s.Plan(t)
		s.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
			if strings.HasSuffix(r.URL.Path, "/data/workflows/"+s.workflow+"/new") {
				return vaulttest.FailWith(http.StatusBadRequest)
			}
			return vaulttest.Action{}
		})
		result := s.ApplyPlan(t)
		result.Contains(t, "Nothing was deleted, because not every secret was written.", "Not deleted: old.")
		s.reads(t, map[string]string{"kept": "one", "old": "2"})
		s.proxy.Hook(nil)

		t.Log("the next apply finishes")
		s.Apply(t)
		s.reads(t, map[string]string{"kept": "one", "old": "", "new": "2"})
		s.NoChanges(t)
	})
}

// A key moves to another set, which is refused: the set that has the key keeps it.
func TestKeyStaysInItsSetIfTheNewSetIsRefused(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		other := *s
		other.workflow += "-other"
		second := func(secrets map[string]string) string {
			return strings.Replace(other.set(secrets), `"all"`, `"second"`, 1)
		}
		s.configure(t, s.set(map[string]string{"a": "1", "key": "2"}), second(map[string]string{"b": "3"}))
		s.Apply(t)
		other.ownedBy(t, "gitops/cluster-1/shop", "key", "other")
		s.configure(t, s.set(map[string]string{"a": "1"}), second(map[string]string{"b": "3", "key": "2"}))
		s.Fails(t, []string{"apply", "-auto-approve"}, other.workflow+"/key is owned by gitops/cluster-1/shop; adopt it to take it over",
			"remove it from the files of that source only after that")
		s.reads(t, map[string]string{"a": "1", "key": "2"})
	})
}

// A plan that creates shows what the apply would refuse, and what it would take over.
func TestPlanOfANewSetFailsLikeItsApply(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.ownedBy(t, "person/ana", "owned", "other")
		s.configure(t, s.set(map[string]string{"fresh": "1", "owned": "2"}))
		s.Fails(t, []string{"plan"}, s.workflow+"/owned is owned by person/ana")
		s.Setenv("VAULT_TOKEN", s.vault.WriterWithout(t, "metadata", "patch"))
		s.Fails(t, []string{"plan"}, `capabilities = ["read", "patch"]`, "Not done: fresh, owned.")
		s.Setenv("VAULT_TOKEN", "hvs.invalid")
		s.Fails(t, []string{"plan"}, "the Vault token is invalid")
		s.Setenv("VAULT_TOKEN", s.token)
		s.configure(t, s.set(map[string]string{"fresh": "1", "owned": "2"}, "adopt = true"))
		s.Must(t, "plan").Contains(t, "Existing secrets will be taken over", "owned (owned by person/ana)")
		if n := s.dataWrites(t); n != 0 {
			t.Errorf("the plans sent %d values", n)
		}
	})
}

// Nine secrets that fail alike are one paragraph, which names all nine.
func TestFailuresWithOneCauseAreOneMessage(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		all := map[string]string{"lonely": "own"}
		s.ownedBy(t, "person/bob", "lonely", "other")
		for i := range 9 {
			name := fmt.Sprintf("name-%d", i)
			all[name] = "own"
			s.ownedBy(t, "terraform/other", name, "other")
		}
		s.configure(t, s.set(all))
		printed := s.Fails(t, []string{"plan"}, s.workflow+"/name-0 is owned by terraform/other",
			"This also applies to name-1, name-2, name-3, name-4, name-5, name-6, name-7, name-8.", s.workflow+"/lonely is owned by person/bob")
		if n := strings.Count(printed.Output, "To take it over"); n != 2 {
			t.Errorf("%d messages for 2 causes:\n%s", n, printed.Output)
		}
	})
}

// Terraform plans a replacement twice, the second time without a state: the secrets that
// the set wrote must not stop it, and those that others wrote must.
func TestReplacedSetIsRefusedOnlyForOutsideChanges(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.configure(t, s.set(map[string]string{"a": "1", "b": "2"}))
		s.Apply(t)
		s.Must(t, "apply", "-auto-approve", "-replace="+theSet)
		s.reads(t, map[string]string{"a": "1", "b": "2"})
		s.NoChanges(t)
		s.vault.Write(t, s.workflow, "b", "other")
		s.Fails(t, []string{"apply", "-auto-approve", "-replace=" + theSet}, s.workflow+"/b cannot be replaced: version 3 of", "this resource wrote version", "apply without -replace")
		s.reads(t, map[string]string{"a": "1", "b": "other"})
		s.Apply(t)
		s.Must(t, "apply", "-auto-approve", "-replace="+theSet)
		s.reads(t, map[string]string{"a": "1", "b": "2"})
	})
}
