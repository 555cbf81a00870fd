// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package terraformtest

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// Offer makes the test binary another provider, too: source is "hashicorp/vault".
// The binary tells by the name that it was started with, as Served says.
func (w *Workspace) Offer(t *testing.T, source string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatalf("finding the test binary: %v", err)
	}
	plugins := t.TempDir()
	if err := os.Symlink(self, filepath.Join(plugins, programPrefix+path.Base(source))); err != nil {
		t.Fatalf("offering the provider %s: %v", source, err)
	}
	rc := w.env["TF_CLI_CONFIG_FILE"]
	settings, err := os.ReadFile(rc)
	if err != nil {
		t.Fatalf("reading the CLI configuration: %v", err)
	}
	more := strings.Replace(string(settings), "dev_overrides {\n", fmt.Sprintf("dev_overrides {\n    %q = %q\n", source, plugins), 1)
	if err := os.WriteFile(rc, []byte(more), 0o600); err != nil {
		t.Fatalf("writing the CLI configuration: %v", err)
	}
}

// Served is the type of the provider that a CLI has started this process as.
func Served() string {
	return strings.TrimPrefix(filepath.Base(os.Args[0]), programPrefix)
}

// programPrefix begins the file name of every provider.
const programPrefix = "terraform-provider-"
