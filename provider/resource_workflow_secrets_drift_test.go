// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

func TestDriftInASetIsShownAndRepairedPerSecret(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		all, foreign := map[string]string{"untouched": "own@1"}, []string{}
		for _, d := range disturbances() {
			all[d.name] = "own@1"
			if d.foreign {
				foreign = append(foreign, d.name)
			}
		}
		s.configure(t, s.set(all))
		s.Apply(t)
		s.dataWrites(t)
		for _, d := range disturbances() {
			d.do(t, s, d.name)
		}

		t.Log("secrets of others stop the plan, with their names")
		printed := s.Fails(t, []string{"plan"}, "Secret is not owned by this configuration", "adopt = true")
		for _, name := range foreign {
			printed.Contains(t, s.workflow+"/"+name+": ")
		}

		t.Log("with on_drift = warn nothing changes")
		s.configure(t, s.set(all, `on_drift = "warn"`))
		printed = s.Apply(t)
		for _, d := range disturbances() {
			printed.Contains(t, s.workflow+"/"+d.name+": "+d.drift)
		}
		if n := s.dataWrites(t); n != 0 {
			t.Errorf("%d values were sent", n)
		}
		s.configure(t, s.set(all, `on_drift = "error"`))
		s.Fails(t, []string{"plan"}, "Secret was changed outside Terraform", s.workflow+"/overwritten: overwritten: version 2 at")

		t.Log("with adopt all drift is repaired in place, and no other value is sent")
		s.configure(t, s.set(all, "adopt = true"))
		plan := s.Plan(t)
		plan.Change(theSet).HasActions(t, "update")
		for _, d := range disturbances() {
			if want := `"` + d.drift; !strings.Contains(plan.Output, want) {
				t.Errorf("the plan does not contain %s", want)
			}
			before, after := inSet(plan.Change(theSet).Change.Before, d.name), inSet(plan.Change(theSet).Change.After, d.name)
			if !strings.HasPrefix(fmt.Sprint(before["drift"]), d.drift) || after["drift"] != "in sync" {
				t.Errorf("%s: drift goes from %v to %v", d.name, before["drift"], after["drift"])
			}
		}
		if strings.Contains(plan.Output, "untouched") {
			t.Errorf("the plan shows a secret without drift:\n%s", plan.Output)
		}
		if result := s.ApplyPlan(t); result.Code != 0 {
			t.Fatalf("healing failed:\n%s", result.Output)
		}
		if n := s.dataWrites(t); n != len(disturbances()) {
			t.Errorf("the repair sent %d values, want %d", n, len(disturbances()))
		}
		for name := range all {
			s.has(t, name, map[string]any{"drift": "in sync"})
			s.reads(t, map[string]string{name: "own"})
		}
		s.NoChanges(t)
	})
}

// inSet returns a secret of the set, before or after a change.
func inSet(side map[string]any, name string) map[string]any {
	all, _ := side["secrets"].(map[string]any)
	element, _ := all[name].(map[string]any)
	return element
}

func TestSavedPlanOfASetChangesNothingIfASecretHasChanged(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.configure(t, s.set(map[string]string{"a": "1@1", "b": "2@1", "c": "3@1"}))
		s.Apply(t)
		s.configure(t, s.set(map[string]string{"a": "one@2", "b": "two@2", "c": "3@1", "d": "four@1", "e": "five@1"}))
		s.Plan(t)
		s.vault.Write(t, s.workflow, "b", "other")
		refused := func(texts ...string) {
			t.Helper()
			result := s.ApplyPlan(t)
			if result.Code != 1 {
				t.Errorf("exit %d, want 1", result.Code)
			}
			result.Contains(t, texts...)
		}
		refused(s.workflow + "/b changed since the plan: version 2, planned from 1")
		s.Plan(t)
		s.vault.Write(t, s.workflow, "e", "other")
		refused(s.workflow+"/e already exists", "adopt = true")
		s.reads(t, map[string]string{"a": "1", "b": "other", "c": "3", "d": "", "e": "other"})
		for _, name := range []string{"a", "b", "c"} {
			s.has(t, name, map[string]any{"version": 1.0, "value_wo_version": "1"})
		}
		for _, name := range []string{"d", "e"} {
			if s.element(t, name) != nil {
				t.Errorf("%s is in the state, and it was not written", name)
			}
		}
		if n := s.dataWrites(t); n != 3 {
			t.Errorf("%d values were sent, want those of the first apply", n)
		}

		t.Log("the next plan writes all of them")
		s.configure(t, s.set(map[string]string{"a": "one@2", "b": "two@2", "c": "3@1", "d": "four@1", "e": "five@1"}, "adopt = true"))
		s.Apply(t)
		if n := s.dataWrites(t); n != 4 {
			t.Errorf("%d values were sent, want 4", n)
		}
		s.reads(t, map[string]string{"a": "one", "b": "two", "d": "four", "e": "five"})
		s.NoChanges(t)
	})
}

