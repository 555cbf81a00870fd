// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// TestReplaceUnderACreateBeforeDestroyDependentKeepsTheNewVersion: Terraform creates what
// the dependent depends on before it destroys it, too.
func TestReplaceUnderACreateBeforeDestroyDependentKeepsTheNewVersion(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		dependent := "resource \"terraform_data\" \"dependent\" {\n  triggers_replace = relay_workflow_secret.token.version\n" +
			"  lifecycle {\n    create_before_destroy = true\n  }\n}\n"
		s.configure(t, dependent, s.secret("token", `"one"`, "adopt = true", `deletion = "purge"`))
		s.Apply(t)
		s.Must(t, "apply", "-auto-approve", "-replace="+at("token")).Contains(t, "Secret was not deleted in Vault", "version 2 of")
		if got := s.value(t, "token"); got != "one" {
			t.Errorf("the workflow reads %q", got)
		}
		s.NoChanges(t)
	})
}

// TestCountShiftKeepsTheRemainingSecrets: without the first name, every instance of the
// list gets the name of the next one, while that one is destroyed.
func TestCountShiftKeepsTheRemainingSecrets(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		for _, lifecycle := range []string{"", "lifecycle {\n    create_before_destroy = true\n  }"} {
			s := newFixture(t, cli)
			list := func(names ...string) {
				t.Helper()
				s.configure(t, fmt.Sprintf("locals {\n  names = [\"%s\"]\n}\n", strings.Join(names, `", "`)),
					fmt.Sprintf("resource \"relay_workflow_secret\" \"list\" {\n  count = length(local.names)\n  workflow = %q\n"+
						"  name = local.names[count.index]\n  value_wo = local.names[count.index]\n  adopt = true\n  deletion = \"purge\"\n  %s\n}\n",
						s.workflow, lifecycle))
				s.Apply(t)
			}
			list("a", "b", "c", "d")
			list("b", "c", "d")
			for _, name := range []string{"b", "c", "d"} {
				if got := s.value(t, name); got != name {
					t.Errorf("%s: the workflow reads %q", name, got)
				}
			}
			if _, found := s.vault.ReadAs(t, s.vault.Reader(t, s.workflow), s.workflow, "a"); found {
				t.Error("the removed secret is still there")
			}
			s.NoChanges(t)
		}
	})
}

// TestDestroyAfterALostAnswerNamesWhatStays: the value may be that of this resource, and
// another writer can have written it.
func TestDestroyAfterALostAnswerNamesWhatStays(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		lose := func() { // the answers to both attempts of the next write
			var writes atomic.Int32
			s.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
				if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/data/") && writes.Add(1) <= 2 {
					return vaulttest.CutAt(vaulttest.After)
				}
				return vaulttest.Action{}
			})
		}
		s.configure(t, s.secret("token", `"one"`, `deletion = "purge"`))
		lose()
		s.Apply(t).Contains(t, "Result of the write is unknown")
		s.Destroy(t).Contains(t, "Secret was not deleted in Vault", "version 1 of")
		if got := s.value(t, "token"); got != "one" {
			t.Errorf("after the create: the workflow reads %q", got)
		}

		t.Log("an update whose answer was lost")
		s.configure(t, s.secret("other", `"one"`, `deletion = "purge"`, `value_wo_version = "1"`))
		s.Apply(t)
		s.configure(t, s.secret("other", `"two"`, `deletion = "purge"`, `value_wo_version = "2"`))
		lose()
		s.Fails(t, []string{"apply", "-auto-approve"}, "the answer to the write was lost")
		s.Destroy(t).Contains(t, "Secret was not deleted in Vault", "version 2 of")
		if got := s.value(t, "other"); got != "two" {
			t.Errorf("after the update: the workflow reads %q", got)
		}
	})
}

// TestSavedDestroyPlanOfAConnectionKeepsANewerVersion: neither the pointer nor a field.
func TestSavedDestroyPlanOfAConnectionKeepsANewerVersion(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newConnectionFixture(t, cli)
		write := func(token string) {
			t.Helper()
			s.connect(t, "shop", "github", map[string]string{"accessToken": token}, `fields_wo_version = "`+token+`"`, `deletion = "purge"`)
			s.Apply(t)
		}
		write("one")
		file := filepath.Join(s.Dir, "terraform.tfstate")
		before := s.file(t, file)
		s.Must(t, "plan", "-destroy", "-out="+terraformtest.PlanFile)
		write("two")
		if err := os.WriteFile(file, before, 0o600); err != nil {
			t.Fatal(err)
		}
		s.ApplyPlan(t).Contains(t, "Connection was not deleted in Vault", "version 2 of")
		s.finds(t, "github", map[string]string{"accessToken": "two"})
	})
}
