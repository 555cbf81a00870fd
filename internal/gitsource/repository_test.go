// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
)

func TestOpenReadsEveryKindOfRepository(t *testing.T) {
	t.Parallel()
	tests := map[string]func(w workspace) string{
		"work tree":         func(w workspace) string { return w.dir },
		"its git directory": func(w workspace) string { return filepath.Join(w.dir, ".git") },
		"bare": func(w workspace) string {
			w.git("clone", "--quiet", "--bare", ".", "../bare")
			return w.dir + "/../bare"
		},
		"linked worktree": func(w workspace) string {
			w.git("worktree", "add", "--quiet", "-b", "other", "../linked")
			return w.dir + "/../linked"
		},
		"packed": func(w workspace) string {
			w.git("gc", "--quiet")
			return w.dir
		},
		"clone that shares objects": func(w workspace) string {
			w.git("clone", "--quiet", "--shared", ".", "../shared")
			return w.dir + "/../shared"
		},
		"symbolic link to it": func(w workspace) string {
			link := w.dir + "-link"
			if err := os.Symlink(w.dir, link); err != nil {
				w.t.Fatal(err)
			}
			return link
		},
	}
	for name, place := range tests {
		for _, format := range []string{"sha1", "sha256"} {
			t.Run(name+" "+format, func(t *testing.T) {
				t.Parallel()
				w := newWorkspace(t, "--object-format="+format)
				want := w.commit("secrets/a.yaml", "a\n", "secrets/deep/b.yaml", "b", "README.md", "no", "secrets/empty.yaml", "")
				r := open(t, place(w))
				if got := resolve(t, r, "main"); got != want {
					t.Errorf("main is %s, want %s", got, want)
				}
				got := contentsOf(t, r, "main", "secrets/**/*.yaml")
				if diff := cmp.Diff(map[string]string{"secrets/a.yaml": "a\n", "secrets/deep/b.yaml": "b", "secrets/empty.yaml": ""}, got); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

func TestFilesComeFromTheCommit(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	w.commit("secrets/a.yaml", "committed", "secrets/gone.yaml", "still here")
	w.write("secrets/a.yaml", "half sav")
	w.write("secrets/untracked.yaml", "not committed")
	w.write("secrets/staged.yaml", "not committed")
	w.git("add", "secrets/staged.yaml")
	if err := os.Remove(filepath.Join(w.dir, "secrets/gone.yaml")); err != nil {
		t.Fatal(err)
	}
	before := snapshot(t, w.dir)

	r := w.open()
	got := contentsOf(t, r, "main", "secrets/*")
	want := map[string]string{"secrets/a.yaml": "committed", "secrets/gone.yaml": "still here"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := r.Ancestry(t.Context(), resolve(t, r, "main"), resolve(t, r, "main")); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(before, snapshot(t, w.dir)); diff != "" {
		t.Errorf("reading changed the repository:\n%s", diff)
	}
}

// snapshot is when each file below dir was last changed.
func snapshot(t *testing.T, dir string) map[string]int64 {
	t.Helper()
	times := map[string]int64{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil {
			times[path] = info.ModTime().UnixNano()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return times
}

func TestDeletedLinkedWorktreeStaysReadable(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	want := w.commit("a.yaml", "a")
	w.git("worktree", "add", "--quiet", "-b", "other", "../linked")
	r := open(t, w.dir+"/../linked")
	w.git("worktree", "remove", "../linked")
	if got := resolve(t, r, "main"); got != want {
		t.Errorf("main is %s, want %s", got, want)
	}
}

func TestOpenRejectsInvalidPaths(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	w.commit("folder/a.yaml", "a")
	top := t.TempDir()
	if err := os.Symlink(top+"/loop", top+"/loop"); err != nil {
		t.Fatal(err)
	}
	pruned := filepath.Join(w.dir, "..", "pruned")
	w.git("worktree", "add", "--quiet", "-b", "other", pruned)
	if err := os.RemoveAll(filepath.Join(w.dir, ".git/worktrees/pruned")); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		path string
		is   error
		want string
	}{
		"relative path":                  {path: "repo", want: "must be an absolute path"},
		"control characters":             {path: "/srv/\x1b[31mrepo", want: "without control characters"},
		"nothing there":                  {path: top + "/missing", is: fs.ErrNotExist, want: "no such file"},
		"a path that cannot be followed": {path: top + "/loop", want: "symbolic links"},
		"a file":                         {path: w.dir + "/folder/a.yaml", is: gitsource.ErrNotRepository, want: "must be a folder"},
		"an empty folder":                {path: top, is: gitsource.ErrNotRepository, want: "set the top folder"},
		"a folder inside a work tree":    {path: w.dir + "/folder", is: gitsource.ErrNotRepository, want: "set the top folder"},
		"a linked worktree that is gone": {path: pruned, is: gitsource.ErrNotRepository, want: "worktrees/pruned"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := gitsource.Open(t.Context(), test.path)
			wantError(t, err, "open repository", test.want)
			if test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("error %q is not %q", err, test.is)
			}
		})
	}
}

func TestOpenErrorIsOnePrintableLine(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	w.git("config", "core.repositoryFormatVersion", "1")
	w.git("config", "extensions.fancy", "true")
	_, err := gitsource.Open(t.Context(), w.dir)
	wantError(t, err, "unknown repository extension found: fancy (exit code 128)")

	dir := t.TempDir()
	far := "/no\x1b[31m/\u202ewhere" + strings.Repeat("/far", 1000)
	if err := os.WriteFile(filepath.Join(dir, ".git"), []byte("gitdir: "+far+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err = gitsource.Open(t.Context(), dir)
	wantError(t, err, "not a git repository", "/no?[31m/\\u202ewhere/far")
	if len(err.Error()) > 1000 {
		t.Errorf("error has %d bytes", len(err.Error()))
	}
}

func TestOpenChecksGitVersion(t *testing.T) {
	w := newWorkspace(t)
	tests := map[string]struct {
		version string
		want    string // nothing if the version will do
	}{
		"too old":         {"git version 2.30.9", "unsupported version 2.30. Hint: install git 2.31 or later"},
		"ancient":         {"git version 1.99.0", "unsupported version 1.99. Hint: install git 2.31 or later"},
		"old enough":      {"git version 2.31.0", ""},
		"with a suffix":   {"git version 2.39.5 (Apple Git-154)", ""},
		"from the future": {"git version 3.0.rc1", ""},
		"something else":  {"hub 2.40", "unknown version format"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			putGit(t, `case "$*" in *" version") echo "`+test.version+`"; exit;; esac; exec "$GIT" "$@"`)
			_, err := gitsource.Open(t.Context(), w.dir)
			if test.want == "" && err != nil {
				t.Fatal(err)
			}
			if test.want != "" {
				wantError(t, err, test.want)
			}
		})
	}
	t.Run("none", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		_, err := gitsource.Open(t.Context(), w.dir)
		wantError(t, err, "find the git command", "install git 2.31 or later")
	})
}

func TestOpenBoundsGitOutput(t *testing.T) {
	w := newWorkspace(t)
	putGit(t, `case "$*" in *" rev-parse "*) "$GIT" "$@"; printf %070000d 0; exit;; esac; exec "$GIT" "$@"`)
	_, err := gitsource.Open(t.Context(), w.dir)
	wantError(t, err, "git rev-parse: more than 65536 bytes of output")
}

func TestResolve(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	first := w.commit("a.yaml", "1")
	w.git("branch", "release/2026.11")
	w.git("branch", "naïve")
	w.git("tag", "tagged")
	w.git("update-ref", "refs/heads/refs/heads/ghost", "HEAD")
	w.git("update-ref", "refs/heads/folder/inside", "HEAD")
	w.git("symbolic-ref", "refs/heads/alias", "refs/heads/main")
	r := w.open()
	for _, branch := range []string{"main", "release/2026.11", "naïve", "alias"} {
		if got := resolve(t, r, branch); got != first {
			t.Errorf("branch %s is %s, want %s", branch, got, first)
		}
	}
	second := w.commit("a.yaml", "2")
	if got := resolve(t, r, "main"); got != second {
		t.Errorf("after a commit main is %s, want %s", got, second)
	}
	for _, absent := range []string{"ghost", "folder", "tagged", "Main", string(first), "mai"} {
		_, err := r.Resolve(t.Context(), absent)
		wantError(t, err, absent, "alias, folder/inside, main")
		if !errors.Is(err, gitsource.ErrBranchNotFound) {
			t.Errorf("error %q is not ErrNoBranch", err)
		}
	}
}

func TestResolveListsFewBranches(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	_, err := w.open().Resolve(t.Context(), "main")
	wantError(t, err, "the repository has no branches")
	w.commit()
	for _, name := range []string{"a", "b", "c", "d", "e\u202e", "z-last"} {
		w.git("branch", name)
	}
	_, err = w.open().Resolve(t.Context(), "absent")
	wantError(t, err, "a, b, c, d, e\\u202e, …")
	if strings.Contains(err.Error(), "z-last") {
		t.Errorf("error %q names every branch", err)
	}
}

func TestResolveReportsDamagedBranch(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	w.commit("a.yaml", "a")
	tests := map[string]struct{ ref, want string }{
		"garbage":          {"garbage\n", "ignoring broken ref"},
		"empty":            {"", "ignoring broken ref"},
		"an absent commit": {strings.Repeat("1", 40) + "\n", "missing object"},
		"not a commit":     {w.git("rev-parse", "HEAD:a.yaml") + "\n", "not a blob"},
	}
	for name, test := range tests {
		w.write(".git/refs/heads/damaged", test.ref)
		_, err := w.open().Resolve(t.Context(), "damaged")
		wantError(t, err, `resolve branch "damaged"`, test.want)
		if errors.Is(err, gitsource.ErrBranchNotFound) {
			t.Errorf("%s: a damaged branch is reported as an absent one: %v", name, err)
		}
	}
}

func TestValidateBranch(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"main", "feature/x", "a.b", "v1@2", "naïve", "a-b", "locked", "{x}"} {
		if err := gitsource.ValidateBranch(name); err != nil {
			t.Errorf("%q is rejected: %v", name, err)
		}
	}
	invalid := []string{
		"", "-", "--upload-pack=x", "HEAD", "@", "refs/heads/main", "a..b", "a@{1}", "a.", "a b", "a~1", "a^", "a:b", "a?",
		"a*", "a[b", `a\b`, "a\nb", "a\x00b", "a\u202eb", "a\xffb", "/a", "a/", "a//b", ".a", "a/.b", "a.lock", "a.lock/b",
		strings.Repeat("a", 201),
	}
	r := newWorkspace(t).open()
	for _, name := range invalid {
		wantError(t, gitsource.ValidateBranch(name), "branch ")
		if _, err := r.Resolve(t.Context(), name); err == nil || errors.Is(err, gitsource.ErrBranchNotFound) {
			t.Errorf("Resolve accepts %q: %v", name, err)
		}
	}
}
