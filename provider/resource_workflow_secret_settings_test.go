// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// settings returns the settings of a secret in Vault.
func (s *fixture) settings(t *testing.T, name string) map[string]any {
	t.Helper()
	metadata := s.vault.Metadata(t, s.workflow, name)
	found := map[string]any{"max_versions": metadata["max_versions"], "delete_version_after": metadata["delete_version_after"]}
	custom, _ := metadata["custom_metadata"].(map[string]any)
	for key, text := range custom {
		if !strings.HasPrefix(key, "relay.") {
			found[key] = text
		}
	}
	return found
}

func (s *fixture) hasSettings(t *testing.T, name string, want map[string]any) {
	t.Helper()
	if diff := cmp.Diff(want, s.settings(t, name)); diff != "" {
		t.Errorf("%s: settings in Vault (-want +got):\n%s", name, diff)
	}
}

// allSettings are arguments for all settings.
var allSettings = []string{`custom_metadata = { team = "shop", stage = "prod" }`, `max_versions = 5`, `delete_version_after = "720h"`}

// creator returns a token that can also create metadata before the first version.
func (s *fixture) creator(t *testing.T) string {
	t.Helper()
	text, err := policy.For(policy.Grant{Role: policy.Writer, Mount: "customers", Prefix: "workflows", Settings: true})
	if err != nil {
		t.Fatal(err)
	}
	return s.vault.Token(t, text)
}

func TestSettingsChangeWithoutTheValue(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.configure(t, s.secret("token", `"one"`))
		s.Apply(t)
		s.vault.PatchCustomMetadata(t, s.workflow, "token", map[string]any{"other": "x"})
		record := s.vault.Metadata(t, s.workflow, "token")["custom_metadata"].(map[string]any)["relay.terraform/shop"]
		s.dataWrites(t)
		apply := func(lines ...string) {
			t.Helper()
			s.configure(t, s.secret("token", `"another that is not sent"`, lines...))
			plan := s.Plan(t)
			plan.Change(at("token")).HasActions(t, "update")
			if unknown := plan.Change(at("token")).Unknown(); len(unknown) > 0 {
				t.Errorf("known after apply: %v", unknown)
			}
			if result := s.ApplyPlan(t); result.Code != 0 {
				t.Fatalf("the apply fails:\n%s", result.Output)
			}
			if n := s.dataWrites(t); n != 0 {
				t.Errorf("%d values were sent", n)
			}
			s.NoChanges(t)
		}

		apply(allSettings...)
		s.hasSettings(t, "token", map[string]any{
			"max_versions": 5.0, "delete_version_after": "720h0m0s", "team": "shop", "stage": "prod", "other": "x",
		})

		t.Log("another spelling of the same duration is not a change")
		s.configure(t, s.secret("token", `"one"`, allSettings[0], allSettings[1], `delete_version_after = "720h0m0s"`))
		s.NoChanges(t)

		t.Log("each setting can change alone")
		apply(`custom_metadata = { team = "till" }`, allSettings[1], allSettings[2])
		s.hasSettings(t, "token", map[string]any{"max_versions": 5.0, "delete_version_after": "720h0m0s", "team": "till", "other": "x"})
		apply(`max_versions = 7`, `delete_version_after = "1h"`)
		s.hasSettings(t, "token", map[string]any{"max_versions": 7.0, "delete_version_after": "1h0m0s", "other": "x"})

		t.Log("a removed setting returns to the mount's default")
		apply()
		s.hasSettings(t, "token", map[string]any{"max_versions": 0.0, "delete_version_after": "0s", "other": "x"})

		if now := s.vault.Metadata(t, s.workflow, "token")["custom_metadata"].(map[string]any)["relay.terraform/shop"]; now != record {
			t.Errorf("the record changed from %v to %v", record, now)
		}
		if got := s.value(t, "token"); got != "one" {
			t.Errorf("the workflow reads %q", got)
		}

		t.Log("settings that are not configured do not change")
		s.vault.SetDeleteVersionAfter(t, s.workflow, "token", time.Hour)
		s.NoChanges(t)
	})
}

