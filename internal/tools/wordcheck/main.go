// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
)

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "wordcheck:", err)
		os.Exit(1)
	}
}

// run prints what must change in the files below paths.
func run(ctx context.Context, paths []string, out io.Writer) error {
	glossary, err := os.ReadFile("CONTRIBUTING.md")
	if err != nil {
		return err
	}
	check := checker{entries: parseGlossary(string(glossary)), allowed: allowed}
	if len(check.entries) == 0 {
		return errors.New("read CONTRIBUTING.md: no glossary found")
	}
	files, err := tracked(ctx, paths)
	if err != nil {
		return err
	}
	found := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			continue // deleted, but still in git's index
		}
		if err != nil {
			return err
		}
		for _, f := range check.file(file, string(text)) {
			found++
			fmt.Fprintf(out, "%s:%d: %q: write %q\n", file, f.line, f.words, f.term)
		}
	}
	if found > 0 {
		return fmt.Errorf("%d words must change; CONTRIBUTING.md has the glossary", found)
	}
	return nil
}

// tracked lists the text files below paths that git tracks or would add.
func tracked(ctx context.Context, paths []string) ([]string, error) {
	args := append([]string{"ls-files", "-z", "--cached", "--others", "--exclude-standard", "--"}, paths...)
	list, err := exec.CommandContext(ctx, "git", args...).Output() //nolint:gosec // arguments of the developer, behind "--"
	if err != nil {
		return nil, fmt.Errorf("list files: git ls-files: %w", err)
	}
	var files []string
	for name := range bytes.SplitSeq(bytes.TrimRight(list, "\x00"), []byte{0}) {
		if file := string(name); checked(file) {
			files = append(files, file)
		}
	}
	return files, nil
}

// checked reports whether a file holds text of this project. Files in docs/ are
// generated from others that are checked.
func checked(file string) bool {
	if strings.HasPrefix(file, "docs/") || strings.HasPrefix(file, "internal/workflowfile/testdata/relay-workflows/") {
		return false
	}
	switch path.Ext(file) {
	case ".go", ".md", ".tmpl", ".txt", ".tf", ".yaml", ".yml", ".hcl", ".sh", ".service":
		return true
	}
	return slices.Contains([]string{"GNUmakefile", "Containerfile", "run"}, path.Base(file))
}
