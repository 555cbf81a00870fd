// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package sopsfile

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/getsops/sops/v3"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// mappedTree is a mapped file as sops sees it before it seals it, which changes it.
func mappedTree(suffix string) sops.TreeBranch {
	switch suffix {
	case ".env":
		return sops.TreeBranch{
			{Key: sops.Comment{Value: " a comment"}},
			{Key: "TOKEN", Value: canaryToken},
			{Key: "PORT", Value: canaryPort},
		}
	case ".ini":
		return sops.TreeBranch{
			{Key: defaultSection, Value: sops.TreeBranch{{Key: "token", Value: canaryToken}}},
			{Key: "db", Value: sops.TreeBranch{{Key: "port", Value: canaryPort}, {Key: "backup", Value: canaryBackup}}},
		}
	}
	return sops.TreeBranch{{Key: binaryKey, Value: canaryToken}}
}

// flatTree has names and values, without an address.
func flatTree() sops.TreeBranch {
	return sops.TreeBranch{{Key: sops.Comment{Value: " a comment"}, Value: nil}, {Key: "TOKEN", Value: canaryToken}, {Key: "port", Value: canaryPort}}
}

// Names such as .env.production do not show the format.
func TestFormatOfAMappedFileIsByNameOrChosen(t *testing.T) {
	t.Parallel()
	s := newSealer(t)
	flat := func(suffix string) string {
		tree := flatTree()
		if suffix != ".yaml" {
			tree = tree[1:]
		}
		return s.seal(t, suffix, tree)
	}
	exported := s.seal(t, ".env", sops.TreeBranch{{Key: "export TOKEN", Value: canaryToken}, {Key: "port", Value: canaryPort}})
	binary := s.seal(t, ".bin", mappedTree(".bin"))
	const both = "TOKEN=" + canaryToken + " port=" + canaryPort
	for _, row := range []struct {
		name, file string
		mapping    Mapping
		want       string // the values, or a part of the problem
	}{
		{"app.yaml", flat(".yaml"), Mapping{}, both},
		{"app.yml", flat(".yaml"), Mapping{}, both},
		{"app.json", flat(".json"), Mapping{}, both},
		{"x.enc", flat(".yaml"), Mapping{Format: YAML}, both},
		{"x.enc", flat(".json"), Mapping{Format: JSON}, both},
		{".env.production", flat(".env"), Mapping{Format: Dotenv}, both},
		{".env.production", exported, Mapping{Format: Dotenv}, both},
		{"app.env", exported, Mapping{}, both},
		{"app.conf", s.seal(t, ".ini", mappedTree(".ini")), Mapping{Format: INI}, "token=" + canaryToken + " db.port=" + canaryPort + " db.backup=" + canaryBackup},
		{"x.enc", binary, Mapping{Format: Binary, Secret: "blob"}, "blob=" + canaryToken},
		{"app.json", binary, Mapping{}, "data=" + canaryToken},

		{"x.enc", binary, Mapping{Format: YAML}, "is a binary file of sops"},
		{"x.enc", binary, Mapping{Format: JSON}, "set format: binary and secret"},
		{".env.production", binary, Mapping{Format: Dotenv}, "is a binary file of sops"},
		{"app.conf", binary, Mapping{Format: INI}, "is a binary file of sops"},
		{"x.enc", binary, Mapping{}, "has a name that does not show its format"},
		{"app.yaml", s.sealUsual(t, ".yaml"), Mapping{}, "workflows is a key of a manifest"},
	} {
		row.mapping.Workflow = "deploy"
		m, err := VerifyMapped(row.name, []byte(row.file), row.mapping)
		var values []string
		if err == nil {
			values, _, err = m.open(t.Context(), s.keys(t))
		}
		var got []string
		for i, value := range values {
			got = append(got, m.Leaves[i].Name+"="+value)
		}
		if err == nil && strings.Join(got, " ") != row.want || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s as %q: %q, %v, want %q", row.name, row.mapping.Format, got, err, row.want)
		}
	}
}

