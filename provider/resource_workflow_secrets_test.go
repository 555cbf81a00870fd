// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
)

// theSet is the resource address in these tests.
const theSet = "relay_workflow_secrets.all"

// set returns a resource with these secrets, each "value@version" or only a value.
func (s *fixture) set(secrets map[string]string, lines ...string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		value, version, versioned := strings.Cut(secrets[name], "@")
		fmt.Fprintf(&b, "    %q = { value_wo = %q", name, value)
		if versioned {
			fmt.Fprintf(&b, ", value_wo_version = %q", version)
		}
		b.WriteString(" }\n")
	}
	return fmt.Sprintf("\nresource \"relay_workflow_secrets\" \"all\" {\n  workflow = %q\n  secrets = {\n%s  }\n  %s\n}\n",
		s.workflow, b.String(), strings.Join(lines, "\n  "))
}

// element returns a secret of the set in the state; nil for none.
func (s *fixture) element(t *testing.T, name string) map[string]any {
	t.Helper()
	all, _ := s.Attributes(t, theSet)["secrets"].(map[string]any)
	element, _ := all[name].(map[string]any)
	return element
}

// has checks attributes of a secret of the set in the state.
func (s *fixture) has(t *testing.T, name string, want map[string]any) {
	t.Helper()
	got := s.element(t, name)
	if got == nil {
		t.Errorf("%s is not in the state", name)
	}
	for attribute, value := range want {
		if got[attribute] != value {
			t.Errorf("%s: %s is %v, want %v", name, attribute, got[attribute], value)
		}
	}
}

// reads checks what the workflow reads for each name; "" for no value.
func (s *fixture) reads(t *testing.T, want map[string]string) {
	t.Helper()
	reader := s.vault.Reader(t, s.workflow)
	for name, value := range want {
		if got, _ := s.vault.ReadAs(t, reader, s.workflow, name); got != value {
			t.Errorf("%s: the workflow reads %q, want %q", name, got, value)
		}
	}
}

func TestSetSendsOnlyChangedSecrets(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli.Raced())
		s.configure(t, s.set(map[string]string{"a": "1@1", "b": "2@1", "c": "3@1", "d": "4@1", "e": "5"}))
		plan := s.Plan(t)
		plan.Change(theSet).HasActions(t, "create")
		if at := plan.Change(theSet).Change.After["path"]; at != "customers/data/workflows/"+s.workflow {
			t.Errorf("the plan does not show the path: %v", at)
		}
		s.Apply(t)
		if n := s.dataWrites(t); n != 5 {
			t.Errorf("creating sent %d values, want 5", n)
		}
		s.reads(t, map[string]string{"a": "1", "b": "2", "c": "3", "d": "4", "e": "5"})
		s.has(t, "e", map[string]any{
			"version": 1.0, "observed_version": 1.0, "drift": "in sync", "value_wo": nil, "value_wo_version": nil, "expires_at": nil,
		})
		s.NoChanges(t)
		if n := s.dataWrites(t); n != 0 {
			t.Errorf("a plan sent %d values", n)
		}

		t.Log("two secrets change, one is added, one is removed")
		s.configure(t, s.set(map[string]string{"a": "one@2", "b": "two@2", "c": "other, under the same version@1", "d": "4@1", "f": "6@1"}))
		plan = s.Plan(t)
		plan.Change(theSet).HasActions(t, "update")
		printed := terraformtest.Result{Output: plan.Output}
		printed.Contains(t, `~ "a" = {`, `~ "b" = {`, `- "e" = {`, `+ "f" = {`, "# (2 unchanged elements hidden)")
		s.ApplyPlan(t)
		if n := s.dataWrites(t); n != 3 {
			t.Errorf("changing sent %d values, want 3", n)
		}
		s.reads(t, map[string]string{"a": "one", "b": "two", "c": "3", "d": "4", "e": "", "f": "6"})
		s.has(t, "a", map[string]any{"version": 2.0, "drift": "in sync", "value_wo_version": "2"})
		s.has(t, "c", map[string]any{"version": 1.0, "drift": "in sync", "value_wo_version": "1"})
		if s.element(t, "e") != nil {
			t.Error("a removed secret is still in the state")
		}
		s.NoChanges(t)

		t.Log("a deleted name can be used again")
		s.configure(t, s.set(map[string]string{"a": "one@2", "b": "two@2", "c": "3@1", "d": "4@1", "e": "again", "f": "6@1"}))
		s.Apply(t)
		s.reads(t, map[string]string{"e": "again"})
		s.NoChanges(t)

		t.Log("a change of other arguments sends no value")
		s.dataWrites(t)
		s.configure(t, s.set(map[string]string{"a": "one@2", "b": "two@2", "c": "3@1", "d": "4@1", "e": "again", "f": "6@1"}, `on_drift = "error"`))
		s.Plan(t).Change(theSet).HasActions(t, "update")
		s.Apply(t)
		if n := s.dataWrites(t); n != 0 {
			t.Errorf("changing other arguments sent %d values", n)
		}
		s.Destroy(t)
		s.reads(t, map[string]string{"a": "", "b": "", "c": "", "d": "", "e": "", "f": ""})
		s.vault.Undelete(t, s.workflow, "a", 2)
		s.reads(t, map[string]string{"a": "one"})
	})
}