func TestSetIsRefusedBeforeAnySecretIsWritten(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.vault.Write(t, s.workflow, "found", "other")
		s.vault.Write(t, s.workflow, "owned", "other")
		s.vault.PatchCustomMetadata(t, s.workflow, "owned", map[string]any{"relay.person/ana": s.recordOf(t, "owned", 1)})
		refused := func(texts ...string) {
			t.Helper()
			s.Fails(t, []string{"apply", "-auto-approve"}, texts...)
			if n := s.dataWrites(t); n != 0 {
				t.Errorf("%d values were sent", n)
			}
			if s.Attributes(t, theSet) != nil {
				t.Error("a refused secret is in the state")
			}
		}
		s.configure(t, s.set(map[string]string{"found": "1", "fresh": "2", "owned": "3"}))
		refused(s.workflow+"/found already exists and is unmanaged", s.workflow+"/owned is owned by person/ana", "adopt = true")

		t.Log("a missing capability is reported once")
		for _, missing := range []struct{ operation, capability, complete string }{
			{"data", "create", `create", "update`}, {"data", "update", `create", "update`},
			{"metadata", "read", `read", "patch`}, {"metadata", "patch", `read", "patch`},
		} {
			s.configure(t, s.set(map[string]string{"a": "1", "b": "2", "c": "3"}))
			s.Setenv("VAULT_TOKEN", s.vault.WriterWithout(t, missing.operation, missing.capability))
			rule := `path "customers/` + missing.operation + `/workflows/` + s.workflow + `/+" { capabilities = ["` + missing.complete + `"] }`
			refused(rule, "Not done: a, b, c.")
		}
		s.Setenv("VAULT_TOKEN", s.token)
		s.configure(t, s.set(map[string]string{"a": "1", "b": "2"}))
		s.Apply(t)

		t.Log("a token that cannot read metadata is a warning")
		s.Setenv("VAULT_TOKEN", s.vault.WriterWithout(t, "metadata", "read"))
		s.Must(t, "apply", "-auto-approve", "-refresh-only").Contains(t, "Warning: Drift is not checked", `capabilities = ["read", "patch"]`)
		s.has(t, "a", map[string]any{"version": 1.0, "drift": "not checked: the token cannot read the metadata"})

		t.Log("a secret that cannot be deleted stays in the state")
		s.Setenv("VAULT_TOKEN", s.vault.WriterWithout(t, "delete", "update"))
		s.configure(t, s.set(map[string]string{"a": "1"}))
		s.Fails(t, []string{"apply", "-auto-approve"}, `path "customers/delete/workflows/`+s.workflow+`/+" { capabilities = ["update"] }`)
		s.Fails(t, []string{"destroy", "-auto-approve"}, `path "customers/delete/workflows/`+s.workflow+`/+" { capabilities = ["update"] }`)
		s.has(t, "b", map[string]any{"drift": "in sync"})
		s.Setenv("VAULT_TOKEN", s.token)
		s.Apply(t)
		s.reads(t, map[string]string{"a": "1", "b": ""})
		s.NoChanges(t)
	})
}

func TestSetDoesNotDeleteSecretsOfOthers(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.configure(t, s.set(map[string]string{"a": "1", "taken": "2"}))
		s.Apply(t)
		version := s.vault.Write(t, s.workflow, "taken", "other")
		s.vault.PatchCustomMetadata(t, s.workflow, "taken", map[string]any{"relay.person/ana": s.recordOf(t, "taken", version)})
		s.configure(t, s.set(map[string]string{"a": "1"}))
		s.Apply(t).Contains(t, s.workflow+"/taken: version 2 of ", "written by person/ana, stays in Vault", "Terraform removed it only from the state")
		s.reads(t, map[string]string{"a": "1", "taken": "other"})
		s.NoChanges(t)
	})
}

