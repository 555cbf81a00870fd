// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
)

// argument is an argument of a resource, which the test tries unknown, ignored and null.
type argument struct {
	name string
	// value and other are expressions of two valid values.
	value, other string
}

// ofAddress reports whether a change of the argument is a replacement.
func (a argument) ofAddress() bool {
	return slices.Contains([]string{"workflow", "name", "type"}, a.name)
}

// argumentCase is a resource with the arguments that it requires.
type argumentCase struct {
	kind string
	new  func() resource.Resource
	// required are the arguments that a block always has; NAME stands for its name,
	// WORKFLOW and DOMAIN for those of the test.
	required map[string]string
	// arguments are all arguments of the schema.
	arguments []argument
	// overwrite makes an outside change of the resource with a name.
	overwrite func(t *testing.T, s *connectionFixture, name string)
}

// sharedArguments are those of every resource.
func sharedArguments() []argument {
	return []argument{
		{"on_drift", `"overwrite"`, `"error"`},
		{"adopt", "true", "false"},
		{"deletion", `"purge"`, `"soft"`},
		{"timeouts", `{ read = "1m" }`, `{ read = "2m" }`},
	}
}

func argumentCases() []argumentCase {
	return []argumentCase{
		{
			"relay_workflow_secret", newWorkflowSecretResource,
			map[string]string{"workflow": `"WORKFLOW"`, "name": `"NAME"`, "value_wo": `"own"`},
			append(sharedArguments(),
				argument{"workflow", `"WORKFLOW"`, `"other"`},
				argument{"name", `"NAME"`, `"other"`},
				argument{"value_wo", `"own"`, `"other"`},
				argument{"value_wo_version", `"1"`, `"2"`},
				argument{"detect_changes", "true", "false"},
				argument{"custom_metadata", `{ team = "shop" }`, `{ team = "ops" }`},
				argument{"max_versions", "5", "6"},
				argument{"delete_version_after", `"720h"`, `"48h"`}),
			func(t *testing.T, s *connectionFixture, name string) {
				t.Helper()
				s.vault.Write(t, s.workflow, name, "outside")
			},
		},
		{
			"relay_workflow_secrets", newWorkflowSecretsResource,
			map[string]string{"workflow": `"WORKFLOW"`, "secrets": `{ set-NAME = { value_wo = "own" } }`},
			append(sharedArguments(),
				argument{"workflow", `"WORKFLOW"`, `"other"`},
				argument{"secrets", `{ set-NAME = { value_wo = "own" } }`, `{ set-NAME = { value_wo = "other", value_wo_version = "2" } }`},
				argument{"detect_changes", "true", "false"},
				argument{"exclusive", `"show"`, `"off"`}),
			func(t *testing.T, s *connectionFixture, name string) {
				t.Helper()
				s.vault.Write(t, s.workflow, "set-"+name, "outside")
			},
		},
		{
			"relay_connection", newConnectionResource,
			map[string]string{"type": `"warehouse"`, "name": `"NAME"`, "fields_wo": `{ token = "own" }`},
			append(sharedArguments(),
				argument{"type", `"warehouse"`, `"other"`},
				argument{"name", `"NAME"`, `"other"`},
				argument{"fields_wo", `{ token = "own" }`, `{ key = "other" }`},
				argument{"fields_wo_version", `"1"`, `"2"`}),
			func(t *testing.T, s *connectionFixture, name string) {
				t.Helper()
				s.vault.Call(t, s.vault.RootToken, http.MethodPost, "customers/data/connections/"+s.domain+"/warehouse/"+name,
					map[string]any{"data": map[string]string{"value": "outside"}})
			},
		},
	}
}

// allIgnored is the name of the block with ignore_changes = all.
const allIgnored = "all"

// block returns one resource in which an argument has this expression.
func (c argumentCase) block(name, argument, expression, lifecycle string) string {
	lines := map[string]string{}
	for key, value := range c.required {
		lines[key] = value
	}
	if argument != "" {
		lines[argument] = expression
	}
	var b strings.Builder
	for key, value := range lines {
		fmt.Fprintf(&b, "  %s = %s\n", key, strings.ReplaceAll(value, "NAME", name))
	}
	return fmt.Sprintf("\nresource %q %q {\n%s%s}\n", c.kind, name, b.String(), lifecycle)
}

// write configures one block for each argument of each case.
func (s *connectionFixture) write(t *testing.T, more string, block func(c argumentCase, a argument) string) {
	t.Helper()
	var b strings.Builder
	for _, c := range argumentCases() {
		for _, a := range c.arguments {
			b.WriteString(block(c, a))
		}
	}
	provider := fmt.Sprintf("owner  = \"shop\"\n  domain = %q\n  fingerprint_key = [\"0123456789abcdef0123456789abcdef\"]", s.domain)
	s.Write(t, strings.Replace(header, `owner  = "shop"`, provider, 1)+strings.ReplaceAll(b.String()+more, "WORKFLOW", s.workflow))
}

