// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestProblems(t *testing.T) {
	t.Parallel()
	of := func(l ...license) []linked { return []linked{{path: "a", version: "v1", licenses: l}} }
	for name, row := range map[string]struct {
		modules []linked
		want    []string
	}{
		"permitted":               {of(license{path: "LICENSE", ids: []string{"MIT"}, coverage: 99}), nil},
		"two permitted":           {of(license{path: "LICENSE", ids: []string{"MIT", "Apache-2.0"}, coverage: 80}), nil},
		"no file":                 {of(), []string{"a v1: no licence file found"}},
		"not permitted":           {of(license{path: "COPYING", ids: []string{"GPL-3.0"}, coverage: 99}), []string{"a v1: COPYING: licence GPL-3.0 is not permitted"}},
		"permitted and not":       {of(license{path: "LICENSE", ids: []string{"MIT", "BUSL-1.1"}, coverage: 99}), []string{"a v1: LICENSE: licence BUSL-1.1 is not permitted"}},
		"unknown":                 {of(license{path: "LICENSE"}), []string{"a v1: LICENSE: unknown licence (0% of the text is known)"}},
		"known beside more":       {of(license{path: "LICENSE", ids: []string{"MIT"}, coverage: 40}), []string{"a v1: LICENSE: unknown licence (40% of the text is known)"}},
		"of a package, too":       {of(license{path: "LICENSE", ids: []string{"MIT"}, coverage: 99}, license{path: "x/LICENSE", ids: []string{"AGPL-3.0"}, coverage: 99}), []string{"a v1: x/LICENSE: licence AGPL-3.0 is not permitted"}},
		"notices need no licence": {[]linked{{path: "a", version: "v1", licenses: []license{{path: "LICENSE", ids: []string{"ISC"}, coverage: 99}}, notices: []license{{path: "NOTICE"}}}}, nil},
	} {
		if diff := cmp.Diff(row.want, problems(row.modules)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestLicensesAreFoundFromThePackageToTheRootOfItsModule(t *testing.T) {
	t.Parallel()
	mpl, err := os.ReadFile("../../../LICENSE")
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	used, unused := filepath.Join(root, "used"), filepath.Join(root, "unused")
	for file, text := range map[string]string{
		filepath.Join(root, "LICENSE.md"): string(mpl), filepath.Join(root, "NOTICE"): "Copyright of a", filepath.Join(root, "license.go"): "package a",
		filepath.Join(used, "COPYING"): "All rights reserved.", filepath.Join(unused, "LICENSE"): "All rights reserved.",
	} {
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := goPackage{Dir: used}
	p.Module = &goModule{Path: "example.com/a", Version: "v1.0.0", Dir: root}
	modules, err := readModules([]goPackage{p}, "")
	if err != nil || len(modules) != 1 {
		t.Fatalf("got %v, %v", modules, err)
	}
	want := []string{"example.com/a v1.0.0: used/COPYING: unknown licence (0% of the text is known)"}
	if diff := cmp.Diff(want, problems(modules)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	at := slices.IndexFunc(modules[0].licenses, func(l license) bool { return l.path == "LICENSE.md" })
	if at < 0 || !slices.Equal(modules[0].licenses[at].ids, []string{"MPL-2.0"}) {
		t.Errorf("got the licences %+v", modules[0].licenses)
	}
	carried := text(append(modules, linked{path: "b", version: "v2", licenses: []license{{path: "LICENSE", text: string(mpl)}}}))
	for _, want := range []string{"example.com/a v1.0.0: LICENSE.md\nb v2: LICENSE\n\nMozilla Public License", "example.com/a v1.0.0: NOTICE\n\nCopyright of a\n"} {
		if strings.Count(carried, want) != 1 {
			t.Errorf("the text of a release does not contain %q", want)
		}
	}
}