func TestSettingsChangedOutsideAreShownAndRestored(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.Setenv("VAULT_TOKEN", s.creator(t))
		s.configure(t, s.secret("token", `"one"`, allSettings...))
		s.Apply(t)
		s.dataWrites(t)
		s.vault.PatchCustomMetadata(t, s.workflow, "token", map[string]any{"team": "other", "stage": nil, "more": "x"})
		s.vault.SetDeleteVersionAfter(t, s.workflow, "token", time.Hour)

		plan := s.Plan(t)
		change := plan.Change(at("token"))
		change.HasActions(t, "update")
		change.Changes(t, "delete_version_after", "1h0m0s", "720h")
		change.Changes(t, "drift", "in sync", "in sync")
		for _, attribute := range []string{"custom_metadata", "custom_metadata_all"} {
			if diff := cmp.Diff(map[string]any{"team": "other"}, change.Change.Before[attribute]); diff != "" {
				t.Errorf("%s before: %s", attribute, diff)
			}
			if diff := cmp.Diff(map[string]any{"team": "shop", "stage": "prod"}, change.Change.After[attribute]); diff != "" {
				t.Errorf("%s after: %s", attribute, diff)
			}
		}
		s.Apply(t)
		if n := s.dataWrites(t); n != 0 {
			t.Errorf("%d values were sent", n)
		}
		want := map[string]any{"max_versions": 5.0, "delete_version_after": "720h0m0s", "team": "shop", "stage": "prod", "more": "x"}
		s.hasSettings(t, "token", want)
		s.NoChanges(t)

		t.Log("after a purge the settings are restored with the value")
		s.vault.Purge(t, s.workflow, "token")
		s.Plan(t).Change(at("token")).Changes(t, "drift", "purged", "in sync")
		s.Apply(t)
		delete(want, "more")
		s.hasSettings(t, "token", want)
		if expires := s.Attributes(t, at("token"))["expires_at"]; expires == nil {
			t.Error("what was written after the purge does not expire")
		}
		s.NoChanges(t)

		t.Log("with on_drift = warn, settings do not change either")
		s.vault.Write(t, s.workflow, "token", "other")
		s.configure(t, s.secret("token", `"one"`, `on_drift = "warn"`, `custom_metadata = { team = "till" }`, `max_versions = 9`))
		s.Apply(t).Contains(t, `The plan changes nothing, because on_drift is "warn"`)
		s.hasSettings(t, "token", want)
		if n := s.dataWrites(t); n != 1 {
			t.Errorf("%d values were sent, want that after the purge", n)
		}
	})
}

func TestDeleteVersionAfterAppliesToTheFirstVersion(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.configure(t, s.secret("token", `"one"`, allSettings...))
		s.Fails(t, []string{"apply", "-auto-approve"}, `path "customers/metadata/workflows/`+s.workflow+`/+" { capabilities = ["create", "read", "patch"] }`)
		if s.vault.Metadata(t, s.workflow, "token") != nil || s.Attributes(t, at("token")) != nil {
			t.Error("a value was written")
		}

		s.Setenv("VAULT_TOKEN", s.creator(t))
		t.Log("without the settings that precede it, the value is not sent")
		s.onSettings(func() vaulttest.Action { return vaulttest.CutAt(vaulttest.After) })
		s.Fails(t, []string{"apply", "-auto-approve"}, "Cannot create the secret")
		if n := s.dataWrites(t); n != 0 || s.Attributes(t, at("token")) != nil {
			t.Errorf("%d values were sent", n)
		}
		s.Apply(t)
		created, err1 := time.Parse(time.RFC3339Nano, fmt.Sprint(s.Attributes(t, at("token"))["created_time"]))
		expires, err2 := time.Parse(time.RFC3339Nano, fmt.Sprint(s.Attributes(t, at("token"))["expires_at"]))
		if err1 != nil || err2 != nil || expires.Sub(created) != 720*time.Hour {
			t.Errorf("created %s, expires %s (%v, %v)", created, expires, err1, err2)
		}
		if n := s.dataWrites(t); n != 1 {
			t.Errorf("%d values were sent", n)
		}
		s.NoChanges(t)

		t.Log("without delete_version_after the usual policy is sufficient")
		s.Setenv("VAULT_TOKEN", s.token)
		s.configure(t, s.secret("token", `"one"`, allSettings...), s.secret("plain", `"one"`, allSettings[:2]...))
		s.Apply(t)
		s.hasSettings(t, "plain", map[string]any{"max_versions": 5.0, "delete_version_after": "0s", "team": "shop", "stage": "prod"})
		s.NoChanges(t)

		t.Log("a secret of another owner gets neither value nor settings")
		s.vault.Write(t, s.workflow, "foreign", "other")
		s.configure(t, s.secret("foreign", `"own"`, allSettings...))
		s.Fails(t, []string{"apply", "-auto-approve", "-target=" + at("foreign")}, "foreign already exists")
		s.hasSettings(t, "foreign", map[string]any{"max_versions": 0.0, "delete_version_after": "0s"})
	})
}

