// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// make package-files sets it; the programs do not link the generator.
var manFolder = flag.String("man", "", "write the man pages to this folder")

// commands are all commands below root, and root.
func commands(root *cobra.Command) []*cobra.Command {
	out := []*cobra.Command{root}
	for _, c := range root.Commands() {
		out = append(out, commands(c)...)
	}
	return out
}

// markdown marks the indented lines of a help text, which Markdown would join to the paragraph.
func markdown(help string) string {
	return regexp.MustCompile(`(?m)(?:^  .*\n?)+`).ReplaceAllStringFunc(help, func(lines string) string {
		return "\n```\n" + strings.TrimRight(lines, "\n") + "\n```\n"
	})
}

// TestEachCommandHasAManPage writes the pages to -man, or else to a folder of its own.
func TestEachCommandHasAManPage(t *testing.T) {
	folder := *manFolder
	if folder == "" {
		folder = t.TempDir()
	}
	root := newOptions(&bytes.Buffer{}, &bytes.Buffer{}).rootCommand()
	all := commands(root)
	for _, c := range all {
		c.Long, c.DisableAutoGenTag = markdown(c.Long), true
	}
	if err := doc.GenManTree(root, &doc.GenManHeader{Section: "1", Source: "relay-sync " + build.Version, Manual: "relay-sync"}, folder); err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if c.Name() == "help" {
			continue
		}
		name := strings.ReplaceAll(c.CommandPath(), " ", "-") + ".1"
		page, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Error(err)
			continue
		}
		text := strings.ReplaceAll(string(page), `\-`, "-")
		if !strings.Contains(text, c.Short) || c.Example != "" && !strings.Contains(text, ".SH EXAMPLE") {
			t.Errorf("%s has no summary or no example", name)
		}
	}
	if page, err := os.ReadFile(filepath.Join(folder, "relay-sync.1")); err != nil || !strings.Contains(string(page), "\n  0  nothing to do") {
		t.Errorf("the page of relay-sync joins the lines of its exit codes: %v", err)
	}
}
