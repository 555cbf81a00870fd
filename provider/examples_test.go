// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
)

func TestExamplesApply(t *testing.T) {
	t.Parallel()
	resources, err := filepath.Glob("../examples/resources/*/resource.tf")
	if err != nil || len(resources) == 0 {
		t.Fatalf("there are no examples: %v", err)
	}
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		for _, file := range resources {
			s := newFixture(t, cli)
			s.Setenv("VAULT_TOKEN", s.vault.Token(t, writing("workflows"), writing("connections/shop")))
			s.Setenv("TF_VAR_registry_password", "one")
			s.Setenv("TF_VAR_signing_key", "two")
			s.Setenv("TF_VAR_aws_secret_access_key", "three")
			s.Write(t, string(s.file(t, "../examples/provider/provider.tf"))+string(s.file(t, file)))
			s.Must(t, "plan")
		}
	})
}

// writing are the rules of a writer below a prefix.
func writing(prefix string) string {
	return strings.ReplaceAll(`
path "customers/data/PREFIX/+/+"     { capabilities = ["create", "update"] }
path "customers/metadata/PREFIX/+/+" { capabilities = ["read", "patch"] }
path "customers/metadata/PREFIX/+/"  { capabilities = ["list"] }
path "customers/delete/PREFIX/+/+"   { capabilities = ["update"] }
`, "PREFIX", prefix)
}

func TestEveryLoginExampleLogsIn(t *testing.T) {
	t.Parallel()
	logins, err := filepath.Glob("../examples/provider/auth_*.tf")
	if err != nil || len(logins) == 0 {
		t.Fatalf("there are no examples: %v", err)
	}
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newFixture(t, cli)
		for _, file := range logins {
			s.Write(t, "terraform {\n  required_providers {\n    relay = { source = \"relay-secrets/relay\" }\n  }\n}\n"+
				string(s.file(t, file))+s.secret("token", `"one"`))
			s.Must(t, "validate")
		}
	})
}
