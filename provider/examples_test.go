// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
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
			s.Write(t, string(s.file(t, "../examples/provider/provider.tf"))+string(s.file(t, file)))
			s.Must(t, "plan")
		}
	})
}
