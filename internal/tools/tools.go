// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package tools

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// Path returns the absolute path of a program in bin/. If the program is not there, the
// test fails and names the command that builds it. A skipped test would prove nothing.
func Path(t testing.TB, name string) string {
	t.Helper()
	root, err := RepositoryRoot()
	if err != nil {
		t.Fatalf("find bin/%s: %v", name, err)
	}
	path := filepath.Join(root, "bin", name)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("bin/%s: not found; run \"make %s\" first", name, name)
	}
	return path
}

// RepositoryRoot returns the nearest parent directory with a GNUmakefile: modules inside the
// repository have a go.mod of their own.
func RepositoryRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "GNUmakefile")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no GNUmakefile found in any parent directory")
		}
		dir = parent
	}
}
