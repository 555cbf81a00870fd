// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/relaytest"
	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
	"github.com/relay-secrets/terraform-provider-relay/internal/tools"
)

// handOver runs the steps of the guide "Hand a secret over" for registry_password.
type handOver struct {
	*fixture
	guide relaytest.Guide
}

func newHandOver(t *testing.T, cli terraformtest.CLI) handOver {
	t.Helper()
	s := newFixture(t, cli)
	s.Setenv("TF_VAR_signing_key", "key")
	s.Setenv("TF_VAR_registry_password", "former")
	return handOver{s, relaytest.ReadGuide(t, "../templates/guides/hand-over.md.tmpl", s.workflow)}
}

// configureStep writes the configuration of a step.
func (h handOver) configureStep(t *testing.T, heading string) {
	t.Helper()
	h.configure(t, strings.Replace(snippet{text: h.guide.Example(heading, "terraform")}.complete(t), terraformBlock, "", 1))
}

const terraformBlock = "terraform {\n  required_providers {\n    relay = { source = \"relay-secrets/relay\" }\n  }\n}\n"

// applyFormer applies the configuration of a step without the resources from a marker on:
// the state of the former owner before the hand-over.
func (h handOver) applyFormer(t *testing.T, heading, until string) {
	t.Helper()
	former, _, found := strings.Cut(h.guide.Example(heading, "terraform"), until)
	if !found {
		t.Fatalf("%q is not in the example below %q", until, heading)
	}
	h.configure(t, strings.Replace(snippet{text: former}.complete(t), terraformBlock, "", 1))
	h.Apply(t)
}

// keeps checks that the workflow reads this value in this version, and that no version was
// ever deleted: there was no moment without a value.
func (h handOver) keeps(t *testing.T, version int, value string) {
	t.Helper()
	h.stepReads(t, h.workflow, "registry_password", value)
	versions, _ := h.vault.Metadata(t, h.workflow, "registry_password")["versions"].(map[string]any)
	if len(versions) != version {
		t.Errorf("%d versions exist, want %d", len(versions), version)
	}
	for number, found := range versions {
		if v := found.(map[string]any); v["deletion_time"] != "" || v["destroyed"] != false {
			t.Errorf("version %s was deleted: %v", number, v)
		}
	}
}

func TestHandOverInsideAConfigurationKeepsTheValue(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, takes, resource, releases string }{
		{"resource to set", "A set takes over from a resource", `resource "relay_workflow_secrets" "deploy"`, "The resource releases"},
		{"set to resource", "A resource takes over from a set", `resource "relay_workflow_secret" "registry_password"`, "The set releases its secret to the resource"},
		{"set to set", "Another set takes over", `resource "relay_workflow_secrets" "registry"`, "The first set releases"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
				h := newHandOver(t, cli)
				h.applyFormer(t, row.takes, row.resource)
				h.keeps(t, 1, "former")
				h.configureStep(t, row.takes)
				h.Setenv("TF_VAR_registry_password", "new")
				h.Apply(t)
				h.keeps(t, 2, "new")
				h.configureStep(t, row.releases)
				h.Apply(t).Contains(t, h.workflow+"/registry_password", "Terraform removed it only from the state")
				h.keeps(t, 2, "new")
				h.NoChanges(t)
			})
		})
	}
}

func TestHandOverBetweenTerraformAndGitKeepsTheValue(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		h := newHandOver(t, cli)
		h.git(t)
		former := h.secret("registry_password", "var.registry_password") + "\nvariable \"registry_password\" {\n  type = string\n  ephemeral = true\n}\n"
		h.configure(t, former)
		h.Apply(t)

		t.Log("from Terraform to git")
		h.sh(t, h.guide.Example("Git takes over from Terraform", "sh"))
		h.keeps(t, 2, "from git")
		h.Fails(t, []string{"plan"}, "Secret is not owned by this configuration", "remove it there only after that apply")
		h.configure(t)
		command := strings.Fields(h.guide.Example("Terraform releases to git", "sh"))
		h.Must(t, append(command[1:], "-auto-approve")...).Contains(t, "Terraform removed it only from the state")
		h.keeps(t, 2, "from git")
		h.sh(t, "relay-sync plan")

		t.Log("and back")
		h.Setenv("TF_VAR_registry_password", "back")
		h.configureStep(t, "Terraform takes over from git")
		h.Apply(t)
		h.keeps(t, 3, "back")
		h.sh(t, h.guide.Example("Git releases to Terraform", "sh"))
		h.keeps(t, 3, "back")
		h.configure(t, former)
		h.NoChanges(t)
	})
}

func TestHandOverFromAPersonKeepsTheValue(t *testing.T) {
	t.Parallel()
	terraformtest.One(t, func(t *testing.T, cli terraformtest.CLI) {
		h := newHandOver(t, cli)
		h.ownedBy(t, "person/ana", "registry_password", "former")
		h.configureStep(t, "Terraform takes over from a person")
		h.Apply(t).Contains(t, "registry_password (owned by person/ana)")
		h.keeps(t, 2, "former")
		h.NoChanges(t)
	})
}

// git creates a repository with a manifest, and the configuration of relay-sync for it.
func (h handOver) git(t *testing.T) {
	t.Helper()
	controller := "hand-over-" + strings.ToLower(h.workflow[len(h.workflow)-10:])
	files := map[string]string{
		"token":                h.token,
		"plain/deploy.yaml":    fmt.Sprintf("workflows:\n  %s:\n    other: value\n", h.workflow),
		"relay-sync.yaml":      fmt.Sprintf(handOverConfig, controller, h.proxy.Address, h.workflow),
		"secrets/.placeholder": "",
	}
	for name, text := range files {
		file := filepath.Join(h.Home, "shop", name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h.sh(t, `git init --quiet --initial-branch=main .
age-keygen -o age.key 2> /dev/null
sops encrypt --age "$(age-keygen -y age.key)" plain/deploy.yaml > secrets/deploy.yaml
git add secrets/deploy.yaml
git commit --quiet --message "Add the manifest"
relay-sync apply`)
}

const handOverConfig = `controller: %s
vault: {address: %q, token_file: token, settle: 300ms}
sources:
  - name: shop
    repository: .
    files: ["secrets/*.yaml"]
    workflows: [%q]
    age_keys: [age.key]
`

// sh runs commands in the repository.
func (h handOver) sh(t *testing.T, script string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-euc", script)
	cmd.Dir = filepath.Join(h.Home, "shop")
	cmd.Env = []string{
		"PATH=" + filepath.Dir(tools.Path(t, "relay-sync")) + ":/usr/bin:/bin", "HOME=" + h.Home, "PASSWORD=from git",
		"SOPS_AGE_KEY_FILE=age.key", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_AUTHOR_NAME=ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=ada", "GIT_COMMITTER_EMAIL=ada@example.com",
	}
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s\n%v:\n%s", script, err, output)
	}
}
