// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/terraformtest"
)

func TestTheExamplesWork(t *testing.T) {
	t.Parallel()
	resources, err := filepath.Glob("../examples/resources/*/resource.tf")
	if err != nil || len(resources) == 0 {
		t.Fatalf("there are no examples: %v", err)
	}
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		for _, file := range resources {
			s := newStage(t, cli)
			s.Setenv("TF_VAR_registry_password", "one")
			s.Setenv("TF_VAR_signing_key", "two")
			s.Setenv("TF_VAR_aws_secret_access_key", "three")
			s.Write(t, string(s.file(t, "../examples/provider/provider.tf"))+string(s.file(t, file)))
			s.Must(t, "plan")
		}
	})
}

func TestTheExampleOfPoliciesGivesWhatVaultTakes(t *testing.T) {
	t.Parallel()
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newStage(t, cli)
		s.configure(t, string(s.file(t, "../examples/data-sources/relay_vault_policy_document/data-source.tf")))
		s.Apply(t)
		var policies map[string]struct{ Value map[string]string }
		if err := json.Unmarshal([]byte(s.Must(t, "output", "-json").Output), &policies); err != nil {
			t.Fatal(err)
		}
		all := policies["policies"].Value
		if len(all) != 3 {
			t.Fatalf("the example has %d policies", len(all))
		}
		write := func(role, path string) int {
			t.Helper()
			status, _ := s.vault.Call(t, s.vault.Token(t, all[role]), http.MethodPost, "customers/data/"+path,
				map[string]any{"data": map[string]any{"value": "x"}, "options": map[string]any{"cas": 99}})
			return status
		}
		const secret, connection = "workflows/deploy-production/token", "connections/shop/aws/production"
		// A write that is allowed meets a version that is not there.
		for role, want := range map[string][2]int{
			"shop-writer":       {http.StatusBadRequest, http.StatusBadRequest},
			"deploy-operators":  {http.StatusBadRequest, http.StatusForbidden},
			"deploy-production": {http.StatusForbidden, http.StatusForbidden},
		} {
			if got := [2]int{write(role, secret), write(role, connection)}; got != want {
				t.Errorf("%s writes a secret and a connection with status %v, want %v", role, got, want)
			}
		}
	})
}

func TestEveryLoginOfTheExamplesIsOne(t *testing.T) {
	t.Parallel()
	logins, err := filepath.Glob("../examples/provider/auth_*.tf")
	if err != nil || len(logins) == 0 {
		t.Fatalf("there are no examples: %v", err)
	}
	terraformtest.Each(t, func(t *testing.T, cli terraformtest.CLI) {
		s := newStage(t, cli)
		for _, file := range logins {
			s.Write(t, "terraform {\n  required_providers {\n    relay = { source = \"relay-secrets/relay\" }\n  }\n}\n"+
				string(s.file(t, file))+s.secret("token", `"one"`))
			s.Must(t, "validate")
		}
	})
}
