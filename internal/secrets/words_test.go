// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"bytes"
	"encoding/base64"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"
)

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("refused: %v", err)
	case want != "" && err == nil:
		t.Errorf("no error, want one with %q", want)
	case want != "" && !strings.Contains(err.Error(), want):
		t.Errorf("error %q, want one with %q", err, want)
	}
}

func TestValueDoesNotPrint(t *testing.T) {
	t.Parallel()
	const canary = "correct-horse-battery-staple"
	v := NewValue(canary)
	type holder struct {
		Shown  Value
		hidden Value
		Ptr    *Value
		Any    any
		Map    map[string]Value
	}
	h := holder{v, v, &v, v, map[string]Value{"a": v}}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%p", "%T"} {
		fmt.Fprintf(&out, verb+verb+verb+"\n", v, &v, h)
	}
	fmt.Fprintln(&out, h, errors.Join(fmt.Errorf("value %v", v)))
	slog.New(slog.NewTextHandler(&out, nil)).Info("text", "v", v, "h", h)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("json", "v", v, "h", h)
	asJSON, err := json.Marshal(map[string]any{"v": v, "h": []any{v, &v}})
	if err != nil {
		t.Fatal(err)
	}
	asYAML, err := yaml.Marshal(map[string]any{"v": v, "list": []Value{v}})
	if err != nil {
		t.Fatal(err)
	}
	out.Write(asJSON)
	out.Write(asYAML)
	if gob.NewEncoder(&out).Encode(v) == nil {
		t.Error("a value was gob-encoded")
	}
	hexed := fmt.Sprintf("%x", canary)
	for _, leak := range []string{canary, hexed, strings.ToUpper(hexed), base64.StdEncoding.EncodeToString([]byte(canary))} {
		if strings.Contains(out.String(), leak) {
			t.Errorf("the output holds the value as %q", leak)
		}
	}
	if !strings.Contains(out.String(), Redacted) {
		t.Error("nothing was printed")
	}
}

func TestTransferEncoding(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, plain, want string }{
		{"plain", "hunter2", "hunter2"},
		{"empty", "", ""},
		{"lines", "a\nb\n", "a\nb\n"},
		{"unicode", "pässwörd ✓", "pässwörd ✓"},
		{"not UTF-8", "\xff\xfe", "base64://4="},
		{"NUL", "a\x00b", "base64:YQBi"},
		{"looks encoded", "base64:aGVsbG8=", "base64:YmFzZTY0OmFHVnNiRzg9"},
		{"a prefix that is none", "Base64:x", "Base64:x"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if got := NewValue(row.plain).encoded(); got != row.want {
				t.Errorf("encoded as %q, want %q", got, row.want)
			}
		})
	}
	if got := (Value{}).encoded(); got != "" {
		t.Errorf("the zero value encodes as %q", got)
	}
}

// relayDecode is the reader's rule (ARCHITECTURE.md, Transfer encoding).
func relayDecode(s string) (string, error) {
	prefix, rest, found := strings.Cut(s, ":")
	if !found || prefix != "base64" {
		return s, nil
	}
	plain, err := base64.StdEncoding.DecodeString(rest)
	return string(plain), err
}

func TestEveryValueSurvivesRelaysDecoding(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		plain := rapid.OneOf(
			rapid.String(),
			rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
			rapid.Map(rapid.String(), func(s string) string { return "base64:" + s }),
		).Draw(rt, "plain")
		got, err := relayDecode(NewValue(plain).encoded())
		if err != nil || got != plain {
			rt.Errorf("%q came back as %q (%v)", plain, got, err)
		}
	})
}

func TestValueSize(t *testing.T) {
	t.Parallel()
	if err := NewValue(strings.Repeat("x", 100)).checkSize(100); err != nil {
		t.Errorf("a value at the limit: %v", err)
	}
	err := NewValue(strings.Repeat("\xff", 90)).checkSize(100)
	if !errors.Is(err, ErrInvalid) {
		t.Fatalf("a value whose encoding is over the limit: %v", err)
	}
	if strings.Contains(err.Error(), "90") || strings.Contains(err.Error(), "127") {
		t.Errorf("the error tells the length: %v", err)
	}
}

func TestCheckName(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, want string }{
		{"deploy-production", ""},
		{"tls_key", ""},
		{"9lives", ""},
		{"Ünï code.txt", ""},
		{"a@b", ""},
		{strings.Repeat("a", 128), ""},
		{"", "it is empty"},
		{strings.Repeat("a", 129), "it has 129 bytes, at most 128"},
		{"a:b", `':' (U+003A)`},
		{"+", `begins with '+' (U+002B)`},
		{"*", `begins with '*'`},
		{"..", `begins with '.'`},
		{"a/b", `'/' (U+002F)`},
		{"a{{b", `'{'`},
		{"a$b", `'$'`},
		{"a%2fb", `'%'`},
		{`a"b`, `'"'`},
		{"a\nb", `'\n' (U+000A)`},
		{"a\u200bb", `'\u200b' (U+200B)`},
		{"-a", "begins with '-'"},
		{" a", "begins with ' '"},
		{"a ", "ends with a space"},
		{"a\xff", "not UTF-8"},
		{"e\u0301", "NFC"},
		{"\u0301e", "begins with"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			err := CheckName("workflow", row.name)
			wantError(t, err, row.want)
			if err != nil && (!errors.Is(err, ErrInvalid) || strings.ContainsAny(err.Error(), "\n\u200b")) {
				t.Errorf("the error is not one clean line of ErrInvalid: %q", err)
			}
		})
	}
}

