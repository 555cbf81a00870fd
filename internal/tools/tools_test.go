// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package tools

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEveryPackageDescribesItselfInItsDocFile(t *testing.T) {
	t.Parallel()
	root, err := RepositoryRoot()
	if err != nil {
		t.Fatal(err)
	}
	packages := map[string]bool{}
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if entry != nil && entry.IsDir() && (entry.Name() == "testdata" || entry.Name() == ".git" || entry.Name() == "bin") {
			return fs.SkipDir
		}
		if strings.HasSuffix(path, ".go") {
			packages[filepath.Dir(path)] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(packages) < 20 {
		t.Fatalf("found %d packages, want at least 20", len(packages))
	}
	for dir := range packages {
		file := filepath.Join(dir, "doc.go")
		if _, err := os.Stat(file); err != nil {
			t.Errorf("%s: no doc.go found", dir)
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		if err != nil || parsed.Doc == nil {
			t.Errorf("%s: no package comment found (%v)", file, err)
		}
	}
}
