// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
)

// disturbance is an outside change of a secret that Terraform wrote as version 1, and
// the drift in the plan.
type disturbance struct {
	name  string
	do    func(t *testing.T, s *fixture, name string)
	drift string // how the sentence begins
	// foreign: Terraform writes it only with adopt.
	foreign bool
}

// recordOf returns a record of another owner for a version.
func (s *fixture) recordOf(t *testing.T, name string, version int) string {
	t.Helper()
	versions := s.vault.Metadata(t, s.workflow, name)["versions"].(map[string]any)
	created := versions[fmt.Sprint(version)].(map[string]any)["created_time"]
	return fmt.Sprintf("version=%d time=%s", version, created)
}

func disturbances() []disturbance {
	write := func(t *testing.T, s *fixture, name string) { s.vault.Write(t, s.workflow, name, "other") }
	return []disturbance{
		{"overwritten", write, "overwritten: version 2 at 2", false},
		{"deleted", func(t *testing.T, s *fixture, name string) { s.vault.SoftDelete(t, s.workflow, name) }, "deleted at 2", false},
		{"destroyed", func(t *testing.T, s *fixture, name string) { s.vault.Destroy(t, s.workflow, name, 1) }, "destroyed", false},
		{"purged", func(t *testing.T, s *fixture, name string) { s.vault.Purge(t, s.workflow, name) }, "purged", false},
		{"rewritten", func(t *testing.T, s *fixture, name string) {
			s.vault.Purge(t, s.workflow, name)
			write(t, s, name)
		}, "rewritten after a purge", true},
		{"stripped", func(t *testing.T, s *fixture, name string) {
			s.vault.PatchCustomMetadata(t, s.workflow, name, map[string]any{"relay.terraform/shop": nil})
		}, "record lost", false},
		{"taken", func(t *testing.T, s *fixture, name string) {
			version := s.vault.Write(t, s.workflow, name, "other")
			s.vault.PatchCustomMetadata(t, s.workflow, name, map[string]any{
				"relay.gitops/cluster-1/platform": s.recordOf(t, name, version),
			})
		}, "owned by gitops/cluster-1/platform", true},
	}
}

func TestDriftIsShownAndRepairedInPlace(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		var all []string
		for _, d := range disturbances() {
			all = append(all, s.secret(d.name, `"own"`, fmt.Sprintf("adopt = %t", d.foreign)))
		}
		all = append(all, s.secret("untouched", `"own"`))
		s.configure(t, all...)
		s.Apply(t)
		s.dataWrites(t)
		for _, d := range disturbances() {
			d.do(t, s, d.name)
		}

		plan := s.Plan(t)
		for _, d := range disturbances() {
			change := plan.Change(at(d.name))
			change.HasActions(t, "update")
			change.Changes(t, "drift", d.drift, "in sync")
			if !strings.Contains(plan.Output, d.drift) {
				t.Errorf("the plan does not contain %q:\n%s", d.drift, plan.Output)
			}
		}
		plan.Change(at("untouched")).HasActions(t, "no-op")
		if result := s.ApplyPlan(t); result.Code != 0 {
			t.Fatalf("healing failed:\n%s", result.Output)
		}
		if n := s.dataWrites(t); n != len(disturbances()) {
			t.Errorf("the repair sent %d values, want %d", n, len(disturbances()))
		}
		for _, d := range disturbances() {
			s.attributes(t, d.name, map[string]any{"drift": "in sync"})
			if got := s.value(t, d.name); got != "own" {
				t.Errorf("%s: the workflow reads %q, want own", d.name, got)
			}
		}
		s.NoChanges(t)
	})
}

func TestSecretsOfOthersAreNotWrittenWithoutAdopt(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		foreign := map[string]string{}
		for _, d := range disturbances() {
			if d.foreign {
				foreign[d.name] = d.drift
				s.configure(t, s.secret(d.name, `"own"`))
				s.Apply(t)
				d.do(t, s, d.name)
				s.dataWrites(t)
				s.Fails(t, []string{"plan"}, "Secret is not owned by this configuration", d.drift, "adopt = true", "Terraform wrote version 1 at")

				t.Log("on_drift = warn changes nothing")
				s.configure(t, s.secret(d.name, `"own"`, `on_drift = "warn"`))
				s.Plan(t).Change(at(d.name)).HasActions(t, "update") // of on_drift itself
				s.Apply(t).Contains(t, d.drift)
				s.NoChanges(t)

				t.Log("removing it from the configuration keeps it in Vault, with a warning")
				s.configure(t)
				s.Apply(t).Contains(t, "Secret", "stays in Vault")
				if n := s.dataWrites(t); n != 0 {
					t.Errorf("%s: %d values were sent", d.name, n)
				}
				if got := s.value(t, d.name); got != "other" {
					t.Errorf("%s: the workflow reads %q, want the other value", d.name, got)
				}
			}
		}
		if len(foreign) == 0 {
			t.Error("no change comes from another owner")
		}
	})
}

