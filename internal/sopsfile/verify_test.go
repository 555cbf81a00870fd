// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package sopsfile

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getsops/sops/v3"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

func TestVerifyAcceptsFilesThatSopsWrote(t *testing.T) {
	t.Parallel()
	s := newSealer(t)
	for format, lines := range map[string][]int{".yaml": {3, 4, 6}, ".yml": {3, 4, 6}, ".json": {4, 5, 8}} {
		m, err := Verify("secrets/team"+format, []byte(s.sealUsual(t, format)))
		if err != nil {
			t.Fatal(err)
		}
		want := []Leaf{
			{Workflow: "deploy", Name: "token", Line: lines[0]},
			{Workflow: "deploy", Name: "port", Line: lines[1]},
			{Workflow: "backup", Name: "token", Line: lines[2]},
		}
		if diff := cmp.Diff(want, m.Leaves, cmpopts.IgnoreFields(Leaf{}, "SOPS1")); diff != "" {
			t.Errorf("%s: leaves (-want +got):\n%s", format, diff)
		}
		if !slices.Equal(m.Recipients, []string{s.recipient}) || !m.Sealed.Equal(sealedAt) {
			t.Errorf("%s: recipients %v, sealed %s", format, m.Recipients, m.Sealed)
		}
	}
}

// edit is a change to a valid file that needs no key.
type edit func(file string) string

func replace(old, with string) edit {
	return func(file string) string {
		changed := strings.Replace(file, old, with, 1)
		if changed == file {
			panic("the file does not hold " + old)
		}
		return changed
	}
}

var leafText = map[string]*regexp.Regexp{
	"token": regexp.MustCompile(`(?m)(token"?: )"?ENC\[[^\]]*\]"?`),
	"port":  regexp.MustCompile(`(?m)(port"?: )"?ENC\[[^\]]*\]"?`),
}

// setLeaf writes text in the place of the first leaf of the name.
func setLeaf(name, with string) edit {
	return func(file string) string {
		first := leafText[name].FindStringSubmatchIndex(file)
		return file[:first[3]] + with + file[first[1]:]
	}
}

// setSops adds or replaces a line of the sops section.
func setSops(key, value string) edit {
	return func(file string) string {
		line := regexp.MustCompile(`(?m)^    ` + key + `:.*\n`)
		file = line.ReplaceAllString(file, "")
		return strings.Replace(file, "sops:\n", "sops:\n    "+key+": "+value+"\n", 1)
	}
}

func dropSops(key string) edit {
	return func(file string) string {
		return regexp.MustCompile(`(?m)^    `+key+`:.*\n`).ReplaceAllString(file, "")
	}
}

// refusal is an edit of a valid file, and the problem that it causes.
type refusal struct {
	name     string
	edit     edit
	line     int
	sentence string
}

// verifyRefuses applies each edit to the file and verifies the result.
func verifyRefuses(t *testing.T, name, file string, refusals []refusal) {
	t.Helper()
	for _, r := range refusals {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			edited := r.edit(file)
			m, err := Verify(name, []byte(edited))
			if m != nil || !errors.Is(err, secrets.ErrInvalid) {
				t.Fatalf("got %v, %v, want a refusal", m, err)
			}
			assertSilent(t, err, edited)
			assertProblem(t, err, r.line, r.sentence)
		})
	}
}

// sealedYAML returns a valid manifest, and the ciphertext of its secret token.
func sealedYAML(t *testing.T) (file, sealed string) {
	t.Helper()
	file = newSealer(t).sealUsual(t, ".yaml")
	return file, leafText["token"].FindString(file)[len("token: "):]
}