// onSettings calls f for each request that changes settings.
func (s *fixture) onSettings(f func() vaulttest.Action) {
	s.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
		body := make([]byte, 1<<12)
		n, _ := r.Body.Read(body)
		if strings.Contains(r.URL.Path, "/metadata/") && strings.Contains(string(body[:n]), "max_versions") {
			return f()
		}
		return vaulttest.Action{}
	})
}

func TestInterruptedSettingsAreFinishedLater(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.configure(t, s.secret("token", `"one"`, allSettings[:2]...))
		s.onSettings(func() vaulttest.Action { return vaulttest.FailWith(400) })
		s.Apply(t).Contains(t, "Warning: Secret was written without its settings", "The next plan shows which settings are missing")
		if n := s.dataWrites(t); n != 1 {
			t.Errorf("%d values were sent", n)
		}
		s.Plan(t).Change(at("token")).HasActions(t, "update")
		s.Apply(t)
		s.NoChanges(t)
		if n := s.dataWrites(t); n != 0 {
			t.Errorf("finishing the settings sent %d values", n)
		}

		for _, breaking := range []struct {
			how    vaulttest.Action
			landed bool
		}{{vaulttest.FailWith(400), false}, {vaulttest.CutAt(vaulttest.Before), false}, {vaulttest.CutAt(vaulttest.After), true}} {
			t.Log("with a value and without one")
			s.configure(t, s.secret("token", `"two"`, `value_wo_version = "2"`, `custom_metadata = { team = "till", new = "x" }`, `max_versions = 6`))
			s.onSettings(func() vaulttest.Action { return breaking.how })
			s.Fails(t, []string{"apply", "-auto-approve"}, "Cannot update the secret")
			if breaking.landed {
				s.NoChanges(t)
			} else {
				s.Fails(t, []string{"apply", "-auto-approve"}, "Cannot update the secret")
			}

			t.Log("labels that may have been written stay in the state")
			s.proxy.Reset()
			s.configure(t, s.secret("token", `"two"`, `value_wo_version = "2"`, allSettings[0], allSettings[1]))
			s.Apply(t)
			s.hasSettings(t, "token", map[string]any{"max_versions": 5.0, "delete_version_after": "0s", "team": "shop", "stage": "prod"})
			s.NoChanges(t)
		}
		if version := s.Attributes(t, at("token"))["version"]; version != 2.0 {
			t.Errorf("the value was written more than once: version %v", version)
		}
	})
}

func TestInvalidSettingsAreRefusedBeforeTheFirstRequest(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.configure(t, s.secret("token", `"one"`, `custom_metadata = { "relay.terraform/x" = "forged", empty = "" }`, `max_versions = -1`, `delete_version_after = "30d"`))
		s.Fails(t, []string{"validate"}, `Label "relay.terraform/x": the prefix "relay." is reserved`, `Label "empty": the value has 0 bytes`, "Must be 0 to 10000", "There is no unit for days")
		s.configure(t, s.secret("token", `"one"`, `custom_metadata = { team = null }`))
		s.Fails(t, []string{"validate"}, "Null")
		if n := len(s.proxy.Requests()); n > 0 {
			t.Errorf("%d requests were sent to Vault", n)
		}
	})
}
