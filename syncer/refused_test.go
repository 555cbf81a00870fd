// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

var anEnc = regexp.MustCompile(`ENC\[[^\]]*\]`)

// refusedManifest is a manifest that a sync must refuse.
type refusedManifest struct {
	name string
	// plain is the manifest before it is encrypted, with the workflow for %s; change
	// makes what is committed of the encrypted text.
	plain, flags, rules string
	change              func(w *world, encrypted string) string
	want                string
}

var refusedManifests = []refusedManifest{
	{name: "a value left in clear", change: func(_ *world, s string) string { return anEnc.ReplaceAllStringFunc(s, first("CANARY")) }, want: "line 3: workflows.%s.a"},
	{name: "a number", change: func(_ *world, s string) string { return anEnc.ReplaceAllStringFunc(s, first("8080")) }, want: "line 3: workflows.%s.a"},
	{name: "a sealed number", plain: "workflows:\n  %s:\n    a: 8080\n    b: CANARY\n", want: "line 3: workflows.%s.a"},
	{name: "a null", plain: "workflows:\n  %s:\n    a: null\n    b: CANARY\n", want: "line 3: workflows.%s.a"},
	{name: "an empty string", plain: "workflows:\n  %s:\n    a: \"\"\n    b: CANARY\n", want: "line 3: workflows.%s.a"},
	{name: "an anchor", change: func(_ *world, s string) string { return strings.Replace(s, "a: ENC", "a: &x ENC", 1) }, want: "anchor"},
	{name: "a second document", change: func(_ *world, s string) string { return s + "---\nworkflows: {}\n" }, want: "document"},
	{name: "a key twice", change: func(_ *world, s string) string { return strings.Replace(s, "    b: ", "    a: ", 1) }, want: "line 4"},
	{name: "a value moved to another name", change: func(_ *world, s string) string { return strings.Replace(s, "    a: ", "    moved: ", 1) }, want: "workflows.%s.moved"},
	{
		name: "a value moved to another workflow",
		change: func(w *world, s string) string {
			return strings.Replace(s, w.workflow(0)+":", w.workflow(1)+":", 1)
		},
		want: "cannot be decrypted",
	},
	{name: "a colon in a name", change: func(_ *world, s string) string { return strings.Replace(s, "    a: ", "    \"a:b\": ", 1) }, want: "':' (U+003A)"},
	{name: "a list", plain: "workflows:\n  %s:\n    a: [CANARY]\n    b: x\n", want: "line 3: workflows.%s.a"},
	{name: "a bad MAC", change: func(_ *world, s string) string { return regexp.MustCompile(`(?m)^ +b: .*\n`).ReplaceAllString(s, "") }, want: "sops.mac does not match"},
	{name: "mac_only_encrypted", rules: "creation_rules: [{mac_only_encrypted: true, age: RECIPIENT}]", want: "mac_only_encrypted"},
	{name: "a foreign selector", flags: "--unencrypted-regex=^z$", want: "unencrypted_regex"},
	{name: "a truncated file", change: func(_ *world, s string) string { return s[:len(s)*2/3] }, want: "a.yaml"},
	{name: "a file that makes sops panic", change: func(_ *world, s string) string { return strings.Replace(s, "type:str]", "type:bytes]", 1) }, want: "line 3"},
	{name: "junk behind a ciphertext", change: func(_ *world, s string) string { return strings.Replace(s, "type:str]", "type:str]x", 1) }, want: "line 3"},
	{name: "connections", plain: "connections:\n  aws:\n    prod:\n      secretAccessKey: CANARY\n", want: "connections"},
}

func TestRefusedManifestsWriteNothing(t *testing.T) {
	t.Parallel()
	for _, row := range refusedManifests {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			row.check(t)
		})
	}
}

func (row refusedManifest) check(t *testing.T) {
	t.Helper()
	w := newWorld(t, 2)
	canary := vaulttest.Canary(t)
	plain := row.plain
	if plain == "" {
		plain = "workflows:\n  %s:\n    a: CANARY\n    b: CANARY\n"
	}
	if strings.Contains(plain, "%s") {
		plain = fmt.Sprintf(plain, w.workflow(0))
	}
	write(t, w.repo, "a.yaml", strings.ReplaceAll(plain, "CANARY", canary))
	if row.rules != "" {
		write(t, w.repo, ".sops.yaml", strings.ReplaceAll(row.rules, "RECIPIENT", w.recipient))
	}
	args := []string{"encrypt", "--in-place"}
	if row.flags != "" {
		args = append(args, row.flags)
	}
	w.sops(append(args, "a.yaml")...)
	if row.change != nil {
		changed := row.change(w, w.read("a.yaml"))
		if changed == w.read("a.yaml") {
			t.Fatal("the case changes nothing")
		}
		write(t, w.repo, "a.yaml", strings.ReplaceAll(changed, "CANARY", canary))
	}
	_ = os.Remove(filepath.Join(w.repo, ".sops.yaml"))
	w.seal("good.yaml", fmt.Sprintf("workflows:\n  %s:\n    fine: value\n", w.workflow(1)))
	w.commit()
	rep := w.sync(true)
	want := strings.ReplaceAll(row.want, "%s", w.workflow(0))
	if rep.Outcome() != report.Failed || len(rep.Failures) != 1 || !strings.Contains(w.text(), want) {
		t.Errorf("the report does not contain %q:\n%s", want, w.text())
	}
	if n := w.writes(); n != 1 {
		t.Errorf("%d values were written, want only the good file's", n)
	}
	w.wantRead(w.workflow(1), "fine", "value")
	vaulttest.AssertNoCanary(t, canary, w.output)
}

// first replaces the first match only.
func first(with string) func(string) string {
	done := false
	return func(match string) string {
		if done {
			return match
		}
		done = true
		return with
	}
}
