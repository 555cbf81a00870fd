// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// snippet is a configuration in the documentation.
type snippet struct {
	// page is a file below docs/; line is where the snippet begins.
	page string
	line int
	text string
}

func (s snippet) String() string { return fmt.Sprintf("docs/%s:%d", s.page, s.line) }

var (
	fence    = regexp.MustCompile("(?ms)^```(terraform|hcl)\n(.*?)^```$")
	variable = regexp.MustCompile(`\bvar\.(\w+)`)
	imported = regexp.MustCompile(`to = ((\w+)\.\w+)`)
)

// snippets returns all configurations of the documentation, except policies and
// queries, which other tests cover.
func snippets(t *testing.T) []snippet {
	t.Helper()
	var out []snippet
	err := fs.WalkDir(os.DirFS("../docs"), ".", func(page string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(page) != ".md" {
			return err
		}
		text, err := os.ReadFile(filepath.Join("../docs", page))
		for _, found := range fence.FindAllSubmatchIndex(text, -1) {
			body := string(text[found[4]:found[5]])
			if !strings.HasPrefix(body, `path "`) && !strings.HasPrefix(body, "# terraform query") {
				out = append(out, snippet{page, 1 + strings.Count(string(text[:found[0]]), "\n"), body})
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// complete adds what a snippet leaves out: the source of the provider, variables, and
// the resource of an import.
func (s snippet) complete(t *testing.T) string {
	t.Helper()
	text := s.text
	if to := imported.FindStringSubmatch(text); to != nil && !strings.Contains(text, "\nresource ") {
		example, err := os.ReadFile(filepath.Join("../examples/resources", to[2], "resource.tf"))
		if err != nil {
			t.Fatalf("%s: %v", s, err)
		}
		text += string(example)
	}
	declared := map[string]bool{}
	for _, found := range variable.FindAllStringSubmatch(text, -1) {
		if name := found[1]; !declared[name] && !strings.Contains(text, fmt.Sprintf("variable %q", name)) {
			declared[name] = true
			text += fmt.Sprintf("\nvariable %q {\n  type = string\n  ephemeral = true\n}\n", name)
		}
	}
	if !strings.Contains(text, "required_providers") {
		text = "terraform {\n  required_providers {\n    relay = { source = \"relay-secrets/relay\" }\n  }\n}\n" + text
	}
	return text
}

// withIdentity reports whether the snippet needs a newer Terraform than the oldest
// supported version.
func (s snippet) withIdentity() bool { return strings.Contains(s.text, "identity = {") }

func TestDocumentationSnippetsAreValid(t *testing.T) {
	t.Parallel()
	all := snippets(t)
	for _, page := range []string{"index.md", "guides/from-the-vault-provider.md", "resources/workflow_secret.md"} {
		if !slices.ContainsFunc(all, func(s snippet) bool { return s.page == page }) {
			t.Fatalf("no snippet is found in docs/%s", page)
		}
	}
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		s.InstallProvider(t, "hashicorp/vault")
		workflow := s.file(t, "../examples/functions/secret_references/deploy.yaml")
		for name, text := range map[string][]byte{"deploy.yaml": workflow, "keystore.p12": {0}} {
			if err := os.WriteFile(filepath.Join(s.Dir, name), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for _, one := range all {
			if one.withIdentity() && cli.Name == "terraform" {
				continue // it is in Terraform 1.12 and later; OpenTofu from bin/ is new enough
			}
			configuration, tests := one.complete(t), filepath.Join(s.Dir, "mock.tftest.hcl")
			if strings.HasPrefix(one.text, "mock_provider ") {
				configuration = snippet{}.complete(t)
				if err := os.WriteFile(tests, []byte(one.text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			s.Write(t, configuration)
			if result := s.Run(t, "validate"); result.Code != 0 {
				t.Errorf("%s:\n%s", one, result.Output)
			}
			_ = os.Remove(tests)
		}
	})
}

// TestMovingGuide applies the snippets of the guide in their order.
func TestMovingGuide(t *testing.T) {
	t.Parallel()
	guide := slices.DeleteFunc(snippets(t), func(s snippet) bool {
		return s.page != "guides/from-the-vault-provider.md" || s.withIdentity()
	})
	if len(guide) != 4 {
		t.Fatalf("the guide has other snippets than this test expects: %v", guide)
	}
	move, adoptAll, importing, rotating := guide[0], guide[1], guide[2], guide[3]
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixtureOn(t, cli, vaulttest.StartOwn(t))
		s.workflow = "deploy-production"
		const name = "registry-password"
		s.vault.Write(t, s.workflow, name, "before")
		s.InstallProvider(t, "hashicorp/vault")
		old := "terraform {\n  required_providers {\n    vault = { source = \"hashicorp/vault\" }\n  }\n}\n" +
			"resource \"vault_kv_secret_v2\" \"registry_password\" {\n  mount = \"customers\"\n  name = \"workflows/deploy-production/registry-password\"\n" +
			"  data_json = jsonencode({ value = \"before\" })\n}\n"
		s.Setenv("TF_VAR_registry_password", "after")
		s.Setenv("TF_VAR_fingerprint_key", strings.Repeat("k", 32))
		has := func(version int, value string) {
			t.Helper()
			s.stepReads(t, s.workflow, name, value)
			if got := s.Attributes(t, at("registry_password"))["version"]; got != float64(version) {
				t.Errorf("version %v is in the state, want %d", got, version)
			}
			s.NoChanges(t)
		}

		t.Log("one apply with adopt and moved, then one without")
		s.Write(t, old)
		s.Apply(t)
		s.Write(t, move.complete(t))
		s.Apply(t)
		has(2, "after")
		_, resource, _ := strings.Cut(move.text, "resource ")
		resource = strings.Replace("resource "+resource, "  adopt ", "  # adopt ", 1)
		settled := snippet{text: "provider \"relay\" {\n  owner = \"shop-prod\"\n}\n" + resource}
		s.Write(t, settled.complete(t))
		s.Apply(t)
		has(2, "after")

		t.Log("an import of an own secret, without value_wo_version")
		s.Must(t, "state", "rm", at("registry_password"))
		s.Write(t, snippet{text: importing.text + settled.text}.complete(t))
		s.Apply(t)
		s.Write(t, settled.complete(t))
		has(3, "after")

		t.Log("a rotated value is detected; adopt in the defaults takes it over")
		s.Write(t, rotating.complete(t))
		s.Apply(t)
		s.Setenv("TF_VAR_registry_password", "rotated")
		s.Apply(t)
		has(5, "rotated")
		s.vault.Purge(t, s.workflow, name)
		s.Must(t, "state", "rm", at("registry_password"))
		s.vault.Write(t, s.workflow, name, "other")
		_, block, _ := strings.Cut(settled.text, "resource ")
		s.Write(t, snippet{text: adoptAll.text + "resource " + block}.complete(t))
		s.Apply(t)
		has(2, "rotated")
	})
}