func TestOnDriftWarnShowsDriftAndChangesNothing(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.configure(t, s.secret("token", `"own"`, `on_drift = "warn"`, `value_wo_version = "1"`))
		s.Apply(t)
		s.vault.Write(t, s.workflow, "token", "other")
		s.dataWrites(t)

		result := s.Run(t, "plan", "-detailed-exitcode")
		if result.Code != 0 {
			t.Errorf("a warning plans a change: exit %d\n%s", result.Code, result.Output)
		}
		result.Contains(t, "Warning: Secret was changed outside Terraform", "overwritten: version 2 at", `The plan changes nothing, because on_drift is "warn"`)
		s.Apply(t)
		if drift := fmt.Sprint(s.Attributes(t, at("token"))["drift"]); !strings.HasPrefix(drift, "overwritten: version 2") {
			t.Errorf("drift in the state is %q", drift)
		}
		if n := s.dataWrites(t); n != 0 {
			t.Errorf("%d values were sent", n)
		}

		t.Log("a new version is written and ends the drift")
		s.configure(t, s.secret("token", `"own"`, `on_drift = "warn"`, `value_wo_version = "2"`))
		s.Plan(t).Change(at("token")).Changes(t, "drift", "overwritten: version 2", "in sync")
		s.Apply(t)
		if got := s.value(t, "token"); got != "own" {
			t.Errorf("the workflow reads %q", got)
		}
		s.NoChanges(t)
	})
}

func TestOnDriftErrorStopsThePlan(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.configure(t, s.secret("token", `"own"`, `on_drift = "error"`))
		s.Apply(t)
		s.NoChanges(t)
		s.vault.Write(t, s.workflow, "token", "other")
		created := fmt.Sprint(s.Attributes(t, at("token"))["created_time"])
		s.Fails(t, []string{"plan"}, "Error: Secret was changed outside Terraform", "overwritten: version 2 at",
			"Terraform wrote version 1 at "+created, "The current version is 2", `on_drift = "overwrite"`)
		s.Fails(t, []string{"apply", "-auto-approve"}, "overwritten: version 2 at")
		if got := s.value(t, "token"); got != "other" {
			t.Errorf("the workflow reads %q", got)
		}

		t.Log("overwrite repairs")
		s.configure(t, s.secret("token", `"own"`))
		s.Apply(t)
		if got := s.value(t, "token"); got != "own" {
			t.Errorf("the workflow reads %q", got)
		}
		s.configure(t, s.secret("token", `"own"`, `on_drift = "error"`))
		s.Apply(t)
		s.NoChanges(t)
	})
}

func TestExpiryIsShownAndThenRepaired(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.configure(t, s.secret("token", `"one"`, `value_wo_version = "1"`))
		s.Apply(t)
		s.vault.SetDeleteVersionAfter(t, s.workflow, "token", 3*time.Second)
		s.configure(t, s.secret("token", `"one"`, `value_wo_version = "2"`))
		s.Apply(t)
		expires, err := time.Parse(time.RFC3339Nano, fmt.Sprint(s.Attributes(t, at("token"))["expires_at"]))
		if err != nil {
			t.Fatalf("no expiry: %v", err)
		}
		s.attributes(t, "token", map[string]any{"drift": "in sync"})

		deadline := time.Now().Add(30 * time.Second)
		for {
			plan := s.Plan(t)
			change := plan.Change(at("token"))
			if change.Change.Actions[0] == "update" {
				change.Changes(t, "drift", "expired at "+expires.UTC().Format(time.RFC3339), "in sync")
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("the secret expires at %s, and no plan shows it:\n%s", expires, plan.Output)
			}
		}
		s.Apply(t)
		if got := s.value(t, "token"); got != "one" {
			t.Errorf("the workflow reads %q", got)
		}
	})
}