func TestValuesOfASetAreOnlyInVault(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		canary := vaulttest.Canary(t)
		s.Setenv("TF_VAR_token", canary)
		s.Setenv("TF_LOG", "TRACE")
		// Only the attribute marks a value as one that must not be shown.
		if err := os.WriteFile(filepath.Join(s.Dir, "canary.txt"), []byte(canary), 0o600); err != nil {
			t.Fatal(err)
		}
		outputs := map[string][]byte{}
		run := func(what string, args ...string) {
			outputs[what] = []byte(s.Run(t, args...).Output)
		}
		configure := func(secrets map[string]string, lines ...string) {
			s.configure(t, "\nvariable \"token\" {\n  type = string\n  ephemeral = true\n}\n",
				strings.NewReplacer(`"TOKEN"`, "var.token", `"FILE"`, `file("canary.txt")`).Replace(s.set(secrets, lines...)))
		}
		failing := func(part string, status int) {
			s.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
				if strings.Contains(r.URL.Path, part) {
					return vaulttest.FailWith(status)
				}
				return vaulttest.Action{}
			})
		}
		configure(map[string]string{"a": "TOKEN@1", "b": "FILE@1"})
		run("validate", "validate")
		run("plan of create", "plan", "-out="+terraformtest.PlanFile)
		run("plan of create as JSON", "show", "-json", terraformtest.PlanFile)
		failing("/data/workflows/"+s.workflow+"/b", 400)
		run("create that misses one", "apply", terraformtest.PlanFile)
		s.proxy.Hook(nil)
		run("repair", "apply", "-auto-approve")
		s.reads(t, map[string]string{"a": canary, "b": canary})
		configure(map[string]string{"a": "TOKEN@2", "b": "FILE@2", "c": "FILE@1"})
		run("plan of update", "plan", "-out="+terraformtest.PlanFile)
		run("plan of update as JSON", "show", "-json", terraformtest.PlanFile)
		s.vault.Write(t, s.workflow, "a", "other")
		failing("/metadata/workflows/"+s.workflow+"/c", 500)
		run("conflict", "apply", terraformtest.PlanFile)
		s.proxy.Hook(nil)
		run("last", "apply", "-auto-approve")
		s.reads(t, map[string]string{"a": canary, "b": canary, "c": canary})
		outputs["state"] = s.file(t, filepath.Join(s.Dir, "terraform.tfstate"))
		outputs["state backup"] = s.file(t, filepath.Join(s.Dir, "terraform.tfstate.backup"))
		outputs["state as JSON"] = []byte(s.Must(t, "show", "-json").Output)
		run("destroy", "destroy", "-auto-approve")
		if !strings.Contains(string(outputs["last"]), "[TRACE]") {
			t.Error("the output has no trace log")
		}
		vaulttest.AssertNoCanary(t, canary, outputs)
	})
}

func TestDocumentedPlanOfASetIsReal(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixtureOn(t, cli, vaulttest.StartOwn(t))
		s.workflow = "deploy-production"
		s.configure(t, s.set(map[string]string{"registry-password": "1@1", "signing-key": "2@1", "api-token": "3@1", "old-password": "4@1"}))
		s.Apply(t)
		s.vault.Write(t, s.workflow, "signing-key", "other")
		s.configure(t, s.set(map[string]string{"registry-password": "one@2", "signing-key": "2@1", "api-token": "3@1", "new-password": "5@1"}))
		plan := s.Plan(t)
		_, from, _ := strings.Cut(plan.Output, "  # "+theSet+" will")
		shown, _, found := strings.Cut(from, "\n    }\n")
		if !found {
			t.Fatalf("the plan does not show the set:\n%s", plan.Output)
		}
		inTheGuide(t, "set", "  # "+theSet+" will"+shown+"\n    }\n")
	})
}

func TestSetWithChangedOwnerNeedsAdopt(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		all := map[string]string{"a": "1@1", "b": "2@1"}
		as := func(owner string, lines ...string) {
			s.Write(t, strings.Replace(header, `"shop"`, `"`+owner+`"`, 1)+s.set(all, lines...))
		}
		as("shop")
		s.Apply(t)
		as("branch")
		s.Fails(t, []string{"plan"}, s.workflow+"/a: owned by terraform/shop", s.workflow+"/b: owned by terraform/shop", "adopt = true")
		as("branch", `on_drift = "warn"`)
		s.Apply(t)
		s.dataWrites(t)
		as("branch", `on_drift = "overwrite"`, "adopt = true")
		s.Apply(t)
		if n := s.dataWrites(t); n != 2 {
			t.Errorf("%d values were sent, want 2", n)
		}
		s.NoChanges(t)

		t.Log("a destroy deletes what the owner that the state remembers has written")
		as("shop", `on_drift = "warn"`)
		s.Apply(t)
		s.Destroy(t)
		s.reads(t, map[string]string{"a": "", "b": ""})
	})
}
