// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
)

// workspace is a repository that a test writes to with the real git, in an environment of its own.
type workspace struct {
	t   *testing.T
	dir string
}

func newWorkspace(t *testing.T, initArgs ...string) workspace {
	t.Helper()
	w := workspace{t: t, dir: filepath.Join(t.TempDir(), "repo")}
	if err := os.Mkdir(w.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	w.git(append([]string{"init", "--quiet", "--initial-branch=main"}, initArgs...)...)
	return w
}

// command prepares a git that is not locked down: the user at the keyboard.
func (w workspace) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(w.t.Context(), "git", args...)
	cmd.Dir = w.dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + w.dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=c", "GIT_COMMITTER_EMAIL=c@example.com",
	}
	return cmd
}

func (w workspace) git(args ...string) string {
	w.t.Helper()
	return w.gitInput("", args...)
}

func (w workspace) gitInput(input string, args ...string) string {
	w.t.Helper()
	cmd := w.command(args...)
	cmd.Stdin = strings.NewReader(input)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		w.t.Fatalf("git %q: %v\n%s", args, err, &stderr)
	}
	return strings.TrimSpace(string(out))
}

func (w workspace) write(path, content string) {
	w.t.Helper()
	full := filepath.Join(w.dir, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(content), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

// commit writes files, given as path and content in turn, and commits everything in the work tree.
func (w workspace) commit(pathsAndContents ...string) gitsource.Commit {
	w.t.Helper()
	for i := 0; i < len(pathsAndContents); i += 2 {
		w.write(pathsAndContents[i], pathsAndContents[i+1])
	}
	w.git("add", "--all")
	w.git("commit", "--quiet", "--allow-empty", "--message=test")
	return gitsource.Commit(w.git("rev-parse", "HEAD"))
}

// commitTree commits a tree given as raw bytes, which can hold what no git writes.
func (w workspace) commitTree(raw string) gitsource.Commit {
	w.t.Helper()
	tree := w.gitInput(raw, "hash-object", "-t", "tree", "-w", "--literally", "--stdin")
	return gitsource.Commit(w.git("commit-tree", "-m", "test", tree))
}

// object is the file of a loose object.
func (w workspace) object(rev string) string {
	w.t.Helper()
	id := w.git("rev-parse", rev)
	path := filepath.Join(w.dir, ".git", "objects", id[:2], id[2:])
	if err := os.Chmod(path, 0o644); err != nil {
		w.t.Fatal(err)
	}
	return path
}

func (w workspace) open() *gitsource.Repository {
	w.t.Helper()
	return open(w.t, w.dir)
}

func open(t *testing.T, path string) *gitsource.Repository {
	t.Helper()
	r, err := gitsource.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func resolve(t *testing.T, r *gitsource.Repository, branch string) gitsource.Commit {
	t.Helper()
	c, err := r.Resolve(t.Context(), branch)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func list(t *testing.T, r *gitsource.Repository, c gitsource.Commit, patterns ...string) []gitsource.File {
	t.Helper()
	files, err := r.Files(t.Context(), c, patterns)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

const enough = 1 << 20

// read reads files and returns contents and errors by what the file is shown as.
func read(t *testing.T, r *gitsource.Repository, files []gitsource.File) (contents map[string]string, problems map[string]error) {
	t.Helper()
	contents, problems = map[string]string{}, map[string]error{}
	err := r.Read(t.Context(), files, enough, func(f gitsource.File, content []byte, err error) error {
		if err != nil {
			problems[f.String()] = err
			return nil
		}
		contents[f.String()] = string(content)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return contents, problems
}

// contentsOf reads all files of a branch that match, and fails on any problem.
func contentsOf(t *testing.T, r *gitsource.Repository, branch string, patterns ...string) map[string]string {
	t.Helper()
	contents, problems := read(t, r, list(t, r, resolve(t, r, branch), patterns...))
	for name, problem := range problems {
		t.Errorf("reading %s: %v", name, problem)
	}
	return contents
}

// wantError checks that an error has all parts, on one line.
func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("got no error, want one with %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not contain %q", err, part)
		}
	}
	if strings.ContainsAny(err.Error(), "\n\t\x1b") {
		t.Errorf("error %q has control characters", err)
	}
}

// putGit puts a shell script in place of the git command; $GIT in it is the real one.
func putGit(t *testing.T, script string) {
	t.Helper()
	real, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	script = "#!/bin/sh\nGIT='" + real + "'\n" + script + "\n"
	if err := os.WriteFile(filepath.Join(dir, "git"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