func TestVerifyRefusesValues(t *testing.T) {
	t.Parallel()
	file, sealed := sealedYAML(t)
	verifyRefuses(t, "team.yaml", file, []refusal{
		{"value in clear", setLeaf("port", canaryClear), 4, "workflows.deploy.port is in clear text; restore the file from git"},
		{"value in clear in a block", setLeaf("port", "|\n            "+canaryClear), 4, "workflows.deploy.port is in clear"},
		{"number", setLeaf("port", "8080"), 4, "workflows.deploy.port is a number in clear text; values must be strings: restore the file from git"},
		{"boolean", setLeaf("port", "true"), 4, "workflows.deploy.port is a boolean in clear"},
		{"date", setLeaf("port", "2026-11-22"), 4, "workflows.deploy.port is a date in clear"},
		{"null", setLeaf("port", "null"), 4, "workflows.deploy.port is null, which SOPS neither encrypts nor authenticates"},
		{"nothing", setLeaf("port", ""), 4, "workflows.deploy.port is null"},
		{"empty string", setLeaf("port", `""`), 4, "workflows.deploy.port is an empty string, which SOPS"},
		{"list", setLeaf("port", `["`+sealed+`"]`), 4, "workflows.deploy.port is a list, in which SOPS does not authenticate the position"},
		{"too deep", setLeaf("port", `{inner: "`+sealed+`"}`), 4, "workflows.deploy.port is a mapping; values are allowed only at this depth: workflows.<workflow>.<secret>"},
		{"not deep enough", replace("    backup:\n", "    lone: "+sealed+"\n    backup:\n"), 5, "workflows.lone is a string; it must be a mapping of secrets"},
		{"empty workflow", replace("    backup:\n", "    idle: {}\n    backup:\n"), 5, "workflows.idle is empty; remove it or add secrets"},
		{"workflow of nothing", replace("    backup:\n", "    idle:\n    backup:\n"), 5, "workflows.idle is empty"},
		{"no workflows", func(f string) string { return f[strings.Index(f, "sops:"):] }, 1, "the file has no workflows"},
		{"empty workflows", emptied("workflows: {}\n"), 1, "the file contains no secret and no connection; delete the file"},
		{"last secret removed", emptied("workflows:\n    deploy: {}\n"), 1, "the file contains no secret and no connection; delete the file"},
		{"last field removed", emptied("workflows:\nconnections:\n    aws:\n        main: {}\n"), 1, "the file contains no secret and no connection; delete the file"},
		{"last secret of a workflow and last connection", replace("sops:\n", "    idle: {}\nconnections: {}\nsops:\n"), 8, "connections is empty; remove it or add types"},
	})
}

// emptied replaces all that a file has before its sops section.
func emptied(rest string) func(string) string {
	return func(file string) string { return rest + file[strings.Index(file, "sops:"):] }
}

