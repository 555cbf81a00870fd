// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"os"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

func TestMain(m *testing.M) { terraformtest.Main(m, main) }

func TestNoRequestIsWrittenToDiskWhateverTheEnvironmentSays(t *testing.T) {
	t.Parallel()
	vault := vaulttest.Start(t)
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		dir, workflow := t.TempDir(), vaulttest.Workflow(t)
		w := cli.Workspace(t)
		w.Setenv("TF_LOG_SDK_PROTO_DATA_DIR", dir)
		w.Setenv("VAULT_ADDR", vault.Address)
		w.Setenv("VAULT_TOKEN", vault.Writer(t))
		w.Setenv("RELAY_OWNER", "shop")
		w.Write(t, strings.ReplaceAll(`
terraform {
  required_providers {
    relay = { source = "relay-secrets/relay" }
  }
}
resource "relay_workflow_secret" "token" {
  workflow = "WORKFLOW"
  name     = "token"
  value_wo = "written"
}`, "WORKFLOW", workflow))
		w.Apply(t)
		if value, _ := vault.ReadAs(t, vault.Reader(t, workflow), workflow, "token"); value != "written" {
			t.Errorf("the workflow reads %q, so the test proves nothing", value)
		}
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			t.Errorf("a request with its values was written to disk: %s", file.Name())
		}
	})
}
