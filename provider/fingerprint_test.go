// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// fingerprintOnRecord returns the hmac1 of the owner's record; "" for none.
func (s *fixture) fingerprintOnRecord(t *testing.T, name string) string {
	t.Helper()
	record, _ := s.vault.Metadata(t, s.workflow, name)["custom_metadata"].(map[string]any)["relay.terraform/shop"].(string)
	_, rest, _ := strings.Cut(record, " hmac1=")
	fingerprint, _, _ := strings.Cut(rest, " ")
	return fingerprint
}

func TestCompare(t *testing.T) {
	t.Parallel()
	key, err := secrets.NewFingerprintKeys([]byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	newer, err := secrets.NewFingerprintKeys([]byte(strings.Repeat("n", 32)), []byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	address := secrets.Scope{Mount: "customers", Prefix: "workflows", Group: "deploy"}.Secret("token")
	noted := key.HMAC1(address, secrets.NewValue("one")).Newest()
	rotated := &backend{shared: shared{fingerprint: newer}}
	keyed, keyless := &backend{shared: shared{fingerprint: key}}, &backend{shared: shared{fingerprintUnknown: true}}
	for _, row := range []struct {
		name   string
		c      *backend
		detect types.Bool
		at     secrets.Address
		value  types.String
		noted  string
		want   fingerprintComparison
	}{
		{"not asked for", keyed, types.BoolValue(false), address, types.StringValue("two"), noted, fingerprintSame},
		{"not configured", keyed, types.BoolNull(), address, types.StringValue("two"), noted, fingerprintSame},
		{"whether is not known", keyed, types.BoolUnknown(), address, types.StringValue("two"), noted, fingerprintUnknown},
		{"the same value", keyed, types.BoolValue(true), address, types.StringValue("one"), noted, fingerprintSame},
		{"another value", keyed, types.BoolValue(true), address, types.StringValue("two"), noted, fingerprintDiffers},
		{"the same value under the older key", rotated, types.BoolValue(true), address, types.StringValue("one"), noted, fingerprintSame},
		{"another value under the older key", rotated, types.BoolValue(true), address, types.StringValue("two"), noted, fingerprintDiffers},
		{"another secret's fingerprint", keyed, types.BoolValue(true), address.Scope.Secret("other"), types.StringValue("one"), noted, fingerprintDiffers},
		{"none was noted", keyed, types.BoolValue(true), address, types.StringValue("one"), "", fingerprintMissing},
		{"the value is not known", keyed, types.BoolValue(true), address, types.StringUnknown(), noted, fingerprintUnknown},
		{"the place is not known", keyed, types.BoolValue(true), secrets.Address{}, types.StringValue("one"), noted, fingerprintUnknown},
		{"the key is not known", keyless, types.BoolValue(true), address, types.StringValue("one"), noted, fingerprintUnknown},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if got := row.c.compareFingerprint(row.detect, row.at, row.value, row.noted); got != row.want {
				t.Errorf("comparison %d, want %d", got, row.want)
			}
		})
	}
}

func TestDetectChangesNeedsAFingerprintKey(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.configure(t, s.secret("token", `"one"`, `detect_changes = true`))
		s.Fails(t, []string{"plan"}, "Cannot detect changes of the value", "RELAY_FINGERPRINT_KEY")
		s.Setenv("RELAY_FINGERPRINT_KEY", "short")
		s.Fails(t, []string{"plan"}, "fewer than 32 bytes")
	})
}

// sends checks how many values were sent since the last call.
func (s *fixture) sends(t *testing.T, want int) {
	t.Helper()
	if n := s.dataWrites(t); n != want {
		t.Errorf("%d values were sent, want %d", n, want)
	}
}

func TestFingerprintDetectsAChangedValue(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		const detect = `detect_changes = true`
		key := vaulttest.Canary(t)

		t.Log("the first plan with a key sends a value that has no fingerprint, with a warning")
		s.configure(t, s.secret("token", `"one"`))
		s.Apply(t)
		if got := s.fingerprintOnRecord(t, "token"); got != "" {
			t.Errorf("there is a fingerprint without a key: %s", got)
		}
		s.sends(t, 1)
		s.Setenv("RELAY_FINGERPRINT_KEY", key)
		s.NoChanges(t)
		s.configure(t, s.secret("token", `"one"`, detect))
		s.Apply(t).Contains(t, "Warning: Value is sent once to record its fingerprint", s.workflow+"/token")
		s.sends(t, 1)
		s.NoChanges(t)
		first := s.fingerprintOnRecord(t, "token")

		t.Log("another value is sent, the same value is not")
		s.configure(t, s.secret("token", `"two"`, detect))
		change := s.Plan(t).Change(at("token"))
		change.HasActions(t, "update")
		change.Changes(t, "drift", "in sync", "in sync")
		s.Apply(t)
		s.sends(t, 1)
		if got := s.value(t, "token"); got != "two" {
			t.Errorf("the workflow reads %q", got)
		}
		if second := s.fingerprintOnRecord(t, "token"); len(first) != 22 || len(second) != 22 || first == second {
			t.Errorf("fingerprints %q, then %q", first, second)
		}
		s.NoChanges(t)
		if result := s.Run(t, "plan", "-refresh=false", "-detailed-exitcode"); result.Code != 0 {
			t.Errorf("without a refresh the value looks changed:\n%s", result.Output)
		}

		t.Log("a change of value_wo_version sends the value")
		s.configure(t, s.secret("token", `"two"`, detect, `value_wo_version = "2"`))
		s.Apply(t)
		s.sends(t, 1)
		s.NoChanges(t)
	})
}