func TestSecretsRemovedFromASetCanBePurged(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.configure(t, s.set(map[string]string{"a": "1@1", "b": "2"}, `deletion = "purge"`))
		s.Apply(t)
		s.configure(t, s.set(map[string]string{"a": "one@2"}, `deletion = "purge"`))
		s.Apply(t)
		s.Destroy(t)
		s.vault.Undelete(t, s.workflow, "a", 1, 2)
		s.vault.Undelete(t, s.workflow, "b", 1)
		s.reads(t, map[string]string{"a": "", "b": ""})
	})
}

func TestSetIsReplacedInAnotherWorkflow(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.configure(t, s.set(map[string]string{"a": "1", "b": "2"}))
		s.Apply(t)
		from := s.workflow
		s.workflow += "-moved"
		s.configure(t, s.set(map[string]string{"a": "1", "b": "2"}))
		s.Plan(t).Change(theSet).HasActions(t, "delete", "create")
		s.Apply(t)
		s.reads(t, map[string]string{"a": "1", "b": "2"})
		s.NoChanges(t)
		s.workflow = from
		s.reads(t, map[string]string{"a": "", "b": ""})
	})
}

func TestAllProblemsOfASetAreReportedAtOnce(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.Write(t, header+`
resource "relay_workflow_secrets" "all" {
  workflow  = "a/b"
  on_drift  = "ignore"
  exclusive = "yes"
  secrets = {
    "c:d" = { value_wo = "x" }
    "e*"  = { value_wo = "x" }
    "ok"  = { value_wo = "x" }
  }
}`)
		s.Fails(t, []string{"validate"}, `it contains '/'`, `it contains ':'`, `it contains '*'`, `"ignore"`, `"yes"`)
		s.Write(t, header+`
resource "relay_workflow_secrets" "all" {
  workflow = "w"
  secrets  = { none = null }
}`)
		s.Fails(t, []string{"validate"}, "null")
		if n := len(s.proxy.Requests()); n > 0 {
			t.Errorf("%d requests were sent to Vault", n)
		}

		t.Log("values that are too large, by name, before one is sent")
		large := `join("", [for i in range(1024) : format("%513s", "x")])`
		s.configure(t, strings.NewReplacer(`"LARGE"`, large).Replace(s.set(map[string]string{"a": "LARGE", "b": "ok", "c": "LARGE"})))
		s.Fails(t, []string{"plan"}, s.workflow+"/a: the value is larger than the limit", s.workflow+"/c: the value is larger than the limit")
		s.configure(t, "\nresource \"terraform_data\" \"large\" {\n  input = "+large+"\n}\n",
			strings.NewReplacer(`"LARGE"`, "terraform_data.large.output").Replace(s.set(map[string]string{"a": "LARGE", "b": "ok"})))
		s.Fails(t, []string{"apply", "-auto-approve"}, s.workflow+"/a: the value is larger than the limit")
		s.reads(t, map[string]string{"b": ""})
	})
}

func TestSetWithUnknownNamesAndValuesIsWrittenByTheApply(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		configuration := func(value, version string) string {
			return fmt.Sprintf(`
resource "terraform_data" "source" {
  input            = %q
  triggers_replace = %q
}
resource "relay_workflow_secrets" "all" {
  workflow = %q
  secrets = {
    for name in ["a", terraform_data.source.output] : name => {
      value_wo         = "value of ${name}"
      value_wo_version = terraform_data.source.id
    }
  }
}`, value, version, s.workflow)
		}
		s.configure(t, configuration("b", "1"))
		s.Plan(t)
		s.Apply(t)
		s.reads(t, map[string]string{"a": "value of a", "b": "value of b"})
		s.NoChanges(t)
		s.configure(t, configuration("c", "2"))
		s.Plan(t)
		if result := s.ApplyPlan(t); result.Code != 0 {
			t.Fatalf("the apply fails:\n%s", result.Output)
		}
		s.reads(t, map[string]string{"a": "value of a", "b": "", "c": "value of c"})
		s.NoChanges(t)
	})
}

