// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/tools"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// TestExampleRepositoryPasses runs the commands of the example repository's README and
// of its CI job.
func TestExampleRepositoryPasses(t *testing.T) {
	vault, bin := vaulttest.Start(t), filepath.Dir(tools.Path(t, "sops"))
	workflow, dir, home := vaulttest.Workflow(t), t.TempDir(), t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(examples+"repository")); err != nil {
		t.Fatal(err)
	}
	command := func(name string, args ...string) string {
		t.Helper()
		if name != "git" {
			name = filepath.Join(bin, name)
		}
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Dir = dir
		cmd.Env = []string{
			"PATH=" + bin + ":/usr/bin:/bin", "HOME=" + home, "GIT_AUTHOR_NAME=ada", "GIT_AUTHOR_EMAIL=ada@example.com",
			"GIT_COMMITTER_NAME=ada", "GIT_COMMITTER_EMAIL=ada@example.com",
		}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %v: %v\n%s", name, args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	replace := func(name string, changes ...string) {
		t.Helper()
		file := filepath.Join(dir, name)
		changed := strings.NewReplacer(changes...).Replace(read(t, file))
		if err := os.WriteFile(file, []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	key := filepath.Join(home, "age.key")
	command("age-keygen", "-o", key)
	recipient := regexp.MustCompile(`age1[0-9a-z]{50,}`).FindString(read(t, filepath.Join(dir, ".sops.yaml")))
	replace(".sops.yaml", recipient, command("age-keygen", "-y", key))
	replace("relay-sync.yaml", "controller: cluster-1", "controller: "+strings.ToLower(workflow), "deploy-production", workflow,
		"https://vault.example.com:8200", vault.Address, "login:\n    jwt: {role: relay-sync-plan, token_file: .jwt}", "token_file: .jwt")

	manifest := filepath.Join(dir, "secrets", "platform", "deploy.yaml")
	if err := os.MkdirAll(filepath.Dir(manifest), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(manifest, []byte("workflows:\n  "+workflow+":\n    registry_password: one\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	token := vault.Token(t, `path "customers/metadata/workflows/+/+" { capabilities = ["read"] }
path "customers/metadata/workflows/+/" { capabilities = ["list"] }`)
	command("sops", "encrypt", "--in-place", manifest)
	command("git", "init", "--quiet", "--initial-branch", "main")
	command("git", "add", "secrets", ".sops.yaml")
	command("git", "commit", "--quiet", "--message", "Add the registry password")

	t.Chdir(dir)
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"verify", manifest}, &out, &errs); code != 0 {
		t.Errorf("verify exits %d: %s%s", code, &out, &errs)
	}
	if summary, out, err := runPlanJob(t, dir, token); err != nil || !strings.Contains(summary, "registry_password") {
		t.Errorf("the plan job: %v, %s\n%s", err, out, summary)
	}

	failsOnHostileNames(t, dir, home, manifest, token, command)
}

// failsOnHostileNames commits hostile names to the repository of the example, on a branch
// of its own: the plan job fails, runs nothing of them, and prints them on one line.
func failsOnHostileNames(t *testing.T, dir, home, manifest, token string, command func(string, ...string) string) {
	t.Helper()
	for _, name := range hostileNames {
		if err := os.WriteFile(filepath.Join(filepath.Dir(manifest), name), []byte("workflows: {deploy: {password: clear}}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	foreign := filepath.Join(home, "foreign")
	if err := errors.Join(os.WriteFile(foreign, []byte("kept"), 0o600), os.Remove(filepath.Join(dir, ".jwt")), os.Symlink(foreign, filepath.Join(dir, ".jwt"))); err != nil {
		t.Fatal(err)
	}
	command("git", "switch", "--quiet", "--create", "$(touch${IFS}x)")
	command("git", "add", "--force", "secrets", ".jwt")
	command("git", "commit", "--quiet", "--message", "::set-output name=a::b")
	command("git", "tag", "main")
	summary, printed, err := runPlanJob(t, dir, token)
	if err == nil || !strings.Contains(summary+printed, "the file is not encrypted") {
		t.Errorf("the plan job with hostile names: %v, %s\n%s", err, printed, summary)
	}
	if found := regexp.MustCompile(`(?m)^\s*::|\x1b`).FindString(summary + "\n" + printed); found != "" {
		t.Errorf("a name reaches the log of the job as %q:\n%s\n%s", found, printed, summary)
	}
	if _, err := os.Lstat(filepath.Join(dir, "x")); err == nil {
		t.Error("a name ran a command")
	}
	if kept := read(t, foreign); kept != "kept" {
		t.Error("the job wrote its token through a link of the branch")
	}
}

// hostileNames are names of files that a branch may choose.
var hostileNames = []string{
	"--help.yaml", "a --help", "a --help b.yaml", "-c evil.yaml --vault.yaml", "$(touch x).yaml", "`touch x`.yaml", "'; touch x; '.yaml", "\"; touch x; \".yaml",
	"two\nlines.yaml", "::set-output name=a::b.yaml", "two\n::set-output name=a::b.yaml", "\x1b[2J.yaml", "; exit 0;.yaml",
}
