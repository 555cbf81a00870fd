// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
)

func wantAncestry(t *testing.T, r *gitsource.Repository, older, newer gitsource.Commit, want gitsource.Ancestry, why string) {
	t.Helper()
	got, err := r.Ancestry(t.Context(), newer, older)
	if err != nil || got[older] != want {
		t.Errorf("%s: got %v, %v, want %v", why, got[older], err, want)
	}
}

func TestAncestry(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"sha1", "sha256"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t, "--object-format="+format)
			first := w.commit("a.yaml", "1")
			second := w.commit("a.yaml", "2")
			w.git("reset", "--quiet", "--hard", string(first))
			rewritten := w.commit("a.yaml", "other 2")
			r := w.open()
			wantAncestry(t, r, first, first, gitsource.Yes, "same commit")
			wantAncestry(t, r, first, rewritten, gitsource.Yes, "parent")
			wantAncestry(t, r, rewritten, first, gitsource.No, "child")
			wantAncestry(t, r, second, rewritten, gitsource.No, "history rewritten")
			tree := gitsource.Commit(w.git("rev-parse", "HEAD^{tree}"))
			for _, stranger := range []gitsource.Commit{"", "main", "HEAD", "--help", first[:20], first + "0", tree,
				gitsource.Commit(strings.Repeat("1", len(first))), gitsource.Commit(strings.ToUpper(string(first)))} {
				wantAncestry(t, r, stranger, rewritten, gitsource.Unknown, "older is "+string(stranger))
			}
			if _, err := r.Ancestry(t.Context(), "main", first); err == nil {
				t.Error("a branch is taken for a commit")
			}
		})
	}
}

func TestAncestryAnswersForAllCommitsTogether(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	first, second := w.commit("a", "1"), w.commit("a", "2")
	w.git("reset", "--quiet", "--hard", string(first))
	head := w.commit("a", "3")
	want := map[gitsource.Commit]gitsource.Ancestry{first: gitsource.Yes, second: gitsource.No, head: gitsource.Yes, "": gitsource.Unknown,
		gitsource.Commit(strings.Repeat("1", len(first))): gitsource.Unknown}
	got, err := w.open().Ancestry(t.Context(), head, slices.Collect(maps.Keys(want))...)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestAncestryIsUnknownIfHistoryIsMissing(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	oldest, first, second, third := w.commit("a", "0"), w.commit("a", "1"), w.commit("a", "2"), w.commit("a", "3")
	w.git("checkout", "--quiet", "--orphan", "orphan")
	orphan := w.commit("a", "other")
	w.git("clone", "--quiet", "--depth=2", "--no-single-branch", "file://"+w.dir, "../shallow")

	shallow := open(t, w.dir+"/../shallow")
	wantAncestry(t, shallow, second, third, gitsource.Yes, "within the depth")
	wantAncestry(t, shallow, first, third, gitsource.Yes, "the first below the depth, which the commit above it names")
	wantAncestry(t, shallow, oldest, third, gitsource.Unknown, "below the depth")
	wantAncestry(t, shallow, orphan, third, gitsource.Unknown, "no connection within the depth")

	whole := w.open()
	wantAncestry(t, whole, orphan, third, gitsource.No, "no connection in the whole history")
	if err := os.Remove(w.object(string(second))); err != nil {
		t.Fatal(err)
	}
	wantAncestry(t, whole, first, third, gitsource.Unknown, "a commit in between is lost")
}

func TestAncestryIgnoresCommitGraph(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	w.commit("a", "1")
	w.git("checkout", "--quiet", "--orphan", "orphan")
	stranger := w.commit("a", "other")
	w.git("checkout", "--quiet", "main")
	head := w.commit("a", "2")
	traps := map[string]func(){
		"graft":        func() { w.write(".git/info/grafts", string(head)+" "+string(stranger)+"\n") },
		"replacement":  func() { w.git("replace", "--graft", string(head), string(stranger)) },
		"commit graph": func() { w.write(".git/objects/info/commit-graph", "garbage") },
	}
	for name, set := range traps {
		set()
		if name != "commit graph" {
			w.git("merge-base", "--is-ancestor", string(stranger), string(head)) // git without the measures follows it
		}
		wantAncestry(t, w.open(), stranger, head, gitsource.No, name)
		os.Remove(w.dir + "/.git/info/grafts")
		os.RemoveAll(w.dir + "/.git/refs/replace")
	}
}
