// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
)

// booby makes a repository in which whatever git can be made to run creates a file, of which it returns the path. The
// content of lost.yaml is missing, so that git would like to fetch it.
func booby(t *testing.T) (w workspace, canary string) {
	t.Helper()
	w = newWorkspace(t)
	canary = filepath.Join(t.TempDir(), "canary")
	w.commit("here.yaml", "here", "lost.yaml", "lost", ".gitattributes", "* filter=evil diff=evil\n")
	if err := os.Remove(w.object("HEAD:lost.yaml")); err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(t.TempDir(), "evil")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n: >'"+canary+"'\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, hook := range []string{"post-checkout", "reference-transaction", "post-index-change", "pre-auto-gc", "fsmonitor-watchman"} {
		if err := os.Symlink(script, filepath.Join(w.dir, ".git/hooks", hook)); err != nil {
			t.Fatal(err)
		}
	}
	config := `
[core]
	repositoryFormatVersion = 1
	worktree = ../../does/not/exist
	fsmonitor = ` + script + `
	hooksPath = ` + filepath.Dir(script) + `
	sshCommand = ` + script + `
	gitProxy = ` + script + `
	pager = ` + script + `
	editor = ` + script + `
	askPass = ` + script + `
	alternateRefsCommand = ` + script + `
	commitGraph = true
[extensions]
	partialClone = evil
[remote "evil"]
	url = ext::` + script + `
	promisor = true
	uploadpack = ` + script + `
[protocol]
	allow = always
[protocol "ext"]
	allow = always
[credential]
	helper = !` + script + `
[filter "evil"]
	clean = ` + script + `
	smudge = ` + script + `
	process = ` + script + `
	required = true
[diff "evil"]
	textconv = ` + script + `
	command = ` + script + `
`
	for _, command := range []string{"version", "rev-parse", "for-each-ref", "cat-file"} {
		config += "[alias]\n\t" + command + " = !" + script + "\n[pager]\n\t" + command + " = " + script + "\n"
	}
	w.write(".git/config", config)
	return w, canary
}

// tour uses everything the package has on a repository whose lost.yaml is missing.
func tour(t *testing.T, path string) {
	t.Helper()
	r := open(t, path)
	c := resolve(t, r, "main")
	files := list(t, r, c, "*.yaml")
	for i := range files { // ask for the lost one as well, as if it had been there when the files were listed
		if files[i].Path == "lost.yaml" {
			if !strings.Contains(files[i].Rejected, "no readable content") {
				t.Errorf("lost.yaml is not rejected: %+v", files[i])
			}
			files[i].Rejected, files[i].Size = "", int64(len("lost"))
		}
	}
	contents, problems := read(t, r, files)
	if contents["here.yaml"] != "here" {
		t.Errorf("here.yaml was not read: %q", contents)
	}
	wantError(t, problems["lost.yaml"], "lost.yaml: ")
	wantAncestry(t, r, c, c, gitsource.Yes, "same commit")
	wantAncestry(t, r, gitsource.Commit(strings.Repeat("1", 40)), c, gitsource.Unknown, "absent commit")
}

func TestRepositoryCannotRunPrograms(t *testing.T) {
	t.Parallel()
	w, canary := booby(t)
	tour(t, w.dir)
	if exists(canary) {
		t.Fatal("the repository made git run a program")
	}

	// The traps work with a git that is not restricted.
	for _, careless := range [][]string{{"--work-tree=.", "cat-file", "--batch-check"}, {"--work-tree=.", "status"}} {
		cmd := w.command(careless...)
		cmd.Stdin = strings.NewReader(w.git("--work-tree=.", "rev-parse", "HEAD:lost.yaml") + "\n")
		_ = cmd.Run() // it cannot succeed
		if !exists(canary) {
			t.Errorf("git %q ran no program, so the trap does not work", careless)
		}
		os.Remove(canary)
	}
}

// A git that ignores GIT_NO_LAZY_FETCH is stopped by either of two other measures. It can then refuse to list the files.
func TestEachMeasureAloneStopsLazyFetch(t *testing.T) {
	findPrograms := "unset GIT_EXEC_PATH; PATH='" + os.Getenv("PATH") + "'; export PATH; "
	tests := map[string]struct {
		weaken string
		runs   bool
	}{
		"no lazy fetch": {findPrograms + "unset GIT_ALLOW_PROTOCOL", false},
		"no transport":  {findPrograms + "unset GIT_NO_LAZY_FETCH", false},
		"no program":    {"unset GIT_ALLOW_PROTOCOL GIT_NO_LAZY_FETCH", false},
		"no wall":       {findPrograms + "unset GIT_ALLOW_PROTOCOL GIT_NO_LAZY_FETCH", true}, // or the others show nothing
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w, canary := booby(t)
			putGit(t, test.weaken+`; exec "$GIT" "$@"`)
			r := open(t, w.dir)
			_, err := r.Files(t.Context(), resolve(t, r, "main"), []string{"*.yaml"})
			if exists(canary) != test.runs {
				t.Errorf("a program was run: %v; listing the files: %v", exists(canary), err)
			}
		})
	}
}

