// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package tools

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

type step struct {
	Uses, Run string
	With      map[string]any
}

type workflow struct {
	Permissions map[string]string
	Jobs        map[string]struct {
		Permissions map[string]string
		Timeout     int `json:"timeout-minutes"`
		Steps       []step
	}
	// Runs has the steps of an action.
	Runs struct{ Steps []step }
}

// TestWorkflowsArePinnedAndNameTheirPermissions checks every workflow and action, those of the examples too.
func TestWorkflowsArePinnedAndNameTheirPermissions(t *testing.T) {
	t.Parallel()
	root, err := RepositoryRoot()
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, pattern := range []string{"action.yml", ".github/workflows/*", "examples/relay-sync/repository/.github/workflows/*"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(files) == 0 {
			t.Errorf("%s: %v, %d files", pattern, err, len(files))
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, problem := range workflowProblems(string(text)) {
				t.Errorf("%s: %s", file, problem)
			}
			checked++
		}
	}
	if checked < 4 {
		t.Errorf("%d workflows", checked)
	}
}

var (
	pinned = regexp.MustCompile(`(?m)^[ #-]*uses: *(\S+)(.*)$`)
	digest = regexp.MustCompile(`^[^@]+@([0-9a-f]{40}|DIGEST)$`)
)

// workflowProblems lists what a workflow or an action must not have.
func workflowProblems(text string) (out []string) {
	var w workflow
	if err := yaml.Unmarshal([]byte(text), &w); err != nil {
		return []string{err.Error()}
	}
	for _, use := range pinned.FindAllStringSubmatch(text, -1) {
		if !digest.MatchString(use[1]) || !regexp.MustCompile(`^  # v\d+\.\d+\.\d+$`).MatchString(use[2]) {
			out = append(out, use[0]+": must be pinned by a digest, with the version as comment")
		}
	}
	steps := w.Runs.Steps
	if steps == nil && (w.Permissions == nil || len(w.Permissions) > 0) {
		out = append(out, "permissions: must be {}, and each job must name its own")
	}
	for name, job := range w.Jobs {
		if job.Permissions == nil {
			out = append(out, name+": permissions: is required")
		}
		for _, right := range job.Permissions {
			if right != "read" && right != "write" {
				out = append(out, name+": permissions: must name each right")
			}
		}
		steps = append(steps, job.Steps...)
	}
	if len(steps) == 0 {
		out = append(out, "no steps found")
	}
	for _, s := range steps {
		if strings.Contains(s.Run, "${{") {
			out = append(out, "run: must take text from its environment: "+s.Run)
		}
		if strings.HasPrefix(s.Uses, "actions/checkout@") && s.With["persist-credentials"] != false {
			out = append(out, "checkout: must not leave its credentials in the clone")
		}
	}
	return out
}

func TestWorkflowProblemsFindsEach(t *testing.T) {
	t.Parallel()
	const good = `
permissions: {}
jobs:
  a:
    permissions: {contents: read}
    steps:
      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8  # v5.0.0
        with: {persist-credentials: false}
      - run: make
`
	if found := workflowProblems(good); len(found) > 0 {
		t.Errorf("a good workflow: %q", found)
	}
	for name, change := range map[string][2]string{
		"a tag":              {"@08c6903cd8c0fde910a37f88322edcfb5dd907a8  # v5.0.0", "@v5"},
		"no version":         {"  # v5.0.0", ""},
		"no permissions":     {"permissions: {}\n", ""},
		"permissions of all": {"permissions: {}", "permissions: {contents: write}"},
		"a job with none":    {"    permissions: {contents: read}\n", ""},
		"an expression":      {"run: make", "run: make ${{ github.head_ref }}"},
		"credentials":        {"        with: {persist-credentials: false}\n", ""},
	} {
		changed := strings.Replace(good, change[0], change[1], 1)
		if found := workflowProblems(changed); changed == good || len(found) != 1 {
			t.Errorf("%s: %q", name, found)
		}
	}
}

// TestDependabotKnowsEachModule: a module without updates keeps its known vulnerabilities.
func TestDependabotKnowsEachModule(t *testing.T) {
	t.Parallel()
	root, err := RepositoryRoot()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "git", "-C", root, "ls-files", "--cached", "--others", "--exclude-standard", "--", "go.mod", "*/go.mod").Output()
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for file := range strings.FieldsSeq(string(out)) {
		want = append(want, strings.TrimSuffix("/"+strings.TrimSuffix(file, "go.mod"), "/"))
	}
	for i := range want {
		if want[i] == "" {
			want[i] = "/"
		}
	}
	text, err := os.ReadFile(filepath.Join(root, ".github", "dependabot.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Updates []struct {
			Ecosystem   string `json:"package-ecosystem"`
			Directories []string
		}
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	slices.Sort(file.Updates[0].Directories)
	if !slices.Equal(want, file.Updates[0].Directories) {
		t.Errorf("dependabot.yml has %q, the repository %q", file.Updates[0].Directories, want)
	}
}
