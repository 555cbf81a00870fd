// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
)

func TestCreateBeforeDestroyKeepsTheNewVersion(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		configure := func(trigger, value string, lines ...string) {
			t.Helper()
			lines = append(lines, `deletion = "purge"`, "lifecycle {\n    create_before_destroy = true\n    replace_triggered_by  = [terraform_data.trigger]\n  }")
			s.configure(t, "resource \"terraform_data\" \"trigger\" {\n  triggers_replace = \""+trigger+"\"\n}\n", s.secret("token", value, lines...))
		}
		configure("1", `"one"`)
		s.Apply(t)

		t.Log("without adopt, the create is refused and the value stays")
		configure("2", `"two"`)
		s.Fails(t, []string{"apply", "-auto-approve"}, "Secret "+s.workflow+"/token already exists", "create_before_destroy")
		if got := s.value(t, "token"); got != "one" {
			t.Errorf("the workflow reads %q", got)
		}

		t.Log("with adopt, the destroy of the old instance deletes nothing")
		configure("3", `"three"`, "adopt = true")
		s.Apply(t).Contains(t, "Secret was not deleted in Vault", "version 2 of", "written by terraform/shop")
		if got := s.value(t, "token"); got != "three" {
			t.Errorf("the workflow reads %q", got)
		}
		s.NoChanges(t)
		s.Destroy(t)
		if _, found := s.vault.ReadAs(t, s.vault.Reader(t, s.workflow), s.workflow, "token"); found {
			t.Error("the workflow reads a value after destroy")
		}
	})
}

func TestSavedDestroyPlanKeepsANewerVersion(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.configure(t, s.secret("token", `"one"`, `value_wo_version = "1"`))
		s.Apply(t)
		file := filepath.Join(s.Dir, "terraform.tfstate")
		before := s.file(t, file)
		s.Must(t, "plan", "-destroy", "-out="+terraformtest.PlanFile)

		t.Log("another copy of the state writes a newer version")
		s.configure(t, s.secret("token", `"two"`, `value_wo_version = "2"`))
		s.Apply(t)
		if err := os.WriteFile(file, before, 0o600); err != nil {
			t.Fatal(err)
		}
		result := s.ApplyPlan(t)
		result.Contains(t, "Secret was not deleted in Vault", "version 2 of")
		if got := s.value(t, "token"); got != "two" || result.Code != 0 {
			t.Errorf("exit %d, the workflow reads %q", result.Code, got)
		}
	})
}
