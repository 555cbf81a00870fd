// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
)

func TestProviderDefaultsApplyUnlessTheResourceSetsTheArgument(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		withDefaults := func(defaults string, blocks ...string) {
			t.Helper()
			s.Write(t, strings.Replace(header, `owner  = "shop"`, `owner  = "shop"
  `+defaults, 1)+strings.Join(blocks, ""))
		}
		const all = `defaults = {
    on_drift        = "warn"
    deletion        = "purge"
    custom_metadata = { team = "shop", stage = "prod" }
    max_versions    = 5
  }`
		silent := s.secret("silent", `"one"`)
		outspoken := s.secret("outspoken", `"one"`, `on_drift = "error"`, `deletion = "soft"`, `custom_metadata = { stage = "test", own = "x" }`, `max_versions = 6`)
		withDefaults(all, silent, outspoken)
		after := s.Plan(t).Change(at("silent")).Change.After
		if after["on_drift"] != "warn" || after["deletion"] != "purge" || after["max_versions"] != 5.0 || after["adopt"] != nil {
			t.Errorf("the plan does not show the resulting arguments: %v", after)
		}
		s.Apply(t)
		s.hasSettings(t, "silent", map[string]any{"max_versions": 5.0, "delete_version_after": "0s", "team": "shop", "stage": "prod"})
		s.hasSettings(t, "outspoken", map[string]any{"max_versions": 6.0, "delete_version_after": "0s", "team": "shop", "stage": "test", "own": "x"})
		s.attributes(t, "outspoken", map[string]any{"on_drift": "error", "deletion": "soft", "max_versions": 6.0})
		s.NoChanges(t)
		s.dataWrites(t)

		t.Log("a changed default changes only resources that use it")
		withDefaults(`defaults = { custom_metadata = { stage = "prod" } }`, silent, outspoken)
		plan := s.Plan(t)
		plan.Change(at("silent")).Changes(t, "on_drift", "warn", "overwrite")
		if diff := cmp.Diff(map[string]any{"stage": "test", "own": "x"}, plan.Change(at("outspoken")).Change.After["custom_metadata_all"]); diff != "" {
			t.Error(diff)
		}
		s.Apply(t)
		s.hasSettings(t, "silent", map[string]any{"max_versions": 0.0, "delete_version_after": "0s", "stage": "prod"})
		s.hasSettings(t, "outspoken", map[string]any{"max_versions": 6.0, "delete_version_after": "0s", "stage": "test", "own": "x"})
		if n := s.dataWrites(t); n != 0 {
			t.Errorf("%d values were sent", n)
		}
		s.NoChanges(t)

		t.Log("adopt for a whole configuration")
		s.vault.Write(t, s.workflow, "silent", "other")
		s.vault.PatchCustomMetadata(t, s.workflow, "silent", map[string]any{"relay.person/ana": s.recordOf(t, "silent", 2)})
		withDefaults(``, silent)
		s.Fails(t, []string{"plan"}, "owned by person/ana")
		withDefaults(`defaults = { adopt = true }`, silent)
		s.Apply(t)
		if got := s.value(t, "silent"); got != "one" {
			t.Errorf("the workflow reads %q", got)
		}

		t.Log("invalid defaults are refused")
		withDefaults(`defaults = { on_drift = "ignore", max_versions = -1, delete_version_after = "soon", custom_metadata = { "relay.x" = "y" } }`, silent)
		s.Fails(t, []string{"validate"}, `"ignore"`, "Must be 0 to 10000", "Must be a duration", `Label "relay.x": the prefix "relay." is reserved`)
		withDefaults(`defaults = { custom_metadata = { id = terraform_data.late.id } }`, silent, "\nresource \"terraform_data\" \"late\" {}\n")
		s.Fails(t, []string{"plan"}, "The values in defaults must be known during the plan")
	})
}

func TestChangedOwnerOwnsNoSecrets(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		as := func(owner string, blocks ...string) {
			t.Helper()
			s.Write(t, strings.Replace(header, `"shop"`, `"`+owner+`"`, 1)+strings.Join(blocks, ""))
		}
		as("old", s.secret("token", `"one"`), s.secret("left", `"one"`))
		s.Apply(t)
		s.dataWrites(t)
		as("new", s.secret("token", `"two"`), s.secret("left", `"one"`))
		s.Fails(t, []string{"plan"}, "Secret is not owned by this configuration", "owned by terraform/old", "adopt = true")

		t.Log("after restoring the old owner there are no changes")
		as("old", s.secret("token", `"one"`), s.secret("left", `"one"`))
		s.NoChanges(t)

		t.Log("the new owner adopts; a destroy deletes the version that the resource wrote as the old owner")
		as("new", s.secret("token", `"two"`, `adopt = true`))
		s.Plan(t).Change(at("token")).Changes(t, "drift", "owned by terraform/old", "in sync")
		s.Apply(t)
		if n := s.dataWrites(t); n != 1 {
			t.Errorf("%d values were sent", n)
		}
		_, left := s.vault.ReadAs(t, s.vault.Reader(t, s.workflow), s.workflow, "left")
		if s.value(t, "token") != "two" || left {
			t.Error("the wrong secret was written or deleted")
		}
		s.NoChanges(t)
		as("new", s.secret("token", `"two"`))
		s.Apply(t)
		s.NoChanges(t)
		custom := s.vault.Metadata(t, s.workflow, "token")["custom_metadata"].(map[string]any)
		if len(custom) != 2 || custom["relay.terraform/old"] == nil {
			t.Errorf("a record is missing: %v", custom)
		}
	})
}
