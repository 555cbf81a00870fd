// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// decoded decodes a stored value as Relay's reader does (transfer encoding).
func decoded(t *testing.T, stored string) string {
	t.Helper()
	encoded, marked := strings.CutPrefix(stored, "base64:")
	if !marked {
		return stored
	}
	plain, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatalf("the stored value does not match its encoding: %v", err)
	}
	return string(plain)
}

func TestValuesArriveByteForByte(t *testing.T) {
	t.Parallel()
	values := map[string]string{
		"empty":     "",
		"space":     " \t",
		"lines":     "-----BEGIN KEY-----\nabc\r\ndef\n-----END KEY-----\n",
		"unicode":   "zażółć gęślą jaźń 🔑 日本語 \u202e\ufeff",
		"marked":    "base64:aGVsbG8=",
		"json":      `{"a":"\"${b}\" %{c}","d":[1,2]}`,
		"large":     strings.Repeat("0123456789abcdef\n", 100<<10/17),
		"limit":     strings.Repeat("x", 512<<10),
		"nul":       "a\x00b",
		"sensitive": "(sensitive)",
	}
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		var blocks []string
		for name, value := range values {
			file := filepath.Join(s.Dir, name+".txt")
			if err := os.WriteFile(file, []byte(base64.StdEncoding.EncodeToString([]byte(value))), 0o600); err != nil {
				t.Fatal(err)
			}
			blocks = append(blocks, s.secret(name, `base64decode(file("`+name+`.txt"))`))
		}
		s.configure(t, blocks...)
		s.Apply(t)
		for name, value := range values {
			if got := decoded(t, s.value(t, name)); got != value {
				t.Errorf("%s: %d bytes arrive that are not the %d that were sent", name, len(got), len(value))
			}
		}
		s.NoChanges(t)
	})
}

func TestRefusedEncodingStopsThePlan(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		set := func(value string) string {
			return fmt.Sprintf("resource \"relay_workflow_secrets\" \"set\" {\n  workflow = %q\n  secrets = {\n    a = { value_wo = %s }\n  }\n}\n", s.workflow, value)
		}
		refusing := func(blocks ...string) {
			s.configure(t, blocks...)
			s.Write(t, strings.Replace(string(s.file(t, filepath.Join(s.Dir, "main.tf"))), "  owner", "  encoding = \"refuse\"\n  owner", 1))
		}
		refusing(s.secret("token", `"base64:eA=="`), set(`"base64:eA=="`))
		s.Fails(t, []string{"plan"}, "Invalid value_wo", "value needs Relay's transfer encoding", s.workflow+"/a: the value needs Relay's")
		t.Log("a value that is known only during the apply is refused before it is sent")
		refusing(s.secret("token", `"base64:${terraform_data.later.id}"`), "resource \"terraform_data\" \"later\" {\n}\n")
		s.Fails(t, []string{"apply", "-auto-approve"}, "value needs Relay's transfer encoding")
		for _, r := range s.proxy.Requests() {
			if r.Method != http.MethodGet && strings.Contains(r.Path, "/data/") {
				t.Errorf("a value was sent: %s %s", r.Method, r.Path)
			}
		}
		refusing(s.secret("token", `"x"`), set(`"y"`))
		s.Apply(t)
		s.stepReads(t, s.workflow, "a", "y")
	})
}

func TestTooLargeValueStopsThePlan(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.configure(t, s.secret("token", `join("", [for i in range(1024) : format("%513s", "x")])`))
		s.Fails(t, []string{"plan"}, "value_wo", "larger than the limit of 524288 bytes")
		s.configure(t, s.secret("token", `"x"`))
		s.Apply(t)
		s.configure(t, s.secret("token", `join("", [for i in range(1024) : format("%513s", "x")])`, `value_wo_version = "2"`))
		s.Fails(t, []string{"plan"}, "larger than the limit of 524288 bytes")
	})
}

