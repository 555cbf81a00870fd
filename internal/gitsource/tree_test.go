// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource_test

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
)

func paths(files []gitsource.File) []string {
	var paths []string
	for _, f := range files {
		paths = append(paths, f.Path)
	}
	return paths
}

// wantRejected checks that exactly the files of want are rejected, with a part of the cause.
func wantRejected(t *testing.T, files []gitsource.File, want map[string]string) {
	t.Helper()
	listed := map[string]bool{}
	for _, f := range files {
		listed[f.Path] = true
		cause, reject := want[f.Path]
		if reject != (f.Rejected != "") || !strings.Contains(f.Rejected, cause) {
			t.Errorf("%s: rejected: %q, want %q", f, f.Rejected, cause)
		}
		if f.Rejected != "" && f.Size != 0 {
			t.Errorf("%s is rejected and has a size", f)
		}
	}
	for path := range want {
		if !listed[path] {
			t.Errorf("%q is not listed", path)
		}
	}
}

func TestFilesSelectsByPattern(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	for _, path := range []string{"top.yaml", "secrets/a.yaml", "secrets/b.json", "secrets/deep/er/c.yaml", "secrets.yaml", "apps/x/s.yaml", "Secrets/a.yaml"} {
		w.write(path, path)
	}
	c := w.commit()
	tests := map[string]struct{ patterns, want []string }{
		"one file":         {[]string{"secrets/a.yaml"}, []string{"secrets/a.yaml"}},
		"star stays":       {[]string{"secrets/*"}, []string{"secrets/a.yaml", "secrets/b.json"}},
		"two stars go on":  {[]string{"secrets/**/*.yaml"}, []string{"secrets/a.yaml", "secrets/deep/er/c.yaml"}},
		"everything":       {[]string{"**/*.json"}, []string{"secrets/b.json"}},
		"alternatives":     {[]string{"secrets/*.{yaml,json}"}, []string{"secrets/a.yaml", "secrets/b.json"}},
		"each file once":   {[]string{"apps/**", "apps/*/s.yaml"}, []string{"apps/x/s.yaml"}},
		"nothing matching": {[]string{"other/**"}, nil},
		"excluded":         {[]string{"secrets/**", "!**/er/*", "!**/*.json"}, []string{"secrets/a.yaml"}},
		"included again":   {[]string{"secrets/*", "!secrets/*", "secrets/a.*"}, []string{"secrets/a.yaml"}},
	}
	r := w.open()
	for name, test := range tests {
		if diff := cmp.Diff(test.want, paths(list(t, r, c, test.patterns...))); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
	f := list(t, r, c, "top.yaml")[0]
	if f.Size != int64(len("top.yaml")) || f.OID != w.git("rev-parse", "HEAD:top.yaml") {
		t.Errorf("wrong size or id: %+v", f)
	}
}

// The configuration of sops, and what editors and CI systems keep, is beside the manifests.
func TestWildcardsMatchNoDotfile(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		pattern, path string
		want          bool
	}{
		{"**/*.yaml", ".sops.yaml", false},
		{"*.yaml", ".sops.yaml", false},
		{"?sops.yaml", ".sops.yaml", false},
		{"[.]sops.yaml", ".sops.yaml", false},
		{"secrets/**", "secrets/a/.sops.yaml", false},
		{"**/*.yaml", ".github/workflows/ci.yaml", false},
		{".github/**/*.yaml", ".github/a/.b/c.yaml", false},
		{"**/*.{yaml,.x}", "a/.yaml", false},
		{".*.yaml", ".sops.yaml", true},
		{".sops.yaml", ".sops.yaml", true},
		{`\.sops.yaml`, ".sops.yaml", true},
		{"**/.secrets/**/*.yaml", "a/b/.secrets/c.yaml", true},
		{"**/.secrets/**/*.yaml", ".secrets/c/d.yaml", true},
		{"{.secrets,secrets}/*.yaml", ".secrets/c.yaml", true},
		{"{{x,.}secrets/,}*.yaml", ".secrets/c.yaml", true},
		{"**/{.env,app.env}", "a/.env", true},
		{"**/a.yaml", "x/a.yaml", true},
	} {
		if got := gitsource.Matches(test.pattern, test.path); got != test.want {
			t.Errorf("%s matches %s: %t", test.pattern, test.path, got)
		}
	}
}

