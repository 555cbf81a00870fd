// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
)

func TestBackendWarnsAboutATokenFileThatOthersCanRead(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("hvs.hunter2"), 0o600); err != nil {
		t.Fatal(err)
	}
	for mode, warned := range map[os.FileMode]bool{0o600: false, 0o644: true} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		b, err := newBackend(settings{
			vault: vaultclient.Settings{Address: "https://vault.example.com", TokenFile: file}, owner: secrets.Owner("terraform/shop"),
		}, nil, shared{})
		if err != nil {
			t.Fatal(err)
		}
		var diagnostics diag.Diagnostics
		b.warnings.drain(&diagnostics)
		if warned != (diagnostics.WarningsCount() == 1) {
			t.Errorf("mode %04o: %v", mode, diagnostics)
		}
		if warned && !strings.Contains(diagnostics[0].Detail(), file+" is readable by all users") {
			t.Errorf("the warning is %q", diagnostics[0].Detail())
		}
	}
}