func TestVerifyRefusesYAMLSyntax(t *testing.T) {
	t.Parallel()
	file, sealed := sealedYAML(t)
	verifyRefuses(t, "team.yaml", file, []refusal{
		{"anchor", setLeaf("token", "&a "+sealed), 3, "workflows.deploy.token has an anchor"},
		{"alias", func(f string) string { return setLeaf("port", "*a")(setLeaf("token", "&a "+sealed)(f)) }, 4, "workflows.deploy.port is an alias"},
		{"alias of a workflow", func(f string) string {
			return replace("    deploy:", "    deploy: &a")(strings.Replace(f, "sops:\n", "    copy: *a\nsops:\n", 1))
		}, 7, "workflows.copy is an alias"},
		{"merge key", func(f string) string {
			return replace("    deploy:", "    deploy: &a")(strings.Replace(f, "sops:\n", "        <<: *a\nsops:\n", 1))
		}, 7, "workflows.backup has a merge key"},
		{"tag", setLeaf("port", "!!str "+sealed), 4, "workflows.deploy.port has a tag"},
		{"binary tag", setLeaf("port", "!!binary Y2FuYXJ5"), 4, "workflows.deploy.port has a tag"},
		{"tag on a mapping", replace("workflows:", "workflows: !!map"), 1, "workflows has a tag"},
		{"a time of encryption in the year 9999", func(f string) string {
			return regexp.MustCompile(`lastmodified: "[^"]*"`).ReplaceAllString(f, `lastmodified: "9999-12-31T23:59:59Z"`)
		}, 18, "was encrypted at 9999-12-31T23:59:59Z, which is in the future"},
		{"a time of encryption in an hour", func(f string) string {
			return regexp.MustCompile(`lastmodified: "[^"]*"`).ReplaceAllString(f, `lastmodified: "`+time.Now().Add(time.Hour).UTC().Format(time.RFC3339)+`"`)
		}, 18, "which is in the future"},
		{"tag in the sops section", replace("lastmodified:", "lastmodified: !!str"), 18, "sops.lastmodified has a tag"},
		{"anchor on a key", replace("        port:", "        &k port:"), 4, "workflows.deploy has a key with an anchor"},
		{"number as a key", replace("    deploy:", "    2026:"), 2, "workflows has a key that is not a plain string; put it in quotes"},
		{"boolean as a key", replace("        port:", "        true:"), 4, "workflows.deploy has a key that is not a plain string"},
		{"list as a key", replace("        port:", "        ? [port]\n        :"), 4, "workflows.deploy has a key that is not a plain string"},
		{"duplicate secret", replace("        port:", "        token:"), 4, "workflows.deploy.token is a duplicate key, first in line 3"},
		{"duplicate workflow", replace("    backup:", "    deploy:"), 5, "workflows.deploy is a duplicate key, first in line 2"},
		{"duplicate top", func(f string) string { return f + "workflows: {}\n" }, 22, "workflows is a duplicate key, first in line 1"},
		{"duplicate in quotes", replace("        port:", `        "token":`), 4, "workflows.deploy.token is a duplicate key"},
		{"duplicate in the sops section", func(f string) string { return f + "    version: 3.13.3\n" }, 22, "sops.version is a duplicate key"},
		{"second document", func(f string) string { return f + "---\nworkflows: {}\n" }, 22, "the file has a second YAML document here"},
		{"empty second document", func(f string) string { return f + "---\n" }, 22, "the file has a second YAML document here"},
		{"nested too deep", setLeaf("port", strings.Repeat("[", 100)+strings.Repeat("]", 100)), 4, `workflows.deploy.port is nested too deeply`},
		{"nested past the parser", setLeaf("port", strings.Repeat("[", 20000)), 4, "the file has invalid YAML syntax"},
		{"cut short", func(f string) string { return f[:strings.Index(f, "port:")+len("port: ENC")] + "\n  x" }, 4, "the file has invalid YAML syntax"},
		{"control character", setLeaf("port", "\x00"), 0, "the file has invalid YAML syntax, on its first line"},
		{"quote of a clear value not closed", setLeaf("port", `"`+canaryClear), 2, "the file has invalid YAML syntax"},
		{"unknown alias", setLeaf("port", "*"+canaryClear), 0, "the file has invalid YAML syntax"},
		{"byte order mark", func(f string) string { return "\ufeff" + f }, 1, "byte order mark"},
		{"not UTF-8", setLeaf("port", "caf\xe9"), 0, "the file is not UTF-8"},
		{"UTF-16", func(f string) string { return "\xff\xfe" + f }, 0, "the file is not UTF-8"},
		{"too large", func(f string) string { return f + strings.Repeat("#\n", MaxBytes/2) }, 0, "the file is larger than 1048576 bytes"},
		{"empty", func(string) string { return "" }, 1, "the file is empty"},
		{"only comments", func(string) string { return "# nothing\n" }, 1, "the file is empty"},
		{"a list at the top", func(string) string { return "- a\n- " + sealed + "\n" }, 1, "the file is a list; a manifest is a mapping"},
	})
}

