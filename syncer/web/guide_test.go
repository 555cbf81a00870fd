// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The guide has a row for each page of a problem.
func TestGuideExplainsEachProblem(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile(filepath.Join("..", "..", "docs", "guides", "web.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(guide), "## When something fails")
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, title := range regexp.MustCompile(`errorView\{[^}]*Title: "([^"]+)"`).FindAllStringSubmatch(string(source), -1) {
			if found++; !strings.Contains(table, "`"+title[1]+"`") {
				t.Errorf("%s: the guide does not explain %q", file, title[1])
			}
		}
	}
	if found < 20 {
		t.Errorf("only %d titles found", found)
	}
}
