// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package tools finds the programs that the tests run: the project's own and
// foreign ones, all built into bin/ by make.
package tools

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// Path returns the absolute path of a program in bin/. Without it the test
// fails, with the command that builds it: a test that is skipped for want of a
// tool proves nothing.
func Path(t testing.TB, name string) string {
	t.Helper()
	root, err := repositoryRoot()
	if err != nil {
		t.Fatalf("finding bin/%s: %v", name, err)
	}
	path := filepath.Join(root, "bin", name)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("bin/%s is missing: run \"make %s\" first", name, name)
	}
	return path
}

// repositoryRoot is the nearest directory with a go.mod, from the working
// directory upwards.
func repositoryRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod in any parent directory")
		}
		dir = parent
	}
}