// Nested values, numbers and the like are refused as in a manifest.
func TestInvalidFlatFilesAreRefused(t *testing.T) {
	t.Parallel()
	s := newSealer(t)
	seal := func(suffix string, value any) string {
		return s.seal(t, suffix, append(flatTree()[1:], sops.TreeItem{Key: "more", Value: value}))
	}
	for _, suffix := range []string{".yaml", ".json"} {
		for _, row := range []struct{ file, want string }{
			{seal(suffix, sops.TreeBranch{{Key: "a", Value: "b"}}), "more is a mapping; values are allowed only at this depth"},
			{seal(suffix, []any{"a"}), "more is a list"},
			{seal(suffix, 80), "more is encrypted as type:int; values must be strings"},
			{seal(suffix, true), "more is encrypted as type:bool"},
			{seal(suffix, nil), "more is null"},
			{seal(suffix, ""), "more is an empty string"},
		} {
			_, err := VerifyMapped("app"+suffix, []byte(row.file), Mapping{Workflow: "deploy"})
			if !errors.Is(err, secrets.ErrInvalid) || !strings.Contains(fmt.Sprint(err), row.want) {
				t.Errorf("%s: got %v, want %q", suffix, err, row.want)
			}
		}
		// Without its entry under map it is one problem, not one for each name.
		_, err := Verify("app"+suffix, []byte(s.seal(t, suffix, flatTree()[1:])))
		if n := fmt.Sprint(err); !strings.Contains(n, "set its workflow by an entry under map") || strings.Contains(n, "\n") {
			t.Errorf("%s: %v", suffix, err)
		}
	}
}