// An import that stored all secrets of the owner would plan to delete those that other
// resources declare.
func TestImportOfASetTakesOnlyDeclaredSecrets(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.configure(t, s.set(map[string]string{"a": "1", "b": "2", "undeclared": "3"}))
		s.Apply(t)
		s.Must(t, "state", "rm", theSet)
		s.ownedBy(t, "person/ana", "foreign", "other")
		s.configure(t, s.set(map[string]string{"a": "one", "b": "two"}))
		s.dataWrites(t)

		s.Must(t, "import", theSet, s.workflow)
		if all := s.Attributes(t, theSet)["secrets"].(map[string]any); len(all) != 0 {
			t.Errorf("the import stored %v", all)
		}
		if n := s.dataWrites(t); n != 0 {
			t.Errorf("the import sent %d values", n)
		}

		t.Log("a destroy before the first apply deletes nothing")
		s.Destroy(t).Contains(t, "Secrets stay in Vault", "Terraform deletes only what it wrote")
		s.reads(t, map[string]string{"a": "1", "b": "2", "undeclared": "3"})

		t.Log("a secret of another owner is refused")
		s.Must(t, "import", theSet, s.workflow)
		s.configure(t, s.set(map[string]string{"a": "one", "foreign": "own"}))
		s.Fails(t, []string{"plan"}, s.workflow+"/foreign is owned by person/ana")

		t.Log("the first apply writes the declared secrets")
		s.configure(t, s.set(map[string]string{"a": "one", "b": "two"}))
		plan := s.Plan(t)
		plan.Change(theSet).HasActions(t, "update")
		printed := terraformtest.Result{Output: plan.Output}
		printed.Contains(t, `+ "a" = {`, `+ "b" = {`)
		if strings.Contains(plan.Output, "undeclared\"") {
			t.Errorf("the plan names a secret that is not declared:\n%s", plan.Output)
		}
		s.ApplyPlan(t)
		s.has(t, "a", map[string]any{"version": 2.0, "drift": "in sync"})
		s.reads(t, map[string]string{"a": "one", "b": "two", "undeclared": "3", "foreign": "other"})
		s.NoChanges(t)

		t.Log("after it, the set takes nothing over")
		s.configure(t, s.set(map[string]string{"a": "one", "b": "two", "undeclared": "own"}))
		s.Fails(t, []string{"plan"}, s.workflow+"/undeclared already exists")
		s.Must(t, "state", "rm", theSet)
		s.Fails(t, []string{"import", theSet, "no-such-workflow"}, `Workflow "no-such-workflow" has no secrets`)
		s.Fails(t, []string{"import", theSet, "a/b"}, "it contains '/'")
	})
}

func TestFingerprintsDetectChangedValuesOfASet(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.configure(t, s.set(map[string]string{"a": "1", "b": "2", "c": "3"}))
		s.Apply(t)
		s.dataWrites(t)
		detecting := func(a string) {
			s.configure(t, s.set(map[string]string{"a": a, "b": "2", "c": "3"}, "detect_changes = true"))
		}
		detecting("1")
		s.Fails(t, []string{"plan"}, "needs a fingerprint key")

		t.Log("values without a fingerprint are sent once")
		s.Setenv("RELAY_FINGERPRINT_KEY", strings.Repeat("k", 32))
		s.Apply(t).Contains(t, "Values are sent once to record their fingerprints", "a, b, c")
		if n := s.dataWrites(t); n != 3 {
			t.Errorf("%d values were sent, want 3", n)
		}
		s.NoChanges(t)

		t.Log("then only changed values are sent")
		detecting("one")
		s.Apply(t)
		if n := s.dataWrites(t); n != 1 {
			t.Errorf("%d values were sent, want 1", n)
		}
		s.reads(t, map[string]string{"a": "one", "b": "2"})
		s.NoChanges(t)

		t.Log("a value that is known only during the apply is compared then")
		s.configure(t, "\nresource \"terraform_data\" \"source\" {\n  input = \"2\"\n}\n", strings.Replace(
			s.set(map[string]string{"a": "one", "b": "SOURCE", "c": "3"}, "detect_changes = true"), `"SOURCE"`, "terraform_data.source.output", 1))
		s.Plan(t).Change(theSet).HasActions(t, "update")
		if result := s.ApplyPlan(t); result.Code != 0 {
			t.Fatalf("the apply fails:\n%s", result.Output)
		}
		if n := s.dataWrites(t); n != 0 {
			t.Errorf("%d values were sent, want none", n)
		}
		s.NoChanges(t)
	})
}