func TestParseAddress(t *testing.T) {
	t.Parallel()
	a, err := ParseAddress("customers", "workflows", "deploy/token")
	if err != nil || a.Path() != "customers/data/workflows/deploy/token" || a.String() != "deploy/token" {
		t.Errorf("got %v, %q, %v", a, a.Path(), err)
	}
	for _, bad := range []string{"", "deploy", "deploy/", "/token", "a/b/c", "../token"} {
		if _, err := ParseAddress("customers", "workflows", bad); !errors.Is(err, ErrInvalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := ParseAddress("kv//x", "workflows", "a/b"); !errors.Is(err, ErrInvalid) {
		t.Errorf("an empty segment of a mount passed: %v", err)
	}
}

func TestOwners(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"terraform/shop-prod", "gitops/cluster-1/platform", "person/ada.l"} {
		if o, err := ParseOwner(good); err != nil || string(o) != good {
			t.Errorf("%s: %v, %v", good, o, err)
		}
	}
	for _, bad := range []string{"", "terraform", "terraform/", "terraform/A", "gitops/a", "gitops/a/b/c", "robot/x", "terraform/" + strings.Repeat("a", 49)} {
		if _, err := ParseOwner(bad); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s passed: %v", bad, err)
		}
	}
}

func TestRecordSurvivesAndFits(t *testing.T) {
	t.Parallel()
	hex32 := rapid.StringMatching(`([0-9a-f]{32})?`)
	when := rapid.Custom(func(rt *rapid.T) time.Time {
		return time.Unix(rapid.Int64Range(1, 1<<34).Draw(rt, "s"), rapid.Int64Range(0, 999999999).Draw(rt, "ns")).UTC()
	})
	rapid.Check(t, func(rt *rapid.T) {
		r := Record{
			Version:  rapid.IntRange(1, 1<<62).Draw(rt, "version"),
			Time:     when.Draw(rt, "time"),
			Released: rapid.Bool().Draw(rt, "released"),
			Deleted:  rapid.Bool().Draw(rt, "deleted"), Undeleted: rapid.Bool().Draw(rt, "undeleted"),
			Expires: when.Draw(rt, "expires"),
			Provenance: Provenance{
				Revision: rapid.StringMatching(`([0-9a-f]{64})?`).Draw(rt, "revision"),
				Origin:   rapid.String().Draw(rt, "origin"),
				Sealed:   when.Draw(rt, "sealed"),
				SOPS1:    hex32.Draw(rt, "sops1"), Key1: hex32.Draw(rt, "key1"), HMAC1: hex32.Draw(rt, "hmac1"),
			},
		}
		text := r.String()
		if len(text) > maxRecordBytes {
			rt.Fatalf("the record has %d bytes: %s", len(text), text)
		}
		back, ok := parseRecord(text)
		if !ok {
			rt.Fatalf("not read back: %s", text)
		}
		if strings.Contains(text, "~") || len(text) == maxRecordBytes {
			back.Origin, r.Origin = "", "" // may be cut
		}
		if back.String() != r.String() {
			rt.Errorf("%s came back as %s", r, back)
		}
	})
}

func TestLongOriginsStayApart(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("schön/", 40)
	a, b := escapeOrigin(long+"a", maxOriginBytes), escapeOrigin(long+"b", maxOriginBytes)
	if a == b || len(a) > maxOriginBytes || len(b) > maxOriginBytes {
		t.Errorf("%s and %s", a, b)
	}
}

func TestHostileRecordsAreNone(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{
		"", "x", "version=1", "version=0 time=2026-11-22T12:00:00Z", "version=-1 time=2026-11-22T12:00:00Z",
		"version=1 version=2 time=2026-11-22T12:00:00Z", "version=1 time=yesterday",
		"version=1 time=2026-11-22T12:00:00Z sealed=soon", "version=1 time=2026-11-22T12:00:00Z revision=../x",
		"version=1 time=2026-11-22T12:00:00Z origin=%zz", "version=1 time=2026-11-22T12:00:00Z body=../../x",
		"version=1 time=2026-11-22T12:00:00Z fields=3", "version=1 time=2026-11-22T12:00:00Z fields=x", "version=1 time=2026-11-22T12:00:00Z superseded=" + strings.Repeat("0", 36),
		"version=1 time=2026-11-22T12:00:00Z x=" + strings.Repeat("y", 512),
	} {
		if r, ok := parseRecord(bad); ok {
			t.Errorf("%q was read as %v", bad, r)
		}
	}
	if _, ok := parseRecord("version=1 time=2026-11-22T12:00:00Z later=field"); !ok {
		t.Error("a field of a later version made the record unreadable")
	}
}