func TestVerifyRefusesNames(t *testing.T) {
	t.Parallel()
	file, _ := sealedYAML(t)
	verifyRefuses(t, "team.yaml", file, []refusal{
		{"colon in a secret's name", replace("        port:", `        "deploy:port":`), 4, `workflows.deploy has the secret name "deploy:port": it contains ':'`},
		{"colon in a workflow's name", replace("    backup:", `    "deploy:backup":`), 5, `workflows has the workflow name "deploy:backup": it contains ':'`},
		{"line break in a name", replace("        port:", `        "po\nrt":`), 4, `the secret name "po\nrt"`},
		{"name in clear by its suffix", replace("        port:", "        port_unencrypted:"), 4, "workflows.deploy.port_unencrypted has a name that ends with _unencrypted, which SOPS leaves in clear"},
		{"workflow in clear by its suffix", replace("    backup:", "    backup_unencrypted:"), 6, "workflows.backup_unencrypted.token has a name that ends with _unencrypted"},
		{"a type without connections", replace("sops:\n", "connections:\n    aws: {}\nsops:\n"), 8, "connections.aws is empty; remove it or add connections"},
		{"a field that sits too high", replace("sops:\n", "connections:\n    aws:\n        accessKeyID: x\nsops:\n"), 9, "connections.aws.accessKeyID is a string; it must be a mapping of fields: connections.<type>.<name>.<field>"},
		{"a field that sits too deep", replace("sops:\n", "connections:\n    aws:\n        main:\n            a: {b: x}\nsops:\n"), 10, "connections.aws.main.a is a mapping; values are allowed only at this depth: connections.<type>.<name>.<field>"},
		{"a field in clear", replace("sops:\n", "connections:\n    aws:\n        main:\n            a: hunter2\nsops:\n"), 10, "connections.aws.main.a is in clear"},
		{"another top-level key", replace("sops:\n", "extra: 1\nsops:\n"), 7, "extra is not a key of a manifest"},
		{"no sops section", func(f string) string { return f[:strings.Index(f, "sops:")] }, 0, "the file has no sops section, so its values cannot be decrypted: its end was lost"},
		{"sops section is a string", func(f string) string { return f[:strings.Index(f, "sops:")] + "sops: yes" }, 7, "sops cannot be read by SOPS"},
	})
}

func TestVerifyRefusesCiphertexts(t *testing.T) {
	t.Parallel()
	file, sealed := sealedYAML(t)
	data := regexp.MustCompile(`data:([^,]*)`).FindStringSubmatch(sealed)[1]
	verifyRefuses(t, "team.yaml", file, []refusal{
		{"junk after ENC[...]", setLeaf("port", strings.Replace(sealed, "type:str]", "type:str] ", 1)+"x"), 4, "workflows.deploy.port is not a complete ENC[...] value"},
		{"two ENC[...] in one", setLeaf("port", sealed+sealed), 4, "workflows.deploy.port is not a complete ENC[...] value"},
		{"line break after ENC[...]", setLeaf("port", "|\n            "+sealed), 4, "workflows.deploy.port is not a complete ENC[...] value"},
		{"space before ENC[...]", setLeaf("port", `" `+sealed+`"`), 4, "workflows.deploy.port is in clear"},
		{"cut inside ENC[...]", setLeaf("port", sealed[:len(sealed)-12]), 4, "workflows.deploy.port is not a complete ENC[...] value"},
		{"base64 that is none", setLeaf("port", strings.Replace(sealed, "data:", "data:=", 1)), 4, "workflows.deploy.port is not a valid ENC[...] value"},
		{"bytes moved from data to tag", setLeaf("port", strings.Replace(strings.Replace(sealed, data, "AAAA", 1), "tag:", "tag:"+data[:4], 1)), 4, "workflows.deploy.port is not a valid ENC[...] value"},
		{"nonce of another length", setLeaf("port", regexp.MustCompile("iv:[^,]*").ReplaceAllString(sealed, "iv:AAAAAAAAAAAAAAAA")), 4, "workflows.deploy.port is not a valid ENC[...] value"},
		{"tag of another length", setLeaf("port", regexp.MustCompile("tag:[^,]*").ReplaceAllString(sealed, "tag:AAAAAAAAAAAAAAAA")), 4, "workflows.deploy.port is not a valid ENC[...] value"},
		{"second spelling of base64", setLeaf("port", strings.Replace(sealed, data, "AB==", 1)), 4, "workflows.deploy.port is not a valid ENC[...] value"},
		{"no data", setLeaf("port", strings.Replace(sealed, data, "", 1)), 4, "workflows.deploy.port is not a complete ENC[...] value"},
		{"type:bytes", setLeaf("port", strings.Replace(sealed, "type:str", "type:bytes", 1)), 4, "workflows.deploy.port is not encrypted as type:str"},
		{"type:comment", setLeaf("port", strings.Replace(sealed, "type:str", "type:comment", 1)), 4, "workflows.deploy.port is not encrypted as type:str"},
		{"type:int", setLeaf("port", strings.Replace(sealed, "type:str", "type:int", 1)), 4, "workflows.deploy.port is encrypted as type:int; values must be strings: put it in quotes in sops edit"},
	})
}

