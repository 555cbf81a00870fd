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

// programPrefix begins the file name of every provider.
const programPrefix = "terraform-provider-"

// ServedProvider returns the type of the provider that the CLI started in this process.
func ServedProvider() string {
	return strings.TrimPrefix(filepath.Base(os.Args[0]), programPrefix)
}

// InstallProvider installs the test binary as another provider, too, such as
// "hashicorp/vault". ServedProvider returns which one a process must serve.
func (w *Workspace) InstallProvider(t *testing.T, source string) {
	t.Helper()
	w.offered[source] = offer(t, path.Base(source), false)
	writeSettings(t, w.Home, w.offered)
}

// offer returns a directory with a provider of this type: the test binary, or the release
// build.
func offer(t *testing.T, kind string, slim bool) string {
	t.Helper()
	find := os.Executable
	if slim {
		find = built
	}
	self, err := find()
	if err != nil {
		t.Fatalf("find the provider: %v", err)
	}
	plugins := t.TempDir()
	if err := os.Symlink(self, filepath.Join(plugins, programPrefix+kind)); err != nil {
		t.Fatalf("install the provider: %v", err)
	}
	return plugins
}

// writeSettings writes the CLI's own configuration with the paths of the providers.
func writeSettings(t *testing.T, home string, providers map[string]string) string {
	t.Helper()
	var overrides strings.Builder
	for source, plugins := range providers {
		fmt.Fprintf(&overrides, "    %q = %q\n", source, plugins)
	}
	rc := filepath.Join(home, "cli.tfrc")
	settings := "provider_installation {\n  dev_overrides {\n" + overrides.String() + "  }\n}\n"
	if err := os.WriteFile(rc, []byte(settings), 0o600); err != nil {
		t.Fatalf("write the CLI configuration: %v", err)
	}
	return rc
}
