// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package plan

import (
	"os/exec"
	"strings"
	"testing"
)

// TestPlanReachesNoNetworkProcessOrVaultClient lists all packages that this one is
// built from.
func TestPlanReachesNoNetworkProcessOrVaultClient(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := strings.Fields(string(out))
	if len(deps) < 10 {
		t.Fatalf("go list -deps returned only %q", deps)
	}
	for _, dep := range deps {
		for _, barred := range []string{"net/http", "crypto/tls", "os/exec"} {
			if dep == barred {
				t.Errorf("the plan reaches %s", dep)
			}
		}
		for _, barred := range []string{"/internal/vault", "hashicorp/vault", "/internal/gitsource", "/internal/gitcommand", "/internal/httpclient"} {
			if strings.Contains(dep, barred) {
				t.Errorf("the plan reaches %s", dep)
			}
		}
	}
}
