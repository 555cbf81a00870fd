// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"io"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/relay-secrets/terraform-provider-relay/internal/tools"
)

// commandLine is a command in a text: what introduces it, and its words up to the end of
// the line or of the quotation.
var commandLine = regexp.MustCompile("(^|: |`|\\()relay-sync( [^\n`);|<]*)")

// TestCommandsInTextsCanBePasted reads every text of the programs: a command that a hint
// names exists with its flags, and has those that it requires.
func TestCommandsInTextsCanBePasted(t *testing.T) {
	t.Parallel()
	found := 0
	for _, dir := range []string{"../../../syncer", "../../../internal", "../../../provider"} {
		err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.IsDir() {
				return err
			}
			for _, text := range tools.Texts(t, path) {
				for _, line := range commandLine.FindAllStringSubmatch(text, -1) {
					problem := pasted(strings.Fields(strings.TrimSuffix(line[2], "%s"))) // the rest is not known
					if line[1] == "" && problem == "unknown command" {
						continue // a sentence about the program
					}
					if found++; problem != "" {
						t.Errorf("%s: relay-sync%s: %s", path, line[2], problem)
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found < 9 {
		t.Errorf("only %d commands found", found)
	}
}

// pasted is what is wrong with the words of a command.
func pasted(words []string) string {
	root := newOptions(io.Discard, io.Discard).rootCommand()
	command, rest, err := root.Find(words)
	if err != nil || command == root {
		return "unknown command"
	}
	if command.HasSubCommands() && len(rest) > 0 && !strings.HasPrefix(rest[0], "-") {
		return "unknown subcommand"
	}
	given := map[string]bool{}
	for _, word := range rest {
		name, is := strings.CutPrefix(word, "--")
		name, _, _ = strings.Cut(strings.TrimRight(name, ".,"), "=")
		if is && name != "" && flagOf(command, name) == nil {
			return "unknown flag --" + name
		}
		given[name] = is
	}
	problem := ""
	command.Flags().VisitAll(func(f *pflag.Flag) {
		if _, needs := f.Annotations[reasonAnnotation]; needs && given[f.Name] && !given["reason"] {
			problem = "--" + f.Name + " requires --reason"
		}
	})
	command.Flags().VisitAll(func(f *pflag.Flag) {
		if len(rest) > 0 && f.Annotations[cobra.BashCompOneRequiredFlag] != nil && !given[f.Name] {
			problem = "required flag --" + f.Name + " is missing"
		}
	})
	return problem
}

func flagOf(command *cobra.Command, name string) *pflag.Flag {
	if f := command.Flags().Lookup(name); f != nil {
		return f
	}
	return command.InheritedFlags().Lookup(name)
}

func TestPastedFindsMistakes(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"apply --approve ID --reason ...":       "",
		"apply --approve ID":                    "--approve requires --reason",
		"secret set WORKFLOW NAME --adopt":      "--adopt requires --reason",
		"secret undelete WORKFLOW NAME":         "required flag --reason is missing",
		"adopt WORKFLOW/NAME --reason ...":      "",
		"adopt WORKFLOW/NAME":                   "required flag --reason is missing",
		"secret set NAME --as ada":              "unknown flag --as",
		"secret remove NAME":                    "unknown subcommand",
		"secrets list":                          "unknown command",
		"policy operator --team shop --approve": "unknown flag --approve",
	} {
		if got := pasted(strings.Fields(line)); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

// advised runs the last command in the last output, as a person pastes it; `! advised`
// that it fails.
func advised(ts *testscript.TestScript, neg bool, _ []string) {
	lines := regexp.MustCompile(": (relay-sync [^\n]*)").FindAllStringSubmatch(ts.ReadFile("stdout")+ts.ReadFile("stderr"), -1)
	if len(lines) == 0 {
		ts.Fatalf("the output names no command")
	}
	command := strings.Replace(lines[len(lines)-1][1], "--reason ...", "--reason advised", 1)
	if err := ts.Exec("sh", "-c", command); (err != nil) != neg {
		ts.Fatalf("%s: %v", command, err)
	}
}