func TestVerifyRefusesMetadata(t *testing.T) {
	t.Parallel()
	file, _ := sealedYAML(t)
	verifyRefuses(t, "team.yaml", file, []refusal{
		{"MAC removed", dropSops("mac"), 7, "sops.mac is required"},
		{"MAC emptied", setSops("mac", `""`), 8, "sops.mac is required"},
		{"MAC in clear", setSops("mac", "CF83E1357EEF"), 8, "sops.mac is not a valid MAC"},
		{"mac_only_encrypted", setSops("mac_only_encrypted", "true"), 8, "sops.mac_only_encrypted must not be set"},
		{"mac_only_encrypted in other words", setSops("MAC_Only_Encrypted", `"1"`), 7, "sops.mac_only_encrypted must not be set"},
		{"no lastmodified", dropSops("lastmodified"), 7, "sops cannot be read by SOPS"},
		{"unencrypted_suffix", setSops("unencrypted_suffix", "oken"), 8, "sops.unencrypted_suffix must not be set"},
		{"encrypted_suffix", func(f string) string { return setSops("encrypted_suffix", "s")(dropSops("unencrypted_suffix")(f)) }, 8, "sops.encrypted_suffix must not be set"},
		{"unencrypted_regex", func(f string) string { return setSops("unencrypted_regex", "x")(dropSops("unencrypted_suffix")(f)) }, 8, "sops.unencrypted_regex must not be set"},
		{"encrypted_comment_regex", func(f string) string {
			return setSops("encrypted_comment_regex", "x")(dropSops("unencrypted_suffix")(f))
		}, 8, "sops.encrypted_comment_regex must not be set"},
		{"unencrypted_comment_regex", func(f string) string {
			return setSops("unencrypted_comment_regex", "x")(dropSops("unencrypted_suffix")(f))
		}, 8, "sops.unencrypted_comment_regex must not be set"},
		{"encrypted_regex that leaves some", func(f string) string { return setSops("encrypted_regex", "^token$")(dropSops("unencrypted_suffix")(f)) }, 4, "workflows.deploy.port is not selected by sops.encrypted_regex"},
		{"encrypted_regex that is none", func(f string) string { return setSops("encrypted_regex", `"("`)(dropSops("unencrypted_suffix")(f)) }, 8, "sops.encrypted_regex must be a regular expression"},
		{"encrypted_regex that costs", func(f string) string {
			return setSops("encrypted_regex", strings.Repeat(".{1000}", 100))(dropSops("unencrypted_suffix")(f))
		}, 8, "sops.encrypted_regex must be a regular expression of at most 256 bytes"},
		{"two selectors", func(f string) string { return setSops("encrypted_regex", ".")(f) }, 7, "sops cannot be read by SOPS"},
		{"no recipient", func(f string) string {
			return regexp.MustCompile(`(?s)    age:\n.*?(    lastmodified)`).ReplaceAllString(f, "$1")
		}, 7, "sops cannot be read by SOPS: it has no recipient"},
	})
}

