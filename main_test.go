// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

func TestMain(m *testing.M) { terraformtest.Main(m, main) }

func TestNoRequestIsWrittenToDiskWithTheProtocolLogDirectorySet(t *testing.T) {
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

func TestLibraryLogIsWrittenWithTFLog(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		w := cli.Workspace(t)
		w.Write(t, `
terraform {
  required_providers {
    relay = { source = "relay-secrets/relay" }
  }
}
provider "relay" {}
`)
		w.Setenv("TF_LOG", "TRACE")
		w.Must(t, "validate").Contains(t, "sdk.framework")
	})
}

func TestLogIsMutedWithoutALogSetting(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		asked map[string]string
		muted bool
	}{
		{nil, true},
		{map[string]string{"TF_LOG": ""}, true},
		{map[string]string{"TF_LOG_CORE": "TRACE"}, true},
		{map[string]string{"TF_LOG": "debug"}, false},
		{map[string]string{"TF_LOG_PROVIDER": "INFO"}, false},
		{map[string]string{"TF_LOG_SDK": "WARN"}, false},
		{map[string]string{"TF_LOG_SDK_PROTO": "TRACE"}, false},
	} {
		var set []string
		quiet, err := muteLog(
			func(name string) (string, bool) { value, ok := row.asked[name]; return value, ok },
			func(name, value string) error { set = append(set, name+"="+value); return nil },
		)
		if muted := slices.Equal(set, []string{"TF_LOG_SDK=OFF"}); err != nil || muted != row.muted || quiet != muted || (!muted && len(set) > 0) {
			t.Errorf("asked %v: set %v, quiet %t, %v", row.asked, set, quiet, err)
		}
	}
}