func TestFingerprintOfTheRecordIsCompared(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		const detect = `detect_changes = true`
		key := vaulttest.Canary(t)
		s.Setenv("RELAY_FINGERPRINT_KEY", key)
		s.configure(t, s.secret("token", `"two"`, detect))
		s.Apply(t)
		s.sends(t, 1)

		t.Log("an import is followed by one write")
		s.Must(t, "state", "rm", at("token"))
		s.configure(t, s.secret("token", `"two"`, detect))
		s.Must(t, "import", at("token"), s.workflow+"/token")
		s.Apply(t)
		s.NoChanges(t)
		s.sends(t, 1)

		t.Log("with on_drift = warn, values of others are kept and a new value is sent")
		s.configure(t, s.secret("token", `"two"`, detect, `on_drift = "warn"`))
		s.vault.Write(t, s.workflow, "token", "other")
		s.Apply(t)
		s.sends(t, 0)
		s.configure(t, s.secret("token", `"three"`, detect, `on_drift = "warn"`))
		s.Apply(t)
		s.sends(t, 1)
		if got := s.value(t, "token"); got != "three" {
			t.Errorf("the workflow reads %q", got)
		}
		s.NoChanges(t)

		t.Log("after a change of the key every value is sent once")
		s.Setenv("RELAY_FINGERPRINT_KEY", key+"2")
		s.Apply(t)
		s.sends(t, 1)
		s.NoChanges(t)

		state := s.file(t, filepath.Join(s.Dir, "terraform.tfstate"))
		vaulttest.AssertNoCanary(t, key, map[string][]byte{
			"state": state, "state as JSON": []byte(s.Must(t, "show", "-json").Output),
			"metadata": []byte(fmt.Sprint(s.vault.Metadata(t, s.workflow, "token"))),
		})
	})
}

func TestFingerprintOfUnknownValueIsComparedDuringTheApply(t *testing.T) {
	t.Parallel()
	key := strings.Repeat("0123456789abcdef", 2)
	for name, configuration := range map[string]func(s *fixture, value, trigger string) string{
		"the value is not known": func(s *fixture, value, trigger string) string {
			return strings.Replace(header, `"shop"`, `"shop"
  fingerprint_key = ["`+key+`"]`, 1) + `
resource "terraform_data" "source" {
  input            = "` + value + `"
  triggers_replace = "` + trigger + `"
}` + s.secret("token", "terraform_data.source.output", `detect_changes = true`)
		},
		"the key is not known": func(s *fixture, value, trigger string) string {
			return strings.Replace(header, `"shop"`, `"shop"
  fingerprint_key = [terraform_data.source.output]`, 1) + `
resource "terraform_data" "source" {
  input            = "` + key + `"
  triggers_replace = "` + trigger + `"
}` + s.secret("token", `"`+value+`"`, `detect_changes = true`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
				s := newFixture(t, cli)
				s.Write(t, configuration(s, "one", "1"))
				s.Apply(t)
				s.NoChanges(t)
				s.dataWrites(t)
				created := s.Attributes(t, at("token"))["created_time"]

				t.Log("the same value is not sent")
				s.Write(t, configuration(s, "one", "2"))
				s.Plan(t).Change(at("token")).HasActions(t, "update")
				if result := s.ApplyPlan(t); result.Code != 0 {
					t.Fatalf("the apply fails:\n%s", result.Output)
				}
				if n := s.dataWrites(t); n != 0 {
					t.Errorf("%d values were sent", n)
				}
				s.attributes(t, "token", map[string]any{"version": 1.0, "created_time": created, "drift": "in sync"})
				s.NoChanges(t)

				t.Log("another one is")
				s.Write(t, configuration(s, "two", "3"))
				s.Plan(t)
				if result := s.ApplyPlan(t); result.Code != 0 {
					t.Fatalf("the apply fails:\n%s", result.Output)
				}
				if n := s.dataWrites(t); n != 1 {
					t.Errorf("%d values were sent, want 1", n)
				}
				if got := s.value(t, "token"); got != "two" {
					t.Errorf("the workflow reads %q", got)
				}
				s.NoChanges(t)
			})
		})
	}
}

// The state confirms what this configuration wrote; any other record with an invalid
// MAC may be forged, and its secret is not written over without adopt.
func TestForgedRecordDoesNotHideAChangeFromAPlan(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		configure := func(key, options string) {
			s.Write(t, strings.Replace(header, `"shop"`, `"shop"
  fingerprint_key = ["`+strings.Repeat(key, 32)+`"]`, 1)+s.secret("token", `"one"`, options))
		}
		configure("k", "")
		s.Apply(t)
		s.NoChanges(t)

		t.Log("a record under another key is a warning only")
		configure("o", "")
		s.NoChanges(t)
		s.Apply(t).Contains(t, "record not authentic", "the state confirms the current version")

		t.Log("an outside write with a forged record is shown and not overwritten")
		configure("k", "")
		s.vault.ForgeRecords(t, s.workflow, "token", s.vault.Write(t, s.workflow, "token", "forged"))
		s.Fails(t, []string{"plan"}, "record not authentic")
		if got := s.value(t, "token"); got != "forged" {
			t.Errorf("the workflow reads %q", got)
		}
		configure("k", "adopt = true")
		s.Apply(t)
		if got := s.value(t, "token"); got != "one" {
			t.Errorf("the workflow reads %q", got)
		}
		configure("k", "")
		s.NoChanges(t)
	})
}
