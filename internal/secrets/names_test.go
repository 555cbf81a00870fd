// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// invalidNames are names that steps can read and that cannot be managed.
var invalidNames = []string{
	"slack:webhook", "a+b", ".hidden", "folder/", ".folder/", "it's", "100%", "$HOME", "`id`", "ends ", "-dash", "a;b", "a\tb", "a\nb",
	"esc\x1b[2J", "rtl\u202etxt", "zwj\u200d", "u\u0308", "\xff", `back\slash`, `both'\`, strings.Repeat("l", 200), "emoji🙂",
}

func TestNamesDividesWhatExistsIntoManageableAndOther(t *testing.T) {
	t.Parallel()
	got := namesOf(append([]string{"good", "Ünï code.txt"}, invalidNames...))
	if diff := cmp.Diff(Names{Manageable: []string{"good", "Ünï code.txt"}, Other: invalidNames}, got); diff != "" {
		t.Error(diff)
	}
}

// A command that is pasted into a shell must name the very entry, and nothing else.
func TestOtherNamePrintsACommandThatNamesTheEntry(t *testing.T) {
	t.Parallel()
	scope := Scope{Mount: "a mount", Prefix: "workflows", Group: "deploy"}
	for _, key := range invalidNames {
		o := scope.Other(key)
		if text := o.String(); strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\u202e' || r == '\u200d' || r == '\ufffd' }) {
			t.Errorf("%q: not printable: %q", key, text)
		}
		if len(o.Name) > 600 {
			t.Errorf("%q: the name has %d bytes", key, len(o.Name))
		}
		out, err := exec.CommandContext(t.Context(), "bash", "-c", `vault() { printf '%s\0' "$@"; }; `+o.Command).Output()
		if err != nil {
			t.Fatalf("%q: %s: %v", key, o.Command, err)
		}
		verb := []string{"kv", "metadata", "delete"}
		if strings.HasSuffix(key, "/") {
			verb = []string{"kv", "list"}
		}
		want := append(slices.Clone(verb), "-mount=a mount", "workflows/deploy/"+key)
		if got := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00"); !slices.Equal(got, want) {
			t.Errorf("%q: %s runs with %q, want %q", key, o.Command, got, want)
		}
	}
}

func TestDescribeOtherCountsWhatItDoesNotShow(t *testing.T) {
	t.Parallel()
	scope := Scope{Mount: "customers", Prefix: "workflows", Group: "deploy"}
	want := `workflow "deploy": 1 name cannot be managed here, but steps can read it:
  "slack:webhook": it contains ':' (U+003A); letters, digits and _ . @ - and the space are allowed; ` +
		`remove it with: vault kv metadata delete -mount=customers 'workflows/deploy/slack:webhook'`
	if got := scope.DescribeOther([]string{"slack:webhook"}); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if got := scope.DescribeOther(nil); got != "" {
		t.Errorf("no names: %q", got)
	}
	many := scope.DescribeOther(slices.Repeat([]string{"a:b"}, 45))
	if !strings.Contains(many, "45 names cannot be managed here, but steps can read them:") || !strings.HasSuffix(many, "\n  and 25 more") {
		t.Errorf("45 names: %s", many)
	}
}

func TestSurveyNamesWhatCannotBeManaged(t *testing.T) {
	t.Parallel()
	v := vaulttest.Start(t)
	c, proxy := realClient(t, v.Writer(t), shop)
	scope := testAddress(t).Scope
	other := []string{".hidden", "a+b", "folder/", strings.Repeat("l", 200), "slack:webhook", "u\u0308"}
	for _, key := range append([]string{"good"}, other...) {
		if strings.HasSuffix(key, "/") {
			key += "below"
		}
		v.Write(t, scope.Group, key, "x")
	}
	seen, err := c.Survey(t.Context(), scope)
	if err != nil || len(seen.Entries) != 1 || !slices.Equal(seen.Other[scope], other) {
		t.Errorf("%d entries, other %q, %v", len(seen.Entries), seen.Other[scope], err)
	}
	names, err := c.List(t.Context(), scope)
	if err != nil || !slices.Equal(names.Manageable, []string{"good"}) || !slices.Equal(names.Other, other) {
		t.Errorf("%q, %v", names, err)
	}
	proxy.AssertBlind(t)
}

func TestOwnershipNamesTheLastOwnerOfAnOverwrittenSecret(t *testing.T) {
	t.Parallel()
	at := noon
	entry := Entry{Current: 1, Versions: map[int]Version{1: {Created: at}}}
	own := entry.withRecord(shop, Record{Version: 1, Time: at})
	over := own
	over.Current, over.Versions = 2, map[int]Version{1: {Created: at}, 2: {Created: at}}
	for want, e := range map[string]Entry{
		"-":          entry,
		string(shop): own,
		"another writer (last " + string(shop) + ")": over,
	} {
		if got := e.Ownership(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