func TestFilesRejectsLinksAndSubmodules(t *testing.T) {
	t.Parallel()
	inner := newWorkspace(t)
	inner.commit("x.yaml", "x")
	w := newWorkspace(t)
	w.write("secrets/good.yaml", "good")
	w.write("plain", "a file, and no folder")
	w.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner.dir, "secrets/module.yaml")
	w.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner.dir, "module")
	for link, target := range map[string]string{"secrets/link.yaml": "/etc/hostname", "folder": "secrets", "unrelated": "secrets"} {
		if err := os.Symlink(target, filepath.Join(w.dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	files := list(t, w.open(), w.commit(), "secrets/*.yaml", "module/*.yaml", "folder/below/*.yaml", "plain/*.yaml", "unrelated-too/*.yaml")
	if diff := cmp.Diff([]string{"folder", "module", "secrets/good.yaml", "secrets/link.yaml", "secrets/module.yaml"}, paths(files)); diff != "" {
		t.Error(diff)
	}
	wantRejected(t, files, map[string]string{
		"secrets/link.yaml": "symbolic link", "secrets/module.yaml": "submodule", "module": "submodule", "folder": "symbolic link",
	})
	contents, problems := read(t, w.open(), files)
	if diff := cmp.Diff(map[string]string{"secrets/good.yaml": "good"}, contents); diff != "" {
		t.Error(diff)
	}
	wantError(t, problems["secrets/link.yaml"], "secrets/link.yaml: is a symbolic link", "commit the file itself")
}

func TestFilesRejectsNamesThatAreNotPrintable(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	names := []string{
		"-dash", "'quote'", `double"quote`, `back\slash`, " space ", "naïve", "日本", "$HOME", "*", "%s", "a:b",
		"new\nline", "tab\t", "\x1b[31mred", "\xff", "right\u202eleft", "zero\u200bwidth",
	}
	plain := map[string]string{}
	rejected := map[string]string{}
	for i, name := range names {
		path := "secrets/" + name + ".yaml"
		w.write(path, name)
		if i < 11 {
			plain[path] = name
		} else {
			rejected[path] = "rename it"
		}
	}
	w.write("-top.yaml", "top")
	plain["-top.yaml"] = "top"
	files := list(t, w.open(), w.commit(), "secrets/*.yaml", "-top.yaml")
	contents, problems := read(t, w.open(), files)
	if diff := cmp.Diff(plain, contents); diff != "" {
		t.Error(diff)
	}
	for name, problem := range problems {
		wantError(t, problem, name)
	}
	wantRejected(t, files, rejected)
}

func TestFilesRejectsForgedNames(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	w.commit("blob", "content")
	id, err := hex.DecodeString(w.git("rev-parse", "HEAD:blob"))
	if err != nil {
		t.Fatal(err)
	}
	var raw strings.Builder
	for _, name := range []string{"..", "../up.yaml", "/etc/abs.yaml", "a/b.yaml", "good.yaml", "twice.yaml", "twice.yaml"} {
		raw.WriteString("100644 " + name + "\x00" + string(id))
	}
	files := list(t, w.open(), w.commitTree(raw.String()), "**")
	if len(files) != 7 {
		t.Errorf("got %d entries, want 7: %v", len(files), files)
	}
	wantRejected(t, files, map[string]string{
		"..": "rename it", "../up.yaml": "rename it", "/etc/abs.yaml": "rename it", "twice.yaml": "duplicate path",
	})
}

func TestFilesIsCompleteOrAnError(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		damage func(w workspace)
		want   string
	}{
		"folder missing":   {func(w workspace) { os.Remove(w.object("HEAD:secrets/deep")) }, "is missing or damaged"},
		"folder truncated": {func(w workspace) { os.Truncate(w.object("HEAD:secrets/deep"), 20) }, "read the object: "},
		"commit missing":   {func(w workspace) { os.Remove(w.object("HEAD")) }, "is missing or damaged"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t)
			c := w.commit("secrets/a.yaml", "a", "secrets/deep/b.yaml", "b", "z.yaml", "z")
			r := w.open()
			test.damage(w)
			_, err := r.Files(t.Context(), c, []string{"**/*.yaml"})
			wantError(t, err, "list the files of commit "+string(c), test.want)
		})
	}
}

func TestFilesIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	w.commit("blob", "content")
	blob := "100644 blob " + w.git("rev-parse", "HEAD:blob") + "\t"
	folder := func(tree, name string) string { return "040000 tree " + tree + "\t" + name + "\n" }
	// A few objects can be any number of files: ten times those of tree.
	tenfold := func(tree string) string {
		var entries strings.Builder
		for _, name := range "0123456789" {
			entries.WriteString(folder(tree, string(name)))
		}
		return w.gitInput(entries.String(), "mktree")
	}
	files := []string{w.gitInput(blob+"f\n", "mktree")} // by power of ten
	for i := range 10 {
		files = append(files, tenfold(files[i]))
	}
	tests := map[string]struct{ tree, want string }{
		"a long path":        {blob + strings.Repeat("n", 9000) + "\n", "a path is longer than"},
		"one file too many":  {blob + "one more\n" + folder(files[5], "ten to the fifth"), "more than 100000 files"},
		"far too many files": {folder(files[10], "ten to the tenth"), "more than 100000 files"},
		"long names":         {folder(files[4], strings.Repeat("n", 4000)), "32 MiB of names and ids; use a smaller repository for secrets"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tree := w.gitInput(test.tree, "mktree")
			_, err := w.open().Files(t.Context(), gitsource.Commit(w.git("commit-tree", "-m", "test", tree)), []string{"x"})
			wantError(t, err, test.want)
		})
	}
	// The smaller repository of secrets that the error advises.
	smaller := w.gitInput(blob+"a.yaml\n", "mktree")
	if files, err := w.open().Files(t.Context(), gitsource.Commit(w.git("commit-tree", "-m", "test", smaller)), []string{"*"}); err != nil || len(files) != 1 {
		t.Errorf("a smaller repository: %v, %v", files, err)
	}
}

func TestFilesRejectsInvalidArguments(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	c := w.commit("a.yaml", "a")
	tests := map[string]struct {
		commit   gitsource.Commit
		patterns []string
		want     []string
	}{
		"a branch":         {"main", []string{"*"}, []string{"full id of a commit"}},
		"an option":        {"--help", []string{"*"}, []string{"full id of a commit"}},
		"a short id":       {c[:10], []string{"*"}, []string{"full id of a commit"}},
		"an absent commit": {gitsource.Commit(strings.Repeat("1", 40)), []string{"*"}, []string{"is missing or damaged"}},
		"a tree":           {gitsource.Commit(w.git("rev-parse", "HEAD^{tree}")), []string{"*"}, []string{"expected commit"}},
		"no pattern":       {c, nil, []string{"at least one pattern"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := w.open().Files(t.Context(), test.commit, test.patterns)
			wantError(t, err, test.want...)
		})
	}
	_, err := w.open().Files(t.Context(), c, []string{"/abs", "ok/*", "[a"})
	if err == nil || !strings.Contains(err.Error(), `"/abs"`) || !strings.Contains(err.Error(), `"[a"`) {
		t.Errorf("error %v does not list every bad pattern", err)
	}
}

func TestValidatePattern(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{"a.yaml", "**/*.yaml", "secrets/**", "a/{b,c}/*.y?ml", "[a-c]/x", ".sops/x", "naïve/*", `\!a`, strings.Repeat("{a}", 300)} {
		if err := gitsource.ValidatePattern(pattern); err != nil {
			t.Errorf("%q is rejected: %v", pattern, err)
		}
	}
	invalid := []string{
		"", "/a", "./a", "../a", "a/../b", "a//b", "a/", "!a", "[a", "{a", `a\`, "a\nb", "a\xffb", "a\u202eb", strings.Repeat("a", 1025), strings.Repeat("{a,b}", 100),
	}
	for _, pattern := range invalid {
		wantError(t, gitsource.ValidatePattern(pattern), "pattern ")
	}
	list := gitsource.ValidatePatterns([]string{"!a", "b", "!c", "!"})
	if list[1] != nil || list[2] != nil {
		t.Errorf("got %v", list)
	}
	wantError(t, list[0], `pattern "!a": excludes nothing`)
	wantError(t, list[3], "required")
}
