// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/tools"
)

// TestRowsNameExistingTests: a row of a test that has another name now would fail only after an hour.
func TestRowsNameExistingTests(t *testing.T) {
	t.Parallel()
	root, err := tools.RepositoryRoot()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		text := testsOf(t, filepath.Join(root, r.module, strings.TrimSuffix(r.pkg, "/...")))
		if !regexp.MustCompile(`\nfunc (` + r.run + `)\(`).MatchString(text) {
			t.Errorf("row %q: %s has no %s", r.what, r.pkg, r.run)
		}
	}
}

// TestGuideNamesExistingTests: the table of mutations in the guide is worth nothing once its tests have other names.
func TestGuideNamesExistingTests(t *testing.T) {
	t.Parallel()
	root, err := tools.RepositoryRoot()
	if err != nil {
		t.Fatal(err)
	}
	guide, err := os.ReadFile(filepath.Join(root, "templates", "guides", "proof.md.tmpl"))
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`([a-z/]+)` `(Test\\w+)` \\|").FindAllStringSubmatch(string(guide), -1)
	if len(named) == 0 {
		t.Error("the guide names no test")
	}
	for _, row := range named {
		if !strings.Contains(testsOf(t, filepath.Join(root, row[1])), "\nfunc "+row[2]+"(") {
			t.Errorf("%s has no %s", row[1], row[2])
		}
	}
}

// testsOf returns the test files of a package as one text.
func testsOf(t *testing.T, folder string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}
