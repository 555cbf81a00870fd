// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package mantest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// Commands are all commands below root that a person uses, and root.
func Commands(root *cobra.Command) []*cobra.Command {
	out := []*cobra.Command{root}
	for _, c := range root.Commands() {
		if !c.Hidden && c.Name() != "help" {
			out = append(out, Commands(c)...)
		}
	}
	return out
}

// NeedsExample is false for the commands of cobra.
func NeedsExample(c *cobra.Command) bool {
	return !strings.HasPrefix(c.CommandPath(), c.Root().Name()+" completion")
}

// Write writes a page for each command to a folder, or to one of the test if it is empty.
func Write(t *testing.T, root *cobra.Command, version, folder string) {
	t.Helper()
	if folder == "" {
		folder = t.TempDir()
	}
	root.InitDefaultCompletionCmd()
	all := Commands(root)
	for _, c := range all {
		c.Long, c.DisableAutoGenTag = markdown(c.Long), true
	}
	name := root.Name()
	if err := doc.GenManTree(root, &doc.GenManHeader{Section: "1", Source: name + " " + version, Manual: name}, folder); err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		name := strings.ReplaceAll(c.CommandPath(), " ", "-") + ".1"
		page, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Error(err)
			continue
		}
		text := strings.ReplaceAll(string(page), `\-`, "-")
		if !strings.Contains(text, c.Short) || NeedsExample(c) && !strings.Contains(text, ".SH EXAMPLE") {
			t.Errorf("%s has no summary or no example", name)
		}
		for code := range strings.Lines(c.Long) {
			if exitCode.MatchString(code) && !strings.Contains(text, "\n"+code) {
				t.Errorf("%s joins the lines of its exit codes", name)
			}
		}
	}
}

// exitCode is a line of the exit codes in a help text.
var exitCode = regexp.MustCompile(`^  \d+  `)

// markdown marks the indented lines of a help text, which Markdown would join to the paragraph.
func markdown(help string) string {
	return regexp.MustCompile(`(?m)(?:^  .*\n?)+`).ReplaceAllStringFunc(help, func(lines string) string {
		return "\n```\n" + strings.TrimRight(lines, "\n") + "\n```\n"
	})
}
