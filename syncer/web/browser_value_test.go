// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"crypto/rand"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
)

// TestStepReadsTheBytesThatWereEntered in the text area: browsers send it with CRLF.
func TestStepReadsTheBytesThatWereEntered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	tab := w.openAs(t, policy.Operator)
	for name, c := range map[string]struct {
		entered, want string
		keep          bool
	}{
		"lines":   {entered: "-----BEGIN KEY-----\r\na\n\n  b\t\r\n-----END KEY-----", want: "-----BEGIN KEY-----\na\n\n  b\t\n-----END KEY-----"},
		"newline": {entered: "one\n", want: "one"},
		"kept":    {entered: "one\n", want: "one\n", keep: true},
		"unicode": {entered: "пароль \u202e 密码 🔑 é é", want: "пароль \u202e 密码 🔑 é é"},
		"html":    {entered: `</textarea><script>alert("1")</script>&amp;`, want: `</textarea><script>alert("1")</script>&amp;`},
	} {
		w.page(tab, "/add")
		tab.Fill("Name", name)
		tab.Fill("Value", c.entered)
		if c.keep {
			tab.Click("checkbox", "Keep a line break at the end")
		}
		tab.Follow("button", "Add secret")
		wantText(t, tab, "Added "+name+".")
		w.wantRead(t, name, c.want)
	}
	w.proxy.AssertBlind(t)
	w.proxy.AssertCheckAndSet(t)
}

func TestStepReadsTheBytesOfTheFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	tab := w.openAs(t, policy.Operator)
	noise := make([]byte, 300_000)
	_, _ = rand.Read(noise)
	// Relay writes what is not text in base64. This file is text of 400 KB with every kind of line break.
	content := "\ufeff" + base64.StdEncoding.EncodeToString(noise) + "\r\n\r\n\ttext\n"
	path := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	tab.Follow("link", "Add secret")
	tab.Fill("Name", "key")
	tab.Click("radio", "File")
	tab.Upload("File", path)
	tab.Follow("button", "Add secret")
	wantText(t, tab, "Added key.")
	w.wantRead(t, "key", content)
}

// TestPairsBecomeAnObjectInBase64, as Relay's page asks for several values.
func TestPairsBecomeAnObjectInBase64(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	tab := w.openAs(t, policy.Operator)
	tab.Follow("link", "Add secret")
	tab.Fill("Name", "pairs")
	tab.Click("radio", "Key-value pairs")
	for i, pair := range [][2]string{{"user", "ada"}, {"b", "1"}, {"c", "2"}, {"d", "3"}, {"e", "4"}, {"f", "5"}, {"key", "a\r\n<b>"}} {
		number := string(rune('1' + i)) // the script adds the seventh row
		tab.Fill("Name "+number, pair[0])
		tab.Fill("Value "+number, pair[1])
	}
	tab.AssertAccessible()
	tab.Follow("button", "Add secret")
	wantText(t, tab, "Added pairs.")
	w.wantRead(t, "pairs", base64.StdEncoding.EncodeToString([]byte(`{"b":"1","c":"2","d":"3","e":"4","f":"5","key":"a\n<b>","user":"ada"}`)))
}

// TestFormWithErrorsKeepsAllButTheValue: each error is beside its field.
func TestFormWithErrorsKeepsAllButTheValue(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.Write(t, w.workflow, "taken", "one")
	tab := w.openAs(t, policy.Operator)
	for name, want := range map[string]string{
		"a/b":   "Nothing was written",
		"taken": "a secret with this name already exists; replace it instead",
	} {
		w.page(tab, "/add")
		tab.Fill("Name", name)
		tab.Fill("Value", "s3cret-value")
		tab.Fill("Reason (optional)", "a new key")
		tab.Follow("button", "Add secret")
		wantText(t, tab, want)
		if html := tab.HTML(); strings.Contains(html, "s3cret-value") || !strings.Contains(html, `value="a new key"`) {
			t.Errorf("%s: the form after an error:\n%s", name, html)
		}
		tab.AssertAccessible()
	}
	tab.Fill("Name", "free")
	tab.Follow("button", "Add secret")
	wantText(t, tab, "the value is empty")
	w.wantNone(t, "free")
	w.wantRead(t, "taken", "one")
}
