// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource_test

import (
	"slices"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
)

func TestLastChangeIgnoresCommitsThatTouchNoSelectedFile(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"sha1", "sha256"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t, "--object-format="+format)
			lastChange := func(want gitsource.Commit, why string, patterns ...string) {
				t.Helper()
				head := gitsource.Commit(w.git("rev-parse", "HEAD"))
				if got, err := w.open().LastChange(t.Context(), head, patterns); err != nil || got != want {
					t.Errorf("%s: %s, %v, want %s", why, got, err, want)
				}
			}
			first := w.commit("secrets/a.yaml", "1")
			w.commit("readme", "1")
			lastChange(first, "another file changed", "secrets/**/*.yaml")
			lastChange(first, "the pattern is for the whole repository", "**/*.yaml")
			w.commit("secrets/notes.txt", "1")
			lastChange(first, "another file of the folder changed", "secrets/*.yaml")
			w.commit("secrets/b.yaml", "1")
			lastChange(first, "an excluded file changed", "secrets/*.yaml", "!secrets/b.yaml")
			w.git("rm", "--quiet", "secrets/a.yaml")
			w.git("commit", "--quiet", "-m", "remove")
			removed := gitsource.Commit(w.git("rev-parse", "HEAD"))
			w.commit("readme", "2")
			lastChange(removed, "a file was removed", "secrets/*.yaml")
			w.git("checkout", "--quiet", "-b", "side", string(first))
			w.commit("secrets/c.yaml", "1")
			w.git("checkout", "--quiet", "-")
			w.git("merge", "--quiet", "--no-ff", "-m", "merge", "side")
			merged := gitsource.Commit(w.git("rev-parse", "HEAD"))
			w.commit("readme", "3")
			lastChange(merged, "a branch was merged", "secrets/*.yaml")
			lastChange(first, "nothing ever matched", "none/*.yaml")
		})
	}
}

// TestLastChangeFollowsNoSettingOfTheRepository: git log would run the program.
func TestLastChangeFollowsNoSettingOfTheRepository(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	first := w.commit("a.yaml", "1")
	head := w.commit("readme", "1")
	for setting, value := range map[string]string{
		"log.showSignature": "true", "gpg.program": "/nonexistent", "diff.external": "/nonexistent", "diff.noprefix": "true", "diff.renames": "copies",
		"log.follow": "true", "core.quotePath": "true", "diff.ignoreSubmodules": "all", "log.diffMerges": "off", "format.pretty": "fuller",
	} {
		w.git("config", setting, value)
	}
	if got, err := w.open().LastChange(t.Context(), head, []string{"*.yaml"}); err != nil || got != first {
		t.Errorf("%s, %v, want %s", got, err, first)
	}
}

func TestIdentitiesAreOfCommitsThatChangedTheFiles(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	by := func(name, path, content string) gitsource.Commit {
		w.write(path, content)
		w.git("add", "--all")
		w.git("commit", "--quiet", "--author=a <a-"+name+">", "-m", "change")
		return gitsource.Commit(w.git("rev-parse", "HEAD"))
	}
	base := by("old", "a[1].yaml", "1")
	by("ada", "a[1].yaml", "2")
	by("other", "a1.yaml", "1")
	w.git("checkout", "--quiet", "-b", "side", string(base))
	by("side", "b.yaml", "1")
	w.git("checkout", "--quiet", "-")
	w.git("merge", "--quiet", "--no-ff", "-m", "merge", "side")
	head := by("last", "readme", "1")
	got, err := w.open().Identities(t.Context(), head, base, []string{"a[1].yaml", "b.yaml"})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, one := range got {
		names = append(names, one.Author, one.Committer)
	}
	for _, want := range []string{"a-ada", "a-side", "c@example.com"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is missing in %q", want, names)
		}
	}
	for _, other := range []string{"a-old", "a-other", "a-last"} {
		if slices.Contains(names, other) {
			t.Errorf("%s did not change the files: %q", other, names)
		}
	}
	if got, err := w.open().Identities(t.Context(), base, head, []string{"a[1].yaml"}); err != nil || len(got) != 0 {
		t.Errorf("an older commit than the record's has %v, %v", got, err)
	}
}
