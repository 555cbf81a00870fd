// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package bench

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/tools"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

const provider = `
terraform {
  required_providers {
    relay = { source = "relay-secrets/relay" }
  }
}

provider "relay" {
  owner = "bench"
}

locals {
  names = [for i in range(%d) : format("secret-%%03d", i)]
}
`

// singles are the secrets each in a resource of its own.
const singles = `
resource "relay_workflow_secret" "all" {
  for_each         = toset(local.names)
  workflow         = "%s"
  name             = each.key
  value_wo         = "value of ${each.key}"
  value_wo_version = "%s"
}
`

// oneSet has all secrets in one resource.
const oneSet = `
resource "relay_workflow_secrets" "all" {
  workflow = "%s"
  secrets = {
    for name in local.names : name => { value_wo = "value of ${name}", value_wo_version = "%s" }
  }
}
`

// nothing is the same number of Terraform's own resources, which send no requests.
const nothing = `
resource "terraform_data" "all" {
  for_each = toset(local.names)
  input    = "%s %s"
}
`

// taken is the time of one step.
type taken struct {
	wall time.Duration
	// processor is the processor time of the command and its providers. Other load of the
	// machine hardly changes it.
	processor time.Duration
}

// less is the time without that of the host.
func (t taken) less(host taken) taken {
	return taken{t.wall - host.wall, t.processor - host.processor}
}

// terraform measures the steps with Terraform if it is installed, else with OpenTofu. Each
// step includes the start of the command and the provider.
func terraform(b *testing.B, vault *vaulttest.Vault, resource string) []taken {
	b.Helper()
	built := filepath.Dir(tools.Path(b, "terraform-provider-relay"))
	program, err := exec.LookPath("terraform")
	if err != nil {
		program = tools.Path(b, "tofu")
	}
	dir, home, workflow := b.TempDir(), b.TempDir(), vaulttest.Workflow(b)
	rc := filepath.Join(home, "cli.tfrc")
	write(b, rc, fmt.Sprintf("provider_installation {\n  dev_overrides {\n    \"relay-secrets/relay\" = %q\n  }\n}\n", built))
	environment := []string{
		"HOME=" + home, "PATH=/usr/bin:/bin", "TF_CLI_CONFIG_FILE=" + rc, "TF_INPUT=0", "CHECKPOINT_DISABLE=1",
		"VAULT_ADDR=" + vault.Address, "VAULT_TOKEN=" + vault.Writer(b),
	}
	run := func(version string, args ...string) taken {
		write(b, filepath.Join(dir, "main.tf"), fmt.Sprintf(provider, secrets)+fmt.Sprintf(resource, workflow, version))
		command := exec.Command(program, args...)
		command.Dir, command.Env = dir, environment
		begun := time.Now()
		if output, err := command.CombinedOutput(); err != nil {
			b.Fatalf("%v: %v\n%s", args, err, output)
		}
		return taken{time.Since(begun), command.ProcessState.UserTime() + command.ProcessState.SystemTime()}
	}
	return []taken{
		run("1", "apply", "-auto-approve"),
		run("1", "plan", "-detailed-exitcode"),
		run("2", "apply", "-auto-approve"),
	}
}

func write(b *testing.B, file, text string) {
	b.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
}
