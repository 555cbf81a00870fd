// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"cmp"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/relay-secrets/terraform-provider-relay/internal/tools"
)

// ciRunner runs scripts of a CI template in a commit, with stand-ins for programs that need a network.
type ciRunner struct {
	t        *testing.T
	dir      string
	programs string
}

// newCIRunner makes a commit with the files, which are not encrypted.
func newCIRunner(t *testing.T, files ...string) *ciRunner {
	t.Helper()
	r := &ciRunner{t: t, dir: t.TempDir(), programs: t.TempDir()}
	if err := os.Symlink(tools.Path(t, "relay-sync"), filepath.Join(r.programs, "relay-sync")); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(r.dir, "secrets"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if err := os.WriteFile(filepath.Join(r.dir, "secrets", name), []byte("workflows: {deploy: {password: clear}}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := r.run("git init --quiet --initial-branch main && git add . && git commit --quiet --allow-empty --message one"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return r
}

// stub puts a stand-in for a program first in PATH.
func (r *ciRunner) stub(name, script string) {
	r.t.Helper()
	if err := os.WriteFile(filepath.Join(r.programs, name), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		r.t.Fatal(err)
	}
}

// run runs a script as a runner does. It fails if a name ran a command, or is a command to the CI system.
func (r *ciRunner) run(script string, environment ...string) (string, error) {
	r.t.Helper()
	cmd := exec.CommandContext(r.t.Context(), "bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script)
	cmd.Dir = r.dir
	cmd.Env = append([]string{
		"PATH=" + r.programs + ":" + os.Getenv("PATH"), "HOME=" + r.programs, "GIT_AUTHOR_NAME=ada", "GIT_AUTHOR_EMAIL=ada@example.com",
		"GIT_COMMITTER_NAME=ada", "GIT_COMMITTER_EMAIL=ada@example.com",
	}, environment...)
	out, err := cmd.CombinedOutput()
	if _, ran := os.Lstat(filepath.Join(r.dir, "x")); ran == nil {
		r.t.Errorf("a name ran a command: %s", script)
	}
	if found := regexp.MustCompile(`(?m)^\s*::|\x1b`).Find(out); found != nil {
		r.t.Errorf("a name reaches the log as %q:\n%s", found, out)
	}
	return string(out), err
}

// actionStep is the script of a step of action.yml.
func actionStep(t *testing.T, name string) string {
	t.Helper()
	var action struct {
		Runs struct{ Steps []struct{ Name, Run string } }
	}
	if err := yaml.Unmarshal([]byte(read(t, "../../../action.yml")), &action); err != nil {
		t.Fatal(err)
	}
	for _, step := range action.Runs.Steps {
		if step.Name == name {
			return step.Run
		}
	}
	t.Fatalf("the action has no step %s", name)
	return ""
}

// gitLabScript is the script of a job of the GitLab template; the hidden job .relay-sync installs.
func gitLabScript(t *testing.T, job string) string {
	t.Helper()
	_, jobs, _ := strings.Cut(read(t, "../../../ci/gitlab/relay-sync.yml"), "\n---\n")
	var all map[string]struct {
		Script       []string
		BeforeScript []string `json:"before_script"`
	}
	if err := yaml.Unmarshal([]byte(jobs), &all); err != nil {
		t.Fatal(err)
	}
	found := strings.Join(append(all[job].BeforeScript, all[job].Script...), "\n")
	if found == "" || strings.Contains(found, "$[[") {
		t.Fatalf("%s: a script must take text from its variables: %q", job, found)
	}
	return found
}

func repositoryRoot(t *testing.T) string {
	t.Helper()
	root, err := tools.RepositoryRoot()
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// verifyScripts are the steps that verify: of the action, of the GitLab template, and the hook of
// pre-commit with the names as arguments.
func verifyScripts(t *testing.T) map[string]string {
	t.Helper()
	var hooks []struct{ Entry string }
	if err := yaml.Unmarshal([]byte(read(t, "../../../.pre-commit-hooks.yaml")), &hooks); err != nil {
		t.Fatal(err)
	}
	scripts := map[string]string{"action": actionStep(t, "verify"), "GitLab": gitLabScript(t, "relay-sync-verify")}
	for _, hook := range hooks {
		scripts["hook "+hook.Entry] = "git ls-files -z | xargs -0 " + hook.Entry
	}
	return scripts
}

func TestCITemplatesVerifyHostileNames(t *testing.T) {
	t.Parallel()
	for name, script := range verifyScripts(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, file := range append(hostileNames, "deploy.yaml") {
				r := newCIRunner(t, file)
				out, err := r.run(script, "FILES=secrets", "GITHUB_ACTION_PATH="+repositoryRoot(t))
				if err == nil || !strings.Contains(out, "1 refused") {
					t.Errorf("%q: %v: %s", file, err, out)
				}
			}
			if strings.HasPrefix(name, "hook") {
				return // pre-commit runs no hook without a file
			}
			if out, err := newCIRunner(t).run(script, "FILES=secrets other", "GITHUB_ACTION_PATH="+repositoryRoot(t)); err != nil || out != "" {
				t.Errorf("a commit without a manifest: %v: %s", err, out)
			}
		})
	}
}

// TestCITemplatesPlan runs the steps that plan with a stand-in for relay-sync, which checks what it is given.
func TestCITemplatesPlan(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{"action": actionStep(t, "plan"), "GitLab": gitLabScript(t, "relay-sync-plan")} {
		plan := map[string]string{"action": "plan.md", "GitLab": "relay-sync-plan.md"}[name]
		for code, fails := range map[string]bool{"0": false, "1": true, "2": false} {
			t.Run(name+" "+code, func(t *testing.T) {
				t.Parallel()
				r := newCIRunner(t, "a.yaml")
				foreign := filepath.Join(r.programs, "foreign")
				r.stub("curl", `case "$*" in *request-token*) exit 9 ;; esac
grep -qx 'Authorization: Bearer request-token' && echo '{"value":"identity"}'`)
				r.stub("jq", `sed 's/.*"value":"\([^"]*\)".*/\1/'`)
				if err := os.Remove(filepath.Join(r.programs, "relay-sync")); err != nil {
					t.Fatal(err)
				}
				r.stub("relay-sync", `test "$*" = "plan --config relay-sync.yaml --keyless --output markdown" || exit 9
test "$(cat .jwt)" = identity && test "$(git branch --show-current)" = main && test "$(git log -1 --format=%s)" = two || exit 9
test "$(stat -c %a .jwt)" = 600 || exit 9
echo "| plan |"; exit `+code)
				if out, err := r.run(`ln -s "` + foreign + `" .jwt && git checkout --quiet -b '$(touch${IFS}x)' && git add --force .jwt && git commit --quiet --message two && git tag main`); err != nil {
					t.Fatalf("%v: %s", err, out)
				}
				environment := []string{
					"GITHUB_ACTION_PATH=" + repositoryRoot(t), "CONFIG=relay-sync.yaml", "BRANCH=main", "TOKEN_FILE=.jwt", "AUDIENCE=vault", "PLAN=plan.md",
					"GITHUB_STEP_SUMMARY=" + filepath.Join(r.dir, "summary"), "ACTIONS_ID_TOKEN_REQUEST_URL=https://example.com", "ACTIONS_ID_TOKEN_REQUEST_TOKEN=request-token", "ID_TOKEN=identity",
					"VERSION=v0.1.0", "SHA256=" + strings.Repeat("0", 64),
				}
				out, err := r.run(script, environment...)
				if (err != nil) != fails {
					t.Errorf("relay-sync exits with %s: %v: %s", code, err, out)
				}
				if shown := read(t, filepath.Join(r.dir, plan)); !strings.Contains(shown, "| plan |") {
					t.Errorf("the plan is %q", shown)
				}
				if name == "action" && !strings.Contains(read(t, filepath.Join(r.dir, "summary")), "| plan |") {
					t.Error("the summary has no plan")
				}
				if _, err := os.Lstat(foreign); err == nil {
					t.Error("the job wrote its token through a link of the commit")
				}
				if _, err := os.Lstat(filepath.Join(r.dir, ".jwt")); err == nil {
					t.Error("the token is still there")
				}
			})
		}
	}
}

// TestCITemplatesInstallOnlyTheNamedChecksum downloads by a stand-in for curl.
func TestCITemplatesInstallOnlyTheNamedChecksum(t *testing.T) {
	t.Parallel()
	archive := filepath.Join(t.TempDir(), "archive.tgz")
	sum, err := exec.CommandContext(t.Context(), "sh", "-c", `cd "$(dirname "$0")" && printf '#!/bin/sh\necho installed\n' >relay-sync && chmod +x relay-sync && tar -czf archive.tgz relay-sync && sha256sum <archive.tgz | cut -c 1-64`, archive).Output()
	if err != nil {
		t.Fatal(err)
	}
	checksum := strings.TrimSpace(string(sum))
	for _, test := range []struct{ version, sha256, want string }{
		{"v0.1.0", checksum, "installed"},
		{"v0.1.0", strings.Repeat("0", 64), "the checksum of relay-sync_0.1.0_"},
		{"v0.1.0", "", "invalid sha256"},
		{"v0.1.0/../../../other", checksum, "invalid version"},
		{"$(touch x)", checksum, "invalid version"},
	} {
		r := newCIRunner(t)
		r.stub("curl", `while test "$1" != --output; do shift; done; cp "`+archive+`" "$2"`)
		if out, err := r.run(gitLabScript(t, ".relay-sync")+"relay-sync", "VERSION="+test.version, "SHA256="+test.sha256); (err == nil) != (test.want == "installed") || err == nil && out != "installed\n" {
			t.Errorf("GitLab: %+v: %v: %s", test, err, out)
		}
		out, err := r.run(actionStep(t, "install")+`"$FOLDER/relay-sync"`, "VERSION="+test.version, "SHA256="+test.sha256, "FOLDER="+filepath.Join(r.dir, "bin"),
			"GITHUB_PATH="+filepath.Join(r.dir, "path"), "GITHUB_ACTION_PATH="+repositoryRoot(t))
		if !strings.Contains(out, test.want) || (err == nil) != (test.want == "installed") {
			t.Errorf("%+v: %v: %s", test, err, out)
		}
	}
}

// TestActionComments writes the comment by a stand-in for gh, which prints what it is given.
func TestActionComments(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ former, plan, number, want string }{
		{"", "| plan |", "7", "--method POST repos/example/secrets/issues/7/comments"},
		{"31", "| plan |", "7", "--method PATCH repos/example/secrets/issues/comments/31"},
		{"", strings.Repeat("x", 65000), "7", "too long for a comment. See the summary of the job: https://github.com/example/secrets/actions/runs/5"},
		{"", "| plan |", "", "no pull request"},
		{"", "| plan |", "7; touch x", "no pull request"},
	} {
		r := newCIRunner(t)
		r.stub("gh", `case "$*" in *--paginate*) echo `+cmp.Or(test.former, "-n")+`; exit ;; esac; echo "$*"; for last; do :; done; cat "${last#body=@}"`)
		if err := os.WriteFile(filepath.Join(r.dir, "plan.md"), []byte(test.plan+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := r.run(actionStep(t, "comment"), "PLAN=plan.md", "PULL_REQUEST="+test.number, "GH_TOKEN=t", "GITHUB_ACTION_PATH="+repositoryRoot(t),
			"GITHUB_REPOSITORY=example/secrets", "GITHUB_SERVER_URL=https://github.com", "GITHUB_RUN_ID=5")
		if err != nil || !strings.Contains(out, test.want) {
			t.Errorf("%+v: %v: %s", test, err, out)
		}
		if strings.Contains(out, "--method") && !strings.Contains(out, "<!-- relay-sync plan -->\n") {
			t.Errorf("the comment has no mark by which the next run finds it: %s", out)
		}
	}
}

// TestCITemplatesUseValidCommands checks the commands in the scripts against the command line.
func TestCITemplatesUseValidCommands(t *testing.T) {
	t.Parallel()
	checkCommandLine(t, strings.Fields("plan --config relay-sync.yaml --keyless --output markdown"))
	var action struct {
		Inputs map[string]struct{ Description string }
		Runs   struct {
			Steps []struct{ Env map[string]string }
		}
	}
	if err := yaml.Unmarshal([]byte(read(t, "../../../action.yml")), &action); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(action.Runs)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range regexp.MustCompile(`inputs\.([a-z0-9-]+)`).FindAllStringSubmatch(string(text), -1) {
		if action.Inputs[step[1]].Description == "" {
			t.Errorf("the action uses %s, which is not an input with a description", step[1])
		}
	}
}
