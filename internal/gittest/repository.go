// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gittest

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Repository is a bare repository.
type Repository struct {
	t testing.TB
	// Dir is its folder, Name the last part of it.
	Dir, Name string
}

// NewRepository creates an empty repository below root. args are arguments of git init.
func NewRepository(t testing.TB, root, name string, args ...string) *Repository {
	t.Helper()
	r := &Repository{t: t, Dir: filepath.Join(root, name), Name: name}
	r.run("", append([]string{"init", "--quiet", "--bare", "--initial-branch=main", r.Dir}, args...)...)
	return r
}

// Git runs git in the repository, and returns what it prints.
func (r *Repository) Git(args ...string) string {
	r.t.Helper()
	return r.run("", append([]string{"-C", r.Dir}, args...)...)
}

// Input is Git with a standard input.
func (r *Repository) Input(input string, args ...string) string {
	r.t.Helper()
	return r.run(input, append([]string{"-C", r.Dir}, args...)...)
}

func (r *Repository) run(input string, args ...string) string {
	r.t.Helper()
	cmd := exec.CommandContext(r.t.Context(), "git", args...)
	cmd.Env = environment()
	cmd.Stdin = strings.NewReader(input)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		r.t.Fatalf("git %q: %v\n%s", args, err, &stderr)
	}
	return strings.TrimSpace(string(out))
}

// environment returns an environment for git without configuration of a user or the system.
func environment() []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_AUTHOR_NAME=ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=ada", "GIT_COMMITTER_EMAIL=ada@example.com",
	}
}

// Commit adds a commit with one file to a branch, which it creates if necessary, and returns its id.
func (r *Repository) Commit(branch, file, content string) string {
	r.t.Helper()
	args := []string{"commit-tree", "-m", "change " + file}
	if parent := r.Git("for-each-ref", "--format=%(objectname)", "refs/heads/"+branch); parent != "" {
		args = append(args, "-p", parent)
	}
	blob := r.Input(content, "hash-object", "-w", "--stdin")
	tree := r.Input("100644 blob "+blob+"\t"+file+"\n", "mktree")
	id := r.Git(append(args, tree)...)
	r.Git("update-ref", "refs/heads/"+branch, id)
	return id
}