func TestVerifyRefusesJSON(t *testing.T) {
	t.Parallel()
	file := newSealer(t).sealUsual(t, ".json")
	sealed := leafText["token"].FindString(file)[len(`token": `):]
	verifyRefuses(t, "team.json", file, []refusal{
		{"value in clear", setLeaf("port", `"`+canaryClear+`"`), 5, "workflows.deploy.port is in clear"},
		{"number", setLeaf("port", "1e999"), 5, "workflows.deploy.port is a number in clear"},
		{"boolean", setLeaf("port", "false"), 5, "workflows.deploy.port is a boolean in clear"},
		{"null", setLeaf("port", "null"), 5, "workflows.deploy.port is null"},
		{"empty string", setLeaf("port", `""`), 5, "workflows.deploy.port is an empty string"},
		{"list", setLeaf("port", "["+sealed+"]"), 5, "workflows.deploy.port is a list"},
		{"duplicate secret", replace(`"port"`, `"token"`), 5, "workflows.deploy.token is a duplicate key, first in line 4"},
		{"duplicate by an escape", replace(`"port"`, `"t\u006fken"`), 5, "workflows.deploy.token is a duplicate key, first in line 4"},
		{"duplicate in a list", replace(`"recipient"`, `"enc": "", "recipient"`), 15, `sops.age."[]".enc is a duplicate key`},
		{"trailing document", func(f string) string { return f + "{}" }, 24, "the file has content after the end of its JSON document"},
		{"trailing junk", func(f string) string { return f + canaryClear }, 24, "the file has content after the end"},
		{"cut short", func(f string) string { return strings.TrimRight(f, "}\n ") }, 21, "the file ends in the middle"},
		{"cut inside a string", func(f string) string { return f[:strings.Index(f, "ENC[")+8] }, 4, "the file ends in the middle"},
		{"comma at the end", setLeaf("port", sealed+","), 6, "the file has invalid JSON syntax"},
		{"single quotes", setLeaf("port", "'"+canaryClear+"'"), 5, "the file has invalid JSON syntax"},
		{"half a surrogate pair in a name", replace(`"port"`, `"\ud800"`), 5, "workflows.deploy has the secret name"},
		{"zero in a name", replace(`"port"`, `"a\u0000b"`), 5, `workflows.deploy has the secret name "a\x00b"`},
		{"nested too deep", setLeaf("port", strings.Repeat("[", 40000)+strings.Repeat("]", 40000)), 5, "workflows.deploy.port is nested too deeply"},
		{"byte order mark", func(f string) string { return "\ufeff" + f }, 1, "byte order mark"},
		{"a list at the top", func(string) string { return "[" + sealed + "]" }, 1, "the file is a list"},
		{"empty", func(string) string { return " \n" }, 1, "the file is empty"},
	})
}

func TestVerifyListsAllProblems(t *testing.T) {
	t.Parallel()
	file := newSealer(t).sealUsual(t, ".yaml")
	file = dropSops("mac")(setLeaf("port", "8080")(setLeaf("token", canaryClear)(file)))
	_, err := Verify("team.yaml", []byte(file))
	want := `team.yaml: 3 problems:
  line 3: workflows.deploy.token is in clear text; restore the file from git, and repeat the change with sops edit, with a new value, because others could read this one
  line 4: workflows.deploy.port is a number in clear text; values must be strings: restore the file from git, and repeat the change with sops edit, with the value in quotes
  line 7: sops.mac is required, because it shows whether the file was changed; restore the file from git`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	_, err = Verify("team.yaml", []byte("# ENC[\nworkflows:\n  w:\n"+strings.Repeat("    ? {}\n", 500)))
	if lines := strings.Count(err.Error(), "\n"); lines != maxProblems+1 || !strings.Contains(err.Error(), "and 480 more") {
		t.Errorf("a file with 500 problems gives %d lines:\n%v", lines, err)
	}
}

func TestVerifyAcceptsEveryRegexThatSelectsAll(t *testing.T) {
	t.Parallel()
	s := newSealer(t)
	s.change = func(m *sops.Metadata) { m.UnencryptedSuffix, m.EncryptedRegex = "", "^workflows$" }
	m, err := Verify("team.yaml", []byte(s.sealUsual(t, ".yaml")))
	if err != nil {
		t.Fatal(err)
	}
	if values, _, err := m.open(t.Context(), s.keys(t)); err != nil || len(values) != 3 {
		t.Errorf("got %d values, %v", len(values), err)
	}
}

// SOPS seals the time to the second, so a fraction can be added without the key.
func TestSealedIsWhatTheMACCovers(t *testing.T) {
	t.Parallel()
	s := newSealer(t)
	m := mustVerify(t, "team.yaml", replace("18:24:47Z", "18:24:47.9Z")(s.sealUsual(t, ".yaml")))
	if _, err := m.Decrypt(t.Context(), s.keys(t)); err != nil || !m.Sealed.Equal(sealedAt) {
		t.Errorf("sealed %s, %v", m.Sealed, err)
	}
}

func TestVerifyRefusesOtherNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"team.env", "team.YAML", "yaml", "team.yaml.txt", "a\nb"} {
		_, err := Verify(name, nil)
		assertProblem(t, err, 0, "the file has a name that does not end with .yaml, .yml or .json")
		if strings.Contains(err.Error(), "\n") {
			t.Errorf("%q breaks the line of its error", name)
		}
	}
}