func TestSavedPlanFailsIfTheSecretHasChanged(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.configure(t, s.secret("token", `"one"`, `value_wo_version = "1"`))
		s.Apply(t)
		s.configure(t, s.secret("token", `"two"`, `value_wo_version = "2"`))
		s.Plan(t)
		s.vault.Write(t, s.workflow, "token", "other")
		s.dataWrites(t)
		result := s.ApplyPlan(t)
		if result.Code != 1 {
			t.Errorf("exit %d, want 1", result.Code)
		}
		result.Contains(t, "changed since the plan: version 2, planned from 1", "plan again")
		if n := s.dataWrites(t); n != 0 {
			t.Errorf("%d values were sent", n)
		}
		if got := s.value(t, "token"); got != "other" {
			t.Errorf("the workflow reads %q, want the other value", got)
		}
		s.attributes(t, "token", map[string]any{"version": 1.0, "value_wo_version": "1"})

		t.Log("a saved plan that creates a secret fails, too")
		s.configure(t, s.secret("fresh", `"one"`))
		s.Plan(t, "-target="+at("fresh"))
		s.vault.Write(t, s.workflow, "fresh", "other")
		result = s.ApplyPlan(t)
		if result.Code != 1 {
			t.Errorf("exit %d, want 1", result.Code)
		}
		result.Contains(t, "already exists", "adopt = true")
		if got := s.value(t, "fresh"); got != "other" {
			t.Errorf("the workflow reads %q, want the other value", got)
		}
	})
}

func TestCreateRefusesExistingSecretsWithoutAdopt(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.vault.Write(t, s.workflow, "found", "other")
		s.vault.Write(t, s.workflow, "owned", "other")
		s.vault.PatchCustomMetadata(t, s.workflow, "owned", map[string]any{"relay.person/ana": s.recordOf(t, "owned", 1)})

		s.configure(t, s.secret("found", `"own"`), s.secret("owned", `"own"`))
		s.Fails(t, []string{"apply", "-auto-approve"}, "found already exists and is unmanaged",
			"owned is owned by person/ana", "adopt = true")
		if s.Attributes(t, at("found")) != nil || s.Attributes(t, at("owned")) != nil {
			t.Error("a refused secret is in the state")
		}
		if n := s.dataWrites(t); n != 0 {
			t.Errorf("%d values were sent", n)
		}

		s.configure(t, s.secret("found", `"own"`, "adopt = true"), s.secret("owned", `"own"`, "adopt = true"))
		s.Apply(t)
		for _, name := range []string{"found", "owned"} {
			if got := s.value(t, name); got != "own" {
				t.Errorf("%s: the workflow reads %q", name, got)
			}
		}
		custom := s.vault.Metadata(t, s.workflow, "owned")["custom_metadata"].(map[string]any)
		if custom["relay.person/ana"] != s.recordOf(t, "owned", 1) {
			t.Errorf("the other owner's record has changed: %v", custom)
		}
		s.NoChanges(t)

		t.Log("a second resource for the same secret fails")
		s.configure(t, s.secret("found", `"own"`), s.secret("owned", `"own"`), strings.Replace(s.secret("found", `"again"`), `"found" {`, `"twice" {`, 1))
		s.Fails(t, []string{"apply", "-auto-approve"}, "found already exists: terraform/shop wrote version 2", "import it with the id")
	})
}

func TestRestoredVaultIsDetected(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		for _, version := range []string{"1", "2"} {
			s.configure(t, s.secret("token", `"own"`, fmt.Sprintf("value_wo_version = %q", version)))
			s.Apply(t)
		}
		// As after a restored snapshot: an older version with its record.
		s.vault.Purge(t, s.workflow, "token")
		s.vault.Write(t, s.workflow, "token", "older")
		s.vault.PatchCustomMetadata(t, s.workflow, "token", map[string]any{"relay.terraform/shop": s.recordOf(t, "token", 1)})
		s.Plan(t).Change(at("token")).Changes(t, "drift", "restored: version 1, last written 2", "in sync")
		s.Apply(t)
		if got := s.value(t, "token"); got != "own" {
			t.Errorf("the workflow reads %q", got)
		}
		s.NoChanges(t)
	})
}