func TestEveryArgumentCanBeUnknownIgnoredOrNull(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newConnectionFixture(t, cli.Raced())
		s.Setenv("VAULT_TOKEN", s.vault.Token(t, writerOf(s)))
		var ignoring string
		for _, c := range argumentCases() {
			ignoring += c.block(allIgnored, "", "", "")
		}
		unknown := func(trigger string) func(c argumentCase, a argument) string {
			return func(c argumentCase, a argument) string {
				later := c.kind + "_" + a.name
				return fmt.Sprintf("\nresource \"terraform_data\" %q {\n  input = %s\n  triggers_replace = %q\n}\n",
					later, strings.ReplaceAll(a.value, "NAME", a.name), trigger) +
					c.block(a.name, a.name, "terraform_data."+later+".output", "")
			}
		}
		t.Log("unknown in a create and in an update")
		for _, trigger := range []string{"1", "2"} {
			s.write(t, ignoring, unknown(trigger))
			s.Apply(t)
		}
		s.NoChanges(t)
		t.Log("unknown while there is drift")
		for _, c := range argumentCases() {
			for _, a := range c.arguments {
				if !a.ofAddress() {
					c.overwrite(t, s, a.name)
				}
			}
		}
		s.write(t, ignoring, unknown("3"))
		s.Apply(t)
		s.NoChanges(t)

		t.Log("ignored, also all at once while there is drift")
		for _, c := range argumentCases() {
			c.overwrite(t, s, allIgnored)
			ignoring = strings.Replace(ignoring, c.block(allIgnored, "", "", ""), c.block(allIgnored, "", "", "  lifecycle {\n    ignore_changes = all\n  }\n"), 1)
		}
		ignored := func(c argumentCase, a argument) string {
			return c.block(a.name, a.name, a.other, "  lifecycle {\n    ignore_changes = ["+a.name+"]\n  }\n")
		}
		s.write(t, ignoring, ignored)
		s.Apply(t).Contains(t, "0 added, 3 changed")
		for _, name := range []string{allIgnored, "set-" + allIgnored} {
			if got := s.value(t, name); got != "own" {
				t.Errorf("the workflow reads %q for %s", got, name)
			}
		}
		s.NoChanges(t)

		t.Log("null")
		s.write(t, ignoring, func(c argumentCase, a argument) string {
			if c.required[a.name] != "" {
				return c.block(a.name, "", "", "")
			}
			return c.block(a.name, a.name, "null", "")
		})
		s.Apply(t)
		s.NoChanges(t)
		s.Destroy(t)
	})
}

// writerOf returns the policy of a writer of secrets and connections.
func writerOf(s *connectionFixture) string {
	return strings.ReplaceAll(`
path "customers/data/WHERE/+/+"     { capabilities = ["create", "update"] }
path "customers/metadata/WHERE/+/+" { capabilities = ["create", "read", "patch"] }
path "customers/metadata/WHERE/+/"  { capabilities = ["list"] }
path "customers/delete/WHERE/+/+"   { capabilities = ["update"] }
path "customers/destroy/WHERE/+/+"  { capabilities = ["update"] }`, "WHERE", "workflows") +
		strings.ReplaceAll(`
path "customers/data/WHERE/+/+"     { capabilities = ["create", "update"] }
path "customers/metadata/WHERE/+/+" { capabilities = ["read", "patch"] }
path "customers/metadata/WHERE/+/"  { capabilities = ["list"] }
path "customers/delete/WHERE/+/+"   { capabilities = ["update"] }
path "customers/destroy/WHERE/+/+"  { capabilities = ["update"] }`, "WHERE", "connections/"+s.domain)
}

func TestEveryArgumentIsTried(t *testing.T) {
	t.Parallel()
	for _, c := range argumentCases() {
		var described resource.SchemaResponse
		c.new().Schema(context.Background(), resource.SchemaRequest{}, &described)
		for name, attribute := range described.Schema.Attributes {
			tried := slices.ContainsFunc(c.arguments, func(a argument) bool { return a.name == name })
			if tried != (attribute.IsRequired() || attribute.IsOptional()) {
				t.Errorf("%s: argument %s is tried: %t", c.kind, name, tried)
			}
		}
	}
}

func TestMissingTokenIsOneErrorForAllResources(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newConnectionFixture(t, cli)
		s.Setenv("VAULT_TOKEN", s.vault.Token(t, writerOf(s)))
		s.write(t, "", func(c argumentCase, a argument) string { return c.block(a.name, "", "", "") })
		s.Apply(t)
		s.Setenv("VAULT_TOKEN", "")
		result := s.Fails(t, []string{"plan"}, "`token` is required; set it or VAULT_TOKEN")
		if n := strings.Count(result.Output, "Error: "); n != 1 {
			t.Errorf("%d errors, want 1:\n%s", n, result.Output)
		}
		if strings.Contains(result.Output, "Missing Resource Identity") {
			t.Errorf("the provider set no identity:\n%s", result.Output)
		}
	})
}
