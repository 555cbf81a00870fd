// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func TestPackageLinksNoVaultClient(t *testing.T) {
	t.Parallel()
	const module = "github.com/relay-secrets/terraform-provider-relay/"
	out, err := exec.Command("go", "list", "-deps", module+"internal/secrets", module+"internal/kv").Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := strings.Fields(string(out))
	if !slices.Contains(deps, module+"internal/kv") {
		t.Fatalf("go list -deps printed no dependencies: %q", out)
	}
	for _, forbidden := range []string{"net/http", "os/exec", module + "internal/vault", "github.com/hashicorp/vault/api"} {
		if slices.Contains(deps, forbidden) {
			t.Errorf("internal/secrets imports %s, directly or through another package", forbidden)
		}
	}
}