// sops takes the line end of Windows as a part of each value.
func TestCarriageReturnsOfDotenvAreRefused(t *testing.T) {
	t.Parallel()
	s := newSealer(t)
	for suffix, want := range map[string]string{".env": "TOKEN ends with a carriage return", ".yaml": "", ".json": ""} {
		file := s.seal(t, suffix, sops.TreeBranch{{Key: "TOKEN", Value: canaryToken + "\r"}, {Key: "PORT", Value: "a\r\nb"}})
		m, err := VerifyMapped("app"+suffix, []byte(file), Mapping{Workflow: "deploy"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = m.Decrypt(t.Context(), s.keys(t))
		if (err == nil) != (want == "") || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%s: got %v, want %q", suffix, err, want)
		}
	}
}

// sops keeps the first part of an INI value with a # in quotes, and the first line of a
// dotenv value on several lines.
func TestValueOfWhichSOPSLostAPartIsRefused(t *testing.T) {
	t.Parallel()
	s := newSealer(t)
	for _, row := range []struct{ suffix, value, want string }{
		{".ini", `"` + canaryToken, "TOKEN begins with a quote that is not closed, because sops drops a # or ;"},
		{".ini", `'` + canaryToken, "TOKEN begins with a quote that is not closed, because sops drops a # or ;"},
		{".ini", canaryToken + `"`, ""},
		{".ini", `it's`, ""},
		{".env", `"` + canaryToken, "TOKEN begins with a quote that is not closed, because sops takes each line as a value"},
		{".env", `"` + canaryToken + `" # no comment`, ""},
		{".yaml", `"` + canaryToken, ""},
	} {
		branch := sops.TreeBranch{{Key: "TOKEN", Value: row.value}}
		if row.suffix == ".ini" {
			branch = sops.TreeBranch{{Key: "app", Value: branch}}
		}
		m, err := VerifyMapped("app"+row.suffix, []byte(s.seal(t, row.suffix, branch)), Mapping{Workflow: "deploy"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = m.Decrypt(t.Context(), s.keys(t))
		if (err == nil) != (row.want == "") || !strings.Contains(fmt.Sprint(err), row.want) && row.want != "" {
			t.Errorf("%s with %s...: got %v, want %q", row.suffix, row.value[:1], err, row.want)
		}
		if err != nil && strings.Contains(err.Error(), canaryToken) {
			t.Errorf("the error has the value: %v", err)
		}
	}
}

func mappingFor(suffix string) Mapping {
	if suffix == ".bin" || suffix == ".yaml" {
		return Mapping{Workflow: "deploy", Secret: "blob"}
	}
	return Mapping{Workflow: "deploy"}
}

func TestMappedFilesAreDecrypted(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		".env":  "TOKEN=" + canaryToken + " PORT=" + canaryPort,
		".ini":  "token=" + canaryToken + " db.port=" + canaryPort + " db.backup=" + canaryBackup,
		".bin":  "blob=" + canaryToken,
		".yaml": "blob=" + canaryToken,
	}
	s := newSealer(t)
	for suffix := range want {
		file := s.seal(t, suffix, mappedTree(suffix))
		m, err := VerifyMapped("app"+suffix, []byte(file), mappingFor(suffix))
		if err != nil {
			t.Errorf("%s: %v\n%s", suffix, err, file)
			continue
		}
		values, _, err := m.open(t.Context(), s.keys(t))
		if err != nil {
			t.Errorf("%s: %v", suffix, err)
			continue
		}
		var got []string
		lines := strings.Split(file, "\n")
		for i, leaf := range m.Leaves {
			if leaf.Workflow != "deploy" || !strings.Contains(lines[leaf.Line-1], "ENC[") {
				t.Errorf("%s: %s of %s in line %d", suffix, leaf.Name, leaf.Workflow, leaf.Line)
			}
			got = append(got, leaf.Name+"="+values[i])
		}
		if strings.Join(got, " ") != want[suffix] {
			t.Errorf("%s opens to %q, want %q", suffix, got, want[suffix])
		}
		if !m.Sealed.Equal(sealedAt) || !slices.Equal(m.Recipients, []string{s.recipient}) {
			t.Errorf("%s: sealed %s for %s", suffix, m.Sealed, m.Recipients)
		}
	}
}

func TestInvalidMappedFilesAreRefused(t *testing.T) {
	t.Parallel()
	s := newSealer(t)
	keys := s.keys(t)
	replace := func(old, with string) func(string) string {
		return func(file string) string { return strings.Replace(file, old, with, 1) }
	}
	for _, row := range []struct {
		suffix, name string
		change       func(file string) string
		want         string
	}{
		{".env", "a value in clear", func(f string) string { return "CLEAR=" + canaryClear + "\n" + f }, "line 1: CLEAR is in clear"},
		{".env", "an empty value", func(f string) string { return "EMPTY=\n" + f }, "line 1: EMPTY is an empty string"},
		{".env", "no assignment", func(f string) string { return canaryClear + "\n" + f }, "line 1: the file has a line that is not KEY=VALUE"},
		{".env", "a key twice", replace("PORT=", "TOKEN="), "TOKEN is a duplicate key"},
		{".env", "a renamed key", replace("PORT=", "PORT2="), "PORT2 cannot be decrypted"},
		{".env", "a name that is none", replace("PORT=", "export PORT+="), "has the secret name \"PORT+\""},
		{".env", "a colon in a name", replace("PORT=", "PO:RT="), "':' (U+003A)"},
		{".env", "a value removed", func(f string) string { return linesWithout(f, "PORT=") }, "does not match the file"},
		{".env", "line ends of Windows", func(f string) string { return strings.ReplaceAll(f, "\n", "\r\n") }, "line 1: the file has line ends of Windows (CRLF)"},
		{".env", "one name by two ways", func(f string) string { return "export TOKEN=ENC[x]\n" + f }, "TOKEN is a duplicate key"},
		{".env", "no MAC", func(f string) string { return linesWithout(f, "sops_mac=") }, "sops.mac is required"},
		{".env", "a name left in clear", replace("PORT=", "PORT_unencrypted="), "leaves in clear"},
		{".env", "the key sops", func(f string) string { return "sops=x\n" + f }, "reserved name of SOPS"},
		{".env", "no secret", func(f string) string { return linesWithout(linesWithout(f, "PORT="), "TOKEN=") }, "contains no secret"},
		{".env", "not encrypted", func(string) string { return "TOKEN=" + canaryClear + "\n" }, "SOPS encrypted nothing in it"},
		{".env", "a metadata list with holes", replace("sops_age__list_0__map_enc", "sops_age__list_99999999__map_enc"), "cannot be read by SOPS"},

		{".ini", "a value in clear", replace("[db]", "[db]\nclear = "+canaryClear), "db.clear is in clear"},
		{".ini", "a key twice", replace("backup", "port"), "db.port is a duplicate key"},
		{".ini", "a section twice", func(f string) string { return strings.Replace(f, "[sops]", "[db]\nx = y\n[sops]", 1) }, "db is a duplicate key"},
		{".ini", "a value moved to another section", replace("[db]", "[db2]"), "db2.port cannot be decrypted"},
		{".ini", "one name by two ways", replace("[db]", "db.port = ENC[x]\n[db]"), `"db.port" is a duplicate key`},
		{".ini", "another delimiter", func(f string) string { return "clear: " + canaryClear + "\n" + f }, "line 1: the file has a line that is not key = value"},
		{".ini", "a continued line", replace("[db]", "[db]\n; comment \\\n[other]"), "cannot be decrypted"},
		{".ini", "a value on several lines", func(f string) string { return strings.Replace(f, "[sops]", "[sops]\nx = \"\"\"\n", 1) }, ""},
		{".ini", "a broken section", replace("[db]", "[db"), "has an invalid section line"},
		{".ini", "a value removed", func(f string) string { return linesWithout(f, "backup") }, "does not match the file"},

		{".bin", "another key beside data", replace(`"data"`, `"more": "x", "data"`), "more is not a key of a binary file"},
		{".bin", "a number", func(f string) string { return `{"data": 5, "sops"` + f[strings.Index(f, `"sops"`)+6:] }, "data is not one encrypted text"},
		{".bin", "no data", replace(`"data"`, `"date"`), "the key data is not found"},
		{".bin", "data twice", replace(`"data"`, `"data": "ENC[x]", "data"`), "data is a duplicate key"},
		{".bin", "a list", func(string) string { return `["ENC["]` }, "the key data is not found"},
		{".yaml", "a manifest", func(string) string { return s.sealUsual(t, ".yaml") }, "workflows is not a key of a binary file"},
		{".yaml", "an anchor", replace("data: ", "data: &x "), "anchor"},
	} {
		file := s.seal(t, row.suffix, mappedTree(row.suffix))
		changed := row.change(file)
		if changed == file {
			t.Errorf("%s, %s: the case changes nothing", row.suffix, row.name)
			continue
		}
		m, err := VerifyMapped("app"+row.suffix, []byte(changed), mappingFor(row.suffix))
		if err == nil {
			_, _, err = m.open(t.Context(), keys)
		}
		if !errors.Is(err, secrets.ErrInvalid) || !strings.Contains(fmt.Sprint(err), row.want) {
			t.Errorf("%s, %s: got %v, want %q\n%s", row.suffix, row.name, err, row.want, changed)
		}
		if err != nil {
			assertSilent(t, err, file)
		}
	}
	if _, err := VerifyMapped("app.txt", nil, Mapping{Workflow: "deploy"}); !strings.Contains(fmt.Sprint(err), "set format in its map entry") {
		t.Errorf("another suffix: %v", err)
	}
}

// linesWithout leaves out the lines that begin with a text.
func linesWithout(file, start string) string {
	return strings.Join(slices.DeleteFunc(strings.Split(file, "\n"), func(line string) bool {
		return strings.HasPrefix(line, start)
	}), "\n")
}
