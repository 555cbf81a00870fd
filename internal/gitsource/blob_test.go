// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
)

func TestReadContinuesAfterDamagedFile(t *testing.T) {
	t.Parallel()
	const value = "hunter2-plaintext"
	tests := map[string]struct {
		damage func(w workspace, object string) error
		want   string
	}{
		"missing":   {func(_ workspace, object string) error { return os.Remove(object) }, "delete what git fsck reports"},
		"emptied":   {func(_ workspace, object string) error { return os.Truncate(object, 0) }, "delete what git fsck reports"},
		"truncated": {func(_ workspace, object string) error { return os.Truncate(object, 15) }, "; delete what git fsck reports"},
		"overwritten": {func(_ workspace, object string) error {
			return os.WriteFile(object, []byte("no zlib, but "+value), 0o644)
		}, "delete what git fsck reports"},
		"another object under its name": {func(w workspace, object string) error {
			other, err := os.ReadFile(w.object("HEAD:secrets/c.yaml"))
			if err != nil {
				return err
			}
			return os.WriteFile(object, other, 0o644)
		}, "does not match the id of object"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t)
			c := w.commit("secrets/a.yaml", "a", "secrets/b.yaml", strings.Repeat(value, 50), "secrets/c.yaml", "c", "secrets/d.yaml", "d")
			if err := test.damage(w, w.object("HEAD:secrets/b.yaml")); err != nil {
				t.Fatal(err)
			}
			r := w.open()
			contents, problems := read(t, r, list(t, r, c, "secrets/*"))
			if diff := cmp.Diff(map[string]string{"secrets/a.yaml": "a", "secrets/c.yaml": "c", "secrets/d.yaml": "d"}, contents); diff != "" {
				t.Error(diff)
			}
			wantError(t, problems["secrets/b.yaml"], "secrets/b.yaml: ", test.want)
			if strings.Contains(problems["secrets/b.yaml"].Error(), value) {
				t.Errorf("error holds content: %v", problems["secrets/b.yaml"])
			}
		})
	}
}

func TestReadReportsFileDeletedAfterListing(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	c := w.commit("a.yaml", "a", "b.yaml", "b")
	r := w.open()
	files := list(t, r, c, "*")
	origin := filepath.Join(t.TempDir(), "origin")
	w.git("clone", "-q", "--bare", ".", origin)
	w.git("remote", "add", "origin", origin)
	if err := os.Remove(w.object("HEAD:a.yaml")); err != nil {
		t.Fatal(err)
	}
	contents, problems := read(t, r, files)
	wantError(t, problems["a.yaml"], "a.yaml: object ", "is missing or damaged; delete what git fsck reports as damaged and run git fetch --refetch --no-filter")
	if contents["b.yaml"] != "b" {
		t.Errorf("b.yaml was not read: %q", contents)
	}
	w.git("fetch", "-q", "--refetch", "--no-filter", "origin")
	if contents, _ := read(t, r, files); contents["a.yaml"] != "a" {
		t.Errorf("a.yaml is not there again: %q", contents)
	}
}

func TestReadChecksTypeAndSize(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	c := w.commit("a.yaml", "a", "b.yaml", "b", "c.yaml", "c", "d.yaml", "d", "e.yaml", "e")
	r := w.open()
	files := list(t, r, c, "*")
	files[0].Size = 2
	files[1].OID = w.git("rev-parse", "HEAD^{tree}")
	files[2].OID = "HEAD:c.yaml"
	files[3].OID = "-d\n" + files[3].OID
	contents, problems := read(t, r, files)
	wantError(t, problems["a.yaml"], "a.yaml: git cat-file: unexpected output", "of 2 bytes")
	wantError(t, problems["b.yaml"], "b.yaml: git cat-file: unexpected output", " tree ")
	wantError(t, problems["c.yaml"], "c.yaml: must be the full id")
	wantError(t, problems["d.yaml"], "d.yaml: must be the full id")
	if contents["e.yaml"] != "e" {
		t.Errorf("e.yaml was not read: %q", contents)
	}
}

func TestReadDoesNotLoadTooLargeFiles(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	c := w.commit("big.yaml", strings.Repeat("x", 1001), "just.yaml", strings.Repeat("x", 1000), "small.yaml", "x")
	r := w.open()
	files := list(t, r, c, "*")
	if err := os.Truncate(w.object("HEAD:big.yaml"), 20); err != nil { // so that reading past its header fails
		t.Fatal(err)
	}
	got := map[string]int{}
	err := r.Read(t.Context(), files, 1000, func(f gitsource.File, content []byte, err error) error {
		if f.Path == "big.yaml" {
			wantError(t, err, "big.yaml: too large: 1001 bytes, the limit is 1000")
			if !errors.Is(err, gitsource.ErrTooLarge) {
				t.Errorf("error %q is not ErrTooLarge", err)
			}
			return nil
		}
		got[f.Path] = len(content)
		return err
	})
	if diff := cmp.Diff(map[string]int{"just.yaml": 1000, "small.yaml": 1}, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func TestReadKeepsBytesAndOrder(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	odd := "line\r\n\x00\xff missing\n" + strings.Repeat("blob 3\n", 20_000)
	w.write(".gitattributes", "*.yaml text eol=crlf working-tree-encoding=UTF-16 ident\n")
	w.git("config", "core.autocrlf", "true")
	c := w.commit()
	blob := w.gitInput(odd, "hash-object", "-w", "--no-filters", "--stdin")
	tree := w.gitInput("100644 blob "+blob+"\ta.yaml\n100755 blob "+blob+"\tb.yaml\n", "mktree")
	c = gitsource.Commit(w.git("commit-tree", "-p", string(c), "-m", "odd", tree))
	r := w.open()
	var order []string
	err := r.Read(t.Context(), list(t, r, c, "*.yaml"), enough, func(f gitsource.File, content []byte, err error) error {
		order = append(order, f.Path)
		if string(content) != odd {
			t.Errorf("%s: content was changed", f)
		}
		return err
	})
	if diff := cmp.Diff([]string{"a.yaml", "b.yaml"}, order); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func TestReadReturnsErrorOfCallback(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	c := w.commit("a.yaml", "a", "b.yaml", "b")
	r := w.open()
	enoughOfThat := errors.New("enough of that")
	calls := 0
	err := r.Read(t.Context(), list(t, r, c, "*"), enough, func(gitsource.File, []byte, error) error {
		calls++
		return enoughOfThat
	})
	if !errors.Is(err, enoughOfThat) || calls != 1 {
		t.Errorf("got %v after %d calls", err, calls)
	}
}