func TestUnknownValueIsWrittenByTheApply(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		source := func(input string) string {
			return "\nresource \"terraform_data\" \"source\" {\n  input = \"" + input + "\"\n  triggers_replace = \"" + input + "\"\n}\n"
		}
		s.configure(t, source("one"), s.secret("token", "terraform_data.source.output", `value_wo_version = "1"`))
		s.Apply(t)
		if got := s.value(t, "token"); got != "one" {
			t.Errorf("the workflow reads %q", got)
		}
		s.NoChanges(t)
		s.configure(t, source("two"), s.secret("token", "terraform_data.source.output", "value_wo_version = terraform_data.source.id"))
		s.Plan(t).Change(at("token")).HasActions(t, "update")
		if result := s.ApplyPlan(t); result.Code != 0 {
			t.Fatalf("the apply fails:\n%s", result.Output)
		}
		if got := s.value(t, "token"); got != "two" {
			t.Errorf("the workflow reads %q", got)
		}
		s.NoChanges(t)
	})
}

func TestEphemeralValueIsSentAsPlanned(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.configure(t, "\nvariable \"token\" {\n  type = string\n  ephemeral = true\n}\n",
			s.secret("token", "var.token", `value_wo_version = "1"`))
		s.Setenv("TF_VAR_token", "from-outside")
		s.Apply(t)
		if got := s.value(t, "token"); got != "from-outside" {
			t.Errorf("the workflow reads %q", got)
		}
		s.NoChanges(t)
	})
}

func TestValuesAreOnlyInVault(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		canary, key := vaulttest.Canary(t), vaulttest.Canary(t)
		s.Setenv("TF_VAR_token", canary)
		s.Setenv("RELAY_FINGERPRINT_KEY", key)
		s.Setenv("TF_LOG", "TRACE")
		variable := "\nvariable \"token\" {\n  type = string\n  ephemeral = true\n}\n"
		outputs := map[string][]byte{}
		run := func(what string, args ...string) {
			outputs[what] = []byte(s.Run(t, args...).Output)
		}

		s.configure(t, variable, s.secret("token", "var.token", `value_wo_version = "1"`, `detect_changes = true`, allSettings[0], allSettings[1]))
		run("validate", "validate")
		run("plan of create", "plan", "-out="+terraformtest.PlanFile)
		run("plan of create as JSON", "show", "-json", terraformtest.PlanFile)
		run("create", "apply", terraformtest.PlanFile)
		s.vault.Write(t, s.workflow, "token", "other")
		run("plan of repair", "plan", "-out="+terraformtest.PlanFile)
		run("plan of repair as JSON", "show", "-json", terraformtest.PlanFile)
		s.vault.Write(t, s.workflow, "token", "theirs once more")
		run("conflict", "apply", terraformtest.PlanFile)
		s.proxy.Hook(func(_ int, r *http.Request) vaulttest.Action {
			if strings.Contains(r.URL.Path, "/data/") {
				return vaulttest.FailWith(400)
			}
			return vaulttest.Action{}
		})
		run("refused update", "apply", "-auto-approve")
		s.proxy.Hook(nil)
		run("repair", "apply", "-auto-approve")
		if got := s.value(t, "token"); got != canary {
			t.Error("the canary did not reach Vault")
		}
		outputs["state"] = s.file(t, filepath.Join(s.Dir, "terraform.tfstate"))
		outputs["state backup"] = s.file(t, filepath.Join(s.Dir, "terraform.tfstate.backup"))
		outputs["state as JSON"] = []byte(s.Must(t, "show", "-json").Output)
		run("destroy", "destroy", "-auto-approve")

		if !strings.Contains(string(outputs["create"]), "relay_workflow_secret") || !strings.Contains(string(outputs["create"]), "[TRACE]") {
			t.Error("the output has no trace log")
		}
		outputs["metadata"] = []byte(fmt.Sprint(s.vault.Metadata(t, s.workflow, "token")))
		vaulttest.AssertNoCanary(t, canary, outputs)
		vaulttest.AssertNoCanary(t, key, outputs)
	})
}

func (s *fixture) file(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
