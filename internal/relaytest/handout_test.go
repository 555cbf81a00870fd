// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package relaytest_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// handout is a text that people copy: a file, or a block or code span of a page.
type handout struct {
	at, text string
	// shell is whether it is commands of a shell.
	shell bool
}

var (
	codeBlock  = regexp.MustCompile("(?ms)^ *```(sh|shell|bash|console|yaml|dockerfile)\n(.*?)^ *```")
	codeSpan   = regexp.MustCompile("`([^`\n]+)`")
	otherBlock = regexp.MustCompile("(?ms)^ *```.*?^ *```")
)

// handouts returns what the pages and the folder of examples hand out.
func handouts(t *testing.T) (all []handout) {
	t.Helper()
	for _, root := range []string{"README.md", "docs", "templates", "examples"} {
		err := filepath.WalkDir("../../"+root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			at, text := strings.TrimPrefix(path, "../../"), string(data)
			switch name := strings.TrimSuffix(entry.Name(), ".tmpl"); {
			case strings.HasSuffix(name, ".md"):
				for _, block := range codeBlock.FindAllStringSubmatch(text, -1) {
					all = append(all, handout{at, block[2], block[1] != "yaml" && block[1] != "dockerfile"})
				}
				for _, span := range codeSpan.FindAllStringSubmatch(otherBlock.ReplaceAllString(text, ""), -1) {
					all = append(all, handout{at, span[1], false})
				}
			case slices.Contains([]string{".sh", ".yaml", ".yml", ".service"}, filepath.Ext(name)) || name == "Containerfile":
				all = append(all, handout{at, text, filepath.Ext(name) == ".sh"})
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// unsafe are patterns that are not safe to copy, by the cause.
var unsafe = map[string]*regexp.Regexp{
	"no fixed version":                                  regexp.MustCompile(`[@:-]latest\b`),
	"no digest of the action":                           regexp.MustCompile(`uses:\s*[^\s@]+@(?:[0-9a-f]{0,39}(?:\s|$)|[0-9a-f]*[^0-9a-f\s])`),
	"no version of the action":                          regexp.MustCompile(`uses:\s*[^\s@]+@[0-9a-f]{40}\s*(?:\n|$)`),
	"no version of the image":                           regexp.MustCompile(`(?m)^FROM (?:\S+/)?(?:[^\s:@]+|[^\s:@]+:[^\s@.]*|golang:\d+\.\d+[^.\d@]\S*)(?:\s|$)`),
	"runs what it downloads":                            regexp.MustCompile(`(?:curl|wget)\b[^\n]*\|\s*(?:sudo\s+)?(?:ba|da|z)?sh\b|sh <\(`),
	"evaluates text":                                    regexp.MustCompile(`\beval\b|\bsh -c "[^"]*\$`),
	"splits the names of files":                         regexp.MustCompile("\\bfor \\w+ in [^\n]*(?:\\$\\(|`)"),
	"splits names in a pipe":                            regexp.MustCompile(`(?m)\bxargs\b(?:[^\n]*$)`),
	"prints foreign text":                               regexp.MustCompile(`\becho\b[^\n]*\$`),
	"trusts every host":                                 regexp.MustCompile(`StrictHostKeyChecking|--insecure\b|--tls-skip-verify\b|\bcurl [^\n]*-k\b|sslVerify`),
	"a pull request with the secrets of the repository": regexp.MustCompile(`(?m)^\s*["']?on["']?:.*\b(?:pull_request_target|workflow_run)\b|^\s+(?:-\s+)?(?:pull_request_target|workflow_run)\b`),
}

// safeXargs is the form that takes every name as one operand.
var safeXargs = regexp.MustCompile(`-z [^\n|]*\| xargs --null [^\n]* --(?:\n|$)`)

var (
	document     = regexp.MustCompile(`(?ms)<<'?(END|EOF)'?$.*?^(END|EOF)$`)
	comment      = regexp.MustCompile(`(?m)(?:^|\s)#.*$`)
	quoted       = regexp.MustCompile(`'[^']*'|"(?:[^"\\]|\\.)*"`)
	assigned     = regexp.MustCompile(`(?m)(?:^|[;&|]\s*)\s*\w+=\$`)
	substitution = regexp.MustCompile(`\$[\w({]|` + "`")
)

// unquoted reports whether shell commands split an expansion into words.
func unquoted(commands string) bool {
	commands = document.ReplaceAllString(commands, "") // a shell splits nothing there
	commands = quoted.ReplaceAllString(comment.ReplaceAllString(commands, ""), "_")
	return substitution.MatchString(assigned.ReplaceAllString(commands, ""))
}

// ciWorkflow is a workflow of GitHub Actions.
type ciWorkflow struct {
	Permissions *map[string]string
	Jobs        map[string]struct {
		Permissions map[string]string
		Steps       []struct {
			Uses, Run string
			With      map[string]any
		}
	}
}

// problems returns what is not safe to copy in a text.
func (h handout) problems() (found []string) {
	for cause, pattern := range unsafe {
		if pattern.MatchString(safeXargs.ReplaceAllString(h.text, "")) {
			found = append(found, cause)
		}
	}
	var ci ciWorkflow
	if yaml.Unmarshal([]byte(h.text), &ci) != nil || len(ci.Jobs) == 0 {
		if h.shell && unquoted(h.text) {
			found = append(found, "splits an expansion")
		}
		return found
	}
	return append(found, ci.problems()...)
}

func (ci ciWorkflow) problems() (found []string) {
	if ci.Permissions == nil || len(*ci.Permissions) > 0 {
		found = append(found, "permissions for every job")
	}
	for _, job := range ci.Jobs {
		usesToken := false
		for _, step := range job.Steps {
			usesToken = usesToken || strings.Contains(step.Run, "$ACTIONS_ID_TOKEN_REQUEST_TOKEN") || strings.Contains(step.Run, "--login github ") ||
				step.With["method"] == "jwt" || strings.HasPrefix(step.Uses, "relay-secrets/terraform-provider-relay@") && step.With["plan"] == "true"
			if strings.Contains(step.Run, "${{") {
				found = append(found, "an expression in a command")
			}
			if unquoted(step.Run) {
				found = append(found, "splits an expansion")
			}
			if strings.HasPrefix(step.Uses, "actions/checkout@") && step.With["persist-credentials"] != false {
				found = append(found, "a token in the clone")
			}
		}
		if _, granted := job.Permissions["id-token"]; granted && !usesToken {
			found = append(found, "an identity token for nothing")
		}
	}
	return found
}

func TestHandoutsAreSafeToCopy(t *testing.T) {
	t.Parallel()
	versions := map[string]bool{}
	install := regexp.MustCompile(`go install \S+relay-sync@(\S+)`)
	all := handouts(t)
	for _, h := range all {
		for _, cause := range h.problems() {
			t.Errorf("%s: %s: %.300s", h.at, cause, h.text)
		}
		for _, found := range install.FindAllStringSubmatch(h.text, -1) {
			versions[found[1]] = true
		}
	}
	if len(all) < 500 || len(versions) != 1 {
		t.Errorf("%d texts, which install the versions %v", len(all), versions)
	}
}

// Each row is a handout that was, or may be, wrong.
func TestUnsafeHandoutsAreFound(t *testing.T) {
	t.Parallel()
	const jobs = "on: pull_request\npermissions: {}\njobs:\n  a:\n"
	digest := strings.Repeat("0a", 20)
	for text, want := range map[string]string{
		"go install example.com/relay-sync@latest":               "no fixed version",
		"runs-on: ubuntu-latest":                                 "no fixed version",
		"- uses: actions/checkout@v5  # pinned":                  "no digest of the action",
		"- uses: actions/checkout@main":                          "no digest of the action",
		"- uses: actions/checkout@08c6903":                       "no digest of the action",
		"- uses: actions/checkout@" + digest + "\n":              "no version of the action",
		"- uses: actions/checkout@" + digest + "  # v5.0.0\n":    "",
		"FROM docker.io/library/debian:bookworm-slim\n":          "no version of the image",
		"FROM docker.io/library/golang:1.26-bookworm AS build\n": "no version of the image",
		"FROM debian\n": "no version of the image",
		"FROM docker.io/library/golang:1.26.8-bookworm AS build\n":                        "",
		"curl -sSfL https://example.com/install.sh | sh":                                  "runs what it downloads",
		"bash <(curl https://example.com/install.sh)":                                     "runs what it downloads",
		"eval \"$(relay-sync completion)\"":                                               "evaluates text",
		"for f in $(git ls-files secrets); do relay-sync verify \"$f\"; done":             "splits the names of files",
		"git ls-files secrets | xargs relay-sync verify --\n":                             "splits names in a pipe",
		"git ls-files -z secrets | xargs --null relay-sync verify\n":                      "splits names in a pipe",
		"git ls-files -z secrets | xargs --null --no-run-if-empty relay-sync verify --\n": "",
		"relay-sync verify $(git ls-files secrets)\n":                                     "splits an expansion",
		"relay-sync verify -- $FILE\n":                                                    "splits an expansion",
		"export KEY=$PWD/key\n":                                                           "splits an expansion",
		"KEY=$PWD/key\nrelay-sync verify -- \"$FILE\" '$(touch x)'   # $x\n":              "",
		"echo \"$drift\"\n": "prints foreign text",
		"ssh -o StrictHostKeyChecking=no git.example.com":                                                                                        "trusts every host",
		"on: pull_request_target":                                                                                                                "a pull request with the secrets of the repository",
		"on: push\njobs: {a: {steps: [{run: make}]}}":                                                                                            "permissions for every job",
		"on: push\npermissions: {contents: write}\njobs: {a: {steps: [{run: make}]}}":                                                            "permissions for every job",
		jobs + "    steps:\n      - run: git log ${{ github.head_ref }}\n":                                                                       "an expression in a command",
		jobs + "    steps:\n      - run: git switch $GITHUB_HEAD_REF\n":                                                                          "splits an expansion",
		jobs + "    steps:\n      - uses: actions/checkout@" + digest + "  # v5.0.0\n":                                                           "a token in the clone",
		jobs + "    permissions: {id-token: write}\n    steps:\n      - run: relay-sync plan":                                                    "an identity token for nothing",
		jobs + "    permissions: {id-token: write}\n    steps:\n      - uses: relay-secrets/terraform-provider-relay@" + digest + "  # v0.1.0\n": "an identity token for nothing",
		jobs + "    permissions: {id-token: write}\n    steps:\n      - uses: relay-secrets/terraform-provider-relay@" + digest + "  # v0.1.0\n        with: {plan: \"true\"}": "",
	} {
		found := handout{"page.md", text, true}.problems()
		if want == "" && len(found) > 0 || want != "" && !slices.Contains(found, want) {
			t.Errorf("%q: %q, want %q", text, found, want)
		}
	}
}