func TestEnvironmentIsIgnored(t *testing.T) {
	w, other := newWorkspace(t), newWorkspace(t)
	want := w.commit("a.yaml", "right")
	other.commit("a.yaml", "wrong")
	scratch := t.TempDir()
	dump, trace, canary := filepath.Join(scratch, "dump"), filepath.Join(scratch, "trace"), filepath.Join(scratch, "canary")
	putGit(t, `/usr/bin/env >>'`+dump+`'; exec "$GIT" "$@"`)
	for name, value := range map[string]string{
		"GIT_DIR": other.dir + "/.git", "GIT_WORK_TREE": other.dir, "GIT_COMMON_DIR": other.dir + "/.git",
		"GIT_OBJECT_DIRECTORY": other.dir + "/.git/objects", "GIT_NAMESPACE": "elsewhere", "GIT_TRACE": trace,
		"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.fsmonitor", "GIT_CONFIG_VALUE_0": "touch " + canary,
		"GIT_CONFIG_PARAMETERS": "'core.bare=maybe'", "VAULT_TOKEN": "token-canary",
	} {
		t.Setenv(name, value)
	}
	r := open(t, w.dir)
	if got := resolve(t, r, "main"); got != want {
		t.Errorf("main is %s, want %s", got, want)
	}
	if got := contentsOf(t, r, "main", "*"); got["a.yaml"] != "right" {
		t.Errorf("read from another repository: %q", got)
	}
	if exists(trace) || exists(canary) {
		t.Error("git listened to the environment of this process")
	}
	seen, err := os.ReadFile(dump)
	if err != nil {
		t.Fatal(err)
	}
	for _, leak := range []string{"VAULT_TOKEN", "token-canary", other.dir} {
		if strings.Contains(string(seen), leak) {
			t.Errorf("git sees %s", leak)
		}
	}
}

func TestRepositoryOfAnotherUserIsReadable(t *testing.T) {
	w := newWorkspace(t)
	w.commit("a.yaml", "a")
	putGit(t, `GIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec "$GIT" "$@"`)
	if got := contentsOf(t, open(t, w.dir), "main", "*"); got["a.yaml"] != "a" {
		t.Errorf("got %q", got)
	}
	if err := w.command("status").Run(); err == nil { // with the same script: git without the measures refuses
		t.Error("git accepts the owner, so this test shows nothing")
	}
}

func TestReplaceRefsAreIgnored(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	w.commit("a.yaml", "true", "b.yaml", "fake")
	w.git("replace", w.git("rev-parse", "HEAD:a.yaml"), w.git("rev-parse", "HEAD:b.yaml"))
	if got := w.git("show", "HEAD:a.yaml"); got != "fake" {
		t.Fatalf("the replacement does not work: %q", got)
	}
	if got := contentsOf(t, w.open(), "main", "a.yaml"); got["a.yaml"] != "true" {
		t.Errorf("got %q", got)
	}
}

func TestEndOfContextStopsAllCalls(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	c := w.commit("a.yaml", "a")
	r := w.open()
	files := list(t, r, c, "*")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	calls := map[string]func() error{
		"Open":     func() error { _, err := gitsource.Open(ctx, w.dir); return err },
		"Resolve":  func() error { _, err := r.Resolve(ctx, "main"); return err },
		"Files":    func() error { _, err := r.Files(ctx, c, []string{"*"}); return err },
		"Ancestry": func() error { _, err := r.Ancestry(ctx, c, c); return err },
		"Read": func() error {
			return r.Read(ctx, files, enough, func(gitsource.File, []byte, error) error {
				t.Error("Read calls back after the context ended")
				return nil
			})
		},
	}
	for name, call := range calls {
		if err := call(); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// A git that hangs and its child are killed: both have a pipe open, whose end shows that they are gone.
func TestEndOfContextKillsGitAndItsChildren(t *testing.T) {
	for _, test := range []struct{ call, command string }{
		{"Resolve", "for-each-ref"}, {"Files", "--batch"}, {"Files of one tree", "--batch-check"}, {"Read", "--batch"}, {"Ancestry", "--batch"},
	} {
		t.Run(test.call, func(t *testing.T) {
			w := newWorkspace(t)
			c := w.commit("a.yaml", "a")
			files := list(t, w.open(), c, "*")
			pipe := filepath.Join(t.TempDir(), "pipe")
			if err := syscall.Mkfifo(pipe, 0o600); err != nil {
				t.Fatal(err)
			}
			putGit(t, `case "$* " in *" `+test.command+` "*) exec 9>'`+pipe+`'; /bin/sleep 600 & wait;; esac; exec "$GIT" "$@"`)
			r := open(t, w.dir)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			gone := make(chan error, 1)
			go func() {
				reader, err := os.Open(pipe) // waits for the script
				if err == nil {
					cancel()
					_, err = io.Copy(io.Discard, reader) // ends when no process has the other end open
					reader.Close()
				}
				gone <- err
			}()
			var err error
			switch test.call {
			case "Resolve":
				_, err = r.Resolve(ctx, "main")
			case "Files", "Files of one tree":
				_, err = r.Files(ctx, c, []string{"*"})
			case "Ancestry":
				_, err = r.Ancestry(ctx, c, gitsource.Commit(strings.Repeat("1", len(c))))
			case "Read":
				err = r.Read(ctx, files, enough, func(gitsource.File, []byte, error) error { return nil })
			}
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			select {
			case err := <-gone:
				if err != nil {
					t.Error(err)
				}
			case <-time.After(30 * time.Second):
				t.Error("a process is left over")
			}
		})
	}
}
