// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package sopsfile

import (
	"strings"
	"testing"
)

// Each of these is one mistake of a person, and its error is one problem with its fix.
func TestVerifyNamesWhatAFileIsInstead(t *testing.T) {
	t.Parallel()
	file, _ := sealedYAML(t)
	const plain = "the file is not encrypted: SOPS encrypted nothing in it; encrypt it with sops encrypt --in-place"
	lfs := "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
	for _, row := range []struct {
		name, file string
		mapped     Mapping
		line       int
		want       string
	}{
		{"a.yaml", lfs, Mapping{}, 1, "the file is a pointer of Git LFS"},
		{"a.json", lfs, Mapping{}, 1, "the file is a pointer of Git LFS"},
		{"a.env", lfs, Mapping{Workflow: "w"}, 1, "the file is a pointer of Git LFS"},
		{"a.bin", lfs, Mapping{Workflow: "w", Secret: "s"}, 1, "remove its pattern from .gitattributes"},
		{"a.yaml", "<<<<<<< HEAD\n" + file + "=======\n" + file + ">>>>>>> other\n", Mapping{}, 1, "the file has a merge conflict"},
		{"a.yaml", replace("        token", "<<<<<<< HEAD\n=======\n>>>>>>> b\n        token")(file), Mapping{}, 3, "repeat the change of the other side with sops edit"},
		{"a.env", "A=ENC[\n<<<<<<< HEAD\nB=1\n=======\n>>>>>>> b\n", Mapping{Workflow: "w"}, 2, "the file has a merge conflict"},
		{"a.yaml", "token: " + canaryClear + "\nport: 80\n", Mapping{}, 0, plain},
		{"a.yaml", "workflows:\n  deploy:\n    token: " + canaryClear + "\n", Mapping{}, 0, plain},
		{"a.yaml", "creation_rules: [x, {a: b]\n", Mapping{}, 0, plain},
		{"a.json", "# " + canaryClear, Mapping{}, 0, plain},
		{"a.env", "TOKEN=\n" + canaryClear + "\n", Mapping{Workflow: "w"}, 0, plain},
		{"a.ini", canaryClear + "\n[x]\n", Mapping{Workflow: "w"}, 0, plain},
		{"a.pem", "-----BEGIN PRIVATE KEY-----\n" + canaryClear, Mapping{Workflow: "w", Secret: "s"}, 0, plain},
	} {
		verify := Verify
		if row.mapped.Workflow != "" {
			verify = func(name string, data []byte) (*Manifest, error) { return VerifyMapped(name, data, row.mapped) }
		}
		_, err := verify(row.name, []byte(row.file))
		assertSilent(t, err, row.file)
		assertProblem(t, err, row.line, row.want)
		if strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: more than one problem: %v", row.name, err)
		}
	}
}
