// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package step

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
	"github.com/relay-secrets/terraform-provider-relay/internal/relaytest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vault"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// values are what Relay's own reader is tested with, too (internal/relaytest).
var values = map[string]string{
	"plain":               "registry-wolf-otter-29",
	"empty":               "",
	"newline":             "one line\n",
	"multi-line":          "-----BEGIN KEY-----\nabc\n-----END KEY-----\n",
	"carriage.returns":    "a\r\nb\r",
	"unicode":             "héllo wörld 日本語 🦊",
	"BOM":                 "\ufeffvalue",
	"JSON@home":           `{"user":"x","pass":"y & <z>"}`,
	"reference":           "${secrets.plain} ${",
	"prefixed":            "base64:aGVsbG8=",
	"prefixed-not-base64": "base64:not base64!",
	"binary":              "\x00\x01\xff\xfe",
	"NUL":                 "a\x00b",
	"invalid":             "a\xffb",
	"long":                strings.Repeat("0123456789", 10_000),
	"white space":         " \t\n ",
}

func TestReaderReadsValuesByteForByte(t *testing.T) {
	t.Parallel()
	v, workflow := vaulttest.Start(t), vaulttest.Workflow(t)
	for name, value := range values {
		write(t, v, secretOf(workflow, name, value))
	}
	proxy := vaulttest.NewProxy(t, v.Address)
	reader := newReader(t, v, proxy.Address, workflow)

	all, err := reader.All(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	named, err := reader.Secrets(t.Context(), slices.Sorted(maps.Keys(values)))
	if err != nil {
		t.Fatal(err)
	}
	for how, found := range map[string][]Secret{"All": all, "Secrets": named} {
		if got := plain(found); !maps.Equal(got, values) {
			t.Errorf("%s: got %q", how, got)
		}
	}
	relay := relaytest.Start(t, v, v.Reader(t, workflow)).Secrets(workflow)
	if !maps.Equal(relay, plain(all)) {
		t.Errorf("Relay's reader reads %q", relay)
	}
	for _, r := range proxy.Requests() {
		if r.Method != http.MethodGet {
			t.Errorf("the reader sent %s %s", r.Method, r.Path)
		}
	}
}

// Old data: what Relay's own programs wrote, and this product does not.
func TestReaderReadsNamesThatCannotBeManaged(t *testing.T) {
	t.Parallel()
	v, workflow := vaulttest.Start(t), vaulttest.Workflow(t)
	names := []string{"slack:webhook", "a+b", "100%", "-dash", ".dot", "a..b", "q?r#s", "e\u0301", " space ", strings.Repeat("n", 200), "database/password"}
	for _, name := range names {
		relaytest.WriteOld(t, v, "workflows/"+workflow+"/"+name, "value of "+name)
	}
	relaytest.WriteOld(t, v, "workflows/"+workflow+"/ambiguous", "base64:aGVsbG8=")
	relaytest.WriteOld(t, v, "workflows/"+workflow+"/wrapped", "base64:aGVs\nbG8=")
	reader := newReader(t, v, v.Address, workflow)
	found, err := reader.Secrets(t.Context(), append(names, "ambiguous", "wrapped"))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range plain(found) {
		want := "value of " + name
		if name == "ambiguous" || name == "wrapped" {
			want = "hello" // as Relay's reader decodes it
		}
		if value != want {
			t.Errorf("%q: got %q, want %q", name, value, want)
		}
	}
	all, err := reader.All(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := plain(all); len(got) != len(names)+1 || got["slack:webhook"] == "" {
		t.Errorf("All reads %d secrets %q, want all but the one in a folder", len(got), slices.Sorted(maps.Keys(got)))
	}
	relay := relaytest.Start(t, v, v.Reader(t, workflow)).Secrets(workflow)
	if got := plain(all); !maps.Equal(got, relay) {
		t.Errorf("Relay's reader reads %q", relay)
	}
}

func TestReaderReportsAllThatIsMissing(t *testing.T) {
	t.Parallel()
	v, workflow := vaulttest.Start(t), vaulttest.Workflow(t)
	write(t, v, secretOf(workflow, "kept", "x"), secretOf(workflow, "gone", "y"), secretOf(workflow, "destroyed", "z"))
	entry := "customers/data/workflows/" + workflow + "/"
	v.Call(t, v.RootToken, http.MethodDelete, entry+"gone", nil)
	v.Call(t, v.RootToken, http.MethodPost, strings.Replace(entry, "/data/", "/destroy/", 1)+"destroyed", map[string]any{"versions": []int{1}})
	v.Call(t, v.RootToken, http.MethodPost, entry+"other", map[string]any{"data": map[string]any{"password": "p"}})
	v.Call(t, v.RootToken, http.MethodPost, entry+"number", map[string]any{"data": map[string]any{"value": 7}})
	reader := newReader(t, v, v.Address, workflow)

	_, err := reader.Secrets(t.Context(), []string{"kept", "gone", "destroyed", "never", "other", "number"})
	if !errors.Is(err, kv.ErrNotFound) {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{
		`secret "gone" of workflow "` + workflow + `": not found: the newest version was deleted`,
		`secret "destroyed" of`, `secret "never" of`,
		`secret "other" of workflow "` + workflow + `": not found: the entry has no text under the key value`, `secret "number" of`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
	all, err := reader.All(t.Context())
	if got := plain(all); err != nil || len(got) != 1 || got["kept"] != "x" {
		t.Errorf("All: %q, %v", got, err)
	}
}

func TestReaderReportsWhatIsDenied(t *testing.T) {
	t.Parallel()
	v, workflow := vaulttest.Start(t), vaulttest.Workflow(t)
	write(t, v, secretOf(workflow, "one", "x"))
	other := newReader(t, v, v.Address, workflow+"-other")
	other.scope.Workflow = workflow
	for how, read := range map[string]func() ([]Secret, error){
		"Secrets": func() ([]Secret, error) { return other.Secrets(t.Context(), []string{"one"}) },
		"All":     func() ([]Secret, error) { return other.All(t.Context()) },
	} {
		found, err := read()
		if !errors.Is(err, kv.ErrPermissionDenied) || !strings.Contains(err.Error(), workflow) {
			t.Errorf("%s: %v, %v", how, found, err)
		}
	}
}

func TestAnUndecodableValueIsAnErrorWithoutTheValue(t *testing.T) {
	t.Parallel()
	v, workflow, canary := vaulttest.Start(t), vaulttest.Workflow(t), vaulttest.Canary(t)
	relaytest.WriteOld(t, v, "workflows/"+workflow+"/broken", "base64:"+canary+"!")
	_, err := newReader(t, v, v.Address, workflow).Secrets(t.Context(), []string{"broken"})
	if err == nil || !strings.Contains(err.Error(), `secret "broken"`) {
		t.Fatalf("got %v", err)
	}
	vaulttest.AssertNoCanary(t, canary, map[string][]byte{"the error": []byte(err.Error())})
}

func TestNamesThatWouldBeAnotherPathAreRefused(t *testing.T) {
	t.Parallel()
	v, workflow := vaulttest.Start(t), vaulttest.Workflow(t)
	proxy := vaulttest.NewProxy(t, v.Address)
	reader := newReader(t, v, proxy.Address, workflow)
	for _, name := range []string{"", "/a", "a/", "a//b", "../other/a", "a/./b", "..", "a\nb", "a\xffb", "a\u00a0b"} {
		if _, err := reader.Secrets(t.Context(), []string{name}); err == nil || !strings.Contains(err.Error(), "invalid secret name") {
			t.Errorf("%q: %v", name, err)
		}
		if _, err := reader.Connection(t.Context(), "aws", name); err == nil {
			t.Errorf("connection %q: no error", name)
		}
	}
	for _, workflow := range []string{"", "a/b", ".."} {
		if _, err := NewReader(vault.Settings{}, scopeOf(workflow)); err == nil || !strings.Contains(err.Error(), "invalid workflow name") {
			t.Errorf("workflow %q: %v", workflow, err)
		}
	}
	if n := len(proxy.Requests()); n > 0 {
		t.Errorf("%d requests were sent", n)
	}
}

func TestValuePrintsAsSensitive(t *testing.T) {
	t.Parallel()
	canary := vaulttest.Canary(t)
	secret := Secret{Name: "n", Value: newValue(canary)}
	outputs := map[string][]byte{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		outputs[verb] = fmt.Appendf(nil, verb+verb+verb, secret.Value, secret, []Secret{secret})
		if !strings.Contains(string(outputs[verb]), "(sensitive)") {
			t.Errorf("%s: %s", verb, outputs[verb])
		}
	}
	vaulttest.AssertNoCanary(t, canary, outputs)
}
