// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
)

func TestResolveTag(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"sha1", "sha256"} {
		w := newWorkspace(t, "--object-format="+format)
		c := w.commit("a", "1")
		w.git("tag", "light")
		w.git("tag", "-a", "-m", "signed off", "v1")
		w.git("tag", "-a", "-m", "of a tag", "outer", "v1")
		w.git("tag", "folder/v1")
		w.git("tag", "blob", "HEAD:a")
		w.git("tag", "-a", "-m", "of a tree", "tree", "HEAD^{tree}")
		w.git("branch", "v2") // no tag
		r := w.open()
		for name, object := range map[string]string{"light": "", "v1": w.git("rev-parse", "v1"), "outer": w.git("rev-parse", "outer"), "folder/v1": ""} {
			got, err := r.ResolveTag(t.Context(), name)
			if want := (gitsource.Tag{Name: name, Object: object, Commit: c}); err != nil || got != want {
				t.Errorf("%s: got %+v, %v, want %+v", name, got, err, want)
			}
		}
		for _, name := range []string{"v2", "folder", "main"} {
			if _, err := r.ResolveTag(t.Context(), name); !errors.Is(err, gitsource.ErrTagNotFound) {
				t.Errorf("%s: got %v, want ErrTagNotFound", name, err)
			}
		}
		for name, want := range map[string]string{"blob": "not a blob", "tree": "not a tag", "-x": "'-'", "refs/tags/v1": "short name", "": "a name"} {
			_, err := r.ResolveTag(t.Context(), name)
			wantError(t, err, "tag "+`"`+name, want)
		}
	}
}

func TestObjectsAreCheckedAgainstTheirID(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	c := w.commit("a", "1")
	w.git("tag", "-a", "-m", "note", "v1")
	r := w.open()
	tag, err := r.ResolveTag(t.Context(), "v1")
	if err != nil {
		t.Fatal(err)
	}
	data, err := r.CommitObject(t.Context(), c)
	if err != nil || !strings.HasSuffix(string(data), "\n\ntest\n") {
		t.Errorf("got %q, %v", data, err)
	}
	data, err = r.TagObject(t.Context(), tag)
	if err != nil || !strings.HasPrefix(string(data), "object "+string(c)+"\n") {
		t.Errorf("got %q, %v", data, err)
	}
	_, err = r.TagObject(t.Context(), gitsource.Tag{Name: "light", Commit: c})
	wantError(t, err, `tag "light"`, "full id")
	_, err = r.CommitObject(t.Context(), gitsource.Commit(tag.Object))
	wantError(t, err, "read commit")
	long := w.commit("a", "2")
	w.gitInput(strings.Repeat("long ", 40_000), "commit", "--quiet", "--amend", "--file=-")
	if _, err = r.CommitObject(t.Context(), gitsource.Commit(w.git("rev-parse", "HEAD"))); err != nil {
		t.Errorf("a message of 200 kB: %v", err)
	}
	other, err := os.ReadFile(w.object("HEAD"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(w.object(string(long)), other, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := r.CommitObject(t.Context(), long); err == nil {
		t.Error("another object under this one's name was taken for it")
	}
}

func TestWatchTag(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	w.commit("a", "1")
	w.git("tag", "v1")
	hints, err := w.open().WatchTag(t.Context(), "v1")
	if err != nil {
		t.Fatal(err)
	}
	w.git("tag", "--force", "v1", w.git("commit-tree", "-m", "other", "main^{tree}"))
	<-hints
}
