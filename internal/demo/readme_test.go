// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	programs "github.com/relay-secrets/terraform-provider-relay/internal/tools"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
)

// readFile reads a file by its path from the top of the repository.
func readFile(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// blocks returns the code blocks of a language in README.md that contain a text.
func blocks(t *testing.T, language, containing string) []string {
	t.Helper()
	var found []string
	for _, match := range regexp.MustCompile("(?s)\n```([a-z]*)\n(.*?\n)```\n").FindAllStringSubmatch(readFile(t, "README.md"), -1) {
		if match[1] == language && strings.Contains(match[2], containing) {
			found = append(found, match[2])
		}
	}
	if len(found) == 0 {
		t.Fatalf("README.md has no %s block with %q", language, containing)
	}
	return found
}

// rules returns the rules of a policy, without comments.
func rules(policies ...string) []string {
	return slices.DeleteFunc(strings.Split(strings.Join(policies, "\n"), "\n"), func(line string) bool {
		return !strings.HasPrefix(line, "path ")
	})
}

func TestReadmeHasThePoliciesOfTheTests(t *testing.T) {
	t.Parallel()
	reader := strings.ReplaceAll(readFile(t, "internal/devvault/policies/reader.hcl"), "WORKFLOW", workflow)
	want := rules(readFile(t, "internal/devvault/policies/writer.hcl"), reader)
	if got := rules(blocks(t, "hcl", "capabilities")...); !slices.Equal(got, want) {
		t.Errorf("README.md has other rules than the dev Vault (-) :\n%s", cmp.Diff(want, got))
	}
}

func TestReadmeHasTheExampleConfiguration(t *testing.T) {
	t.Parallel()
	block, example := blocks(t, "yaml", "controller:")[0], readFile(t, "examples/relay-sync/relay-sync.yaml")
	_, example, _ = strings.Cut(example, "\n") // without the line for editors
	if block != example {
		t.Errorf("README.md differs from examples/relay-sync/relay-sync.yaml:\n%s", cmp.Diff(example, block))
	}
	if _, err := config.Read(filepath.Join("..", "..", "examples", "relay-sync", "relay-sync.yaml")); err != nil {
		t.Error(err)
	}
}

func TestExampleSOPSConfigEncryptsManifests(t *testing.T) {
	t.Parallel()
	w := exampleWorld(t)
	if err := w.write("repository/.sops.yaml", readFile(t, "examples/relay-sync/.sops.yaml")); err != nil {
		t.Fatal(err)
	}
	if err := w.write("repository/secrets/deploy.yaml", plainManifest); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"sops", "encrypt", "--in-place", "secrets/deploy.yaml"}, {"relay-sync", "verify", "secrets/deploy.yaml"}} {
		if err := w.run(t.Context(), command{args: args, dir: "repository"}); err != nil {
			t.Error(err)
		}
	}
}

func TestReadmeTerraformConfigurationIsValid(t *testing.T) {
	t.Parallel()
	w := exampleWorld(t)
	if err := w.offerProvider(); err != nil {
		t.Fatal(err)
	}
	if err := w.write("stack/main.tf", blocks(t, "hcl", "resource ")[0]); err != nil {
		t.Fatal(err)
	}
	w.vault = &devVault{} // validate sends no request
	for _, args := range [][]string{{"init"}, {"validate"}, {"fmt", "-check", "-diff"}} {
		if err := w.run(t.Context(), w.terraform(nil, 0, args)); err != nil {
			t.Error(err)
		}
	}
}

// exampleWorld returns a world without Vault and screen.
func exampleWorld(t *testing.T) *world {
	t.Helper()
	w, err := newWorld(tools{bin: bin(t), cli: programs.Path(t, "tofu")}, newScreen(io.Discard, false))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func TestDocumentedCommandsAndFilesExist(t *testing.T) {
	t.Parallel()
	makefile := readFile(t, "GNUmakefile")
	relaySync := relaySyncHelp(t)
	for _, name := range []string{"README.md", "CONTRIBUTING.md", "ARCHITECTURE.md"} {
		text := readFile(t, name)
		for _, target := range regexp.MustCompile("(?m)(?:^|`)make ([a-z-]+)").FindAllStringSubmatch(text, -1) {
			if !regexp.MustCompile(`(?m)^` + target[1] + `:`).MatchString(makefile) {
				t.Errorf("%s names make %s: no such target", name, target[1])
			}
		}
		for _, verb := range regexp.MustCompile("(?m)(?:^ *|`|\\$ |exec )relay-sync ([a-z]+)").FindAllStringSubmatch(text, -1) {
			if !strings.Contains(relaySync, "\n  "+verb[1]+" ") {
				t.Errorf("%s names relay-sync %s: no such command", name, verb[1])
			}
		}
		for _, link := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join("..", "..", link[1])); err != nil {
				t.Errorf("%s links to %s: %v", name, link[1], err)
			}
		}
	}
}

func relaySyncHelp(t *testing.T) string {
	t.Helper()
	help, err := exec.CommandContext(context.WithoutCancel(t.Context()), programs.Path(t, "relay-sync"), "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(help)
}

func TestContributingDocumentsTheCommandsOfScripts(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, word := range regexp.MustCompile(`(?m)^\t\t\t"([a-z-]+)": +`).FindAllStringSubmatch(readFile(t, "syncer/cmd/relay-sync/script_test.go"), -1) {
		known[word[1]] = true
	}
	documented := map[string]bool{}
	for _, word := range regexp.MustCompile("(?m)^\\| `([a-z-]+)[^|]*\\|").FindAllStringSubmatch(strings.ReplaceAll(readFile(t, "CONTRIBUTING.md"), `\|`, "/"), -1) {
		documented[word[1]] = true
	}
	if diff := cmp.Diff(known, documented); diff != "" || len(known) == 0 {
		t.Errorf("script_test.go defines (-), CONTRIBUTING.md documents (+):\n%s", diff)
	}
}

// changing replaces what differs between OpenTofu and Terraform; changingForms matches
// what differs between runs.
var changing = strings.NewReplacer("tofu -chdir", "terraform -chdir")

var changingForms = regexp.MustCompile(`\d{4}-\d\d-\d\dT[\d:.]+Z|@ [0-9a-f]{10}`)

func steady(text string) string {
	return changingForms.ReplaceAllString(changing.Replace(text), "…")
}

// checkTranscript fails if the README's transcripts have a line that the demo's output
// does not contain.
func checkTranscript(t *testing.T, output string) {
	t.Helper()
	lines := strings.Split(steady(output), "\n")
	for _, block := range blocks(t, "", "\n  $ ") {
		for line := range strings.SplitSeq(strings.TrimRight(block, "\n"), "\n") {
			if strings.TrimSpace(line) != "..." && !slices.Contains(lines, steady(line)) {
				t.Errorf("README.md has a line that the demo does not print: %q", line)
			}
		}
	}
}
