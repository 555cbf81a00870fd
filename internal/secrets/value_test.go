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

	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"
)

func TestValueDoesNotPrint(t *testing.T) {
	t.Parallel()
	const canary = "correct-horse-battery-staple"
	v := NewValue(canary)
	type container struct {
		Shown  Value
		hidden Value
		Ptr    *Value
		Any    any
		Map    map[string]Value
	}
	h := container{v, v, &v, v, map[string]Value{"a": v}}
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
			value := NewValue(row.plain)
			if got := value.encoded(); got != row.want {
				t.Errorf("encoded as %q, want %q", got, row.want)
			}
			if err := value.checkEncoding(RelayEncoding); err != nil {
				t.Errorf("encoding relay: %v", err)
			}
			if err := value.checkEncoding(RefuseEncoding); errors.Is(err, ErrInvalid) != (row.plain != row.want) {
				t.Errorf("encoding refuse: %v", err)
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

func TestEveryValueRoundTripsThroughRelaysDecoding(t *testing.T) {
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
		t.Errorf("the error contains the length: %v", err)
	}
	for _, want := range []string{"100 bytes after encoding", "base64", "at most 69 bytes", "Hint: "} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing: %v", want, err)
		}
	}
}

func TestLargestBinaryValueIsTheOneThatTheErrorNames(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{0, 6, 7, 11, 100, 101, 102, 103, DefaultMaxValueBytes} {
		most := MaxBinaryBytes(limit)
		if err := NewValue(strings.Repeat("\xff", most)).checkSize(limit); most > 0 && err != nil {
			t.Errorf("limit %d: %d bytes: %v", limit, most, err)
		}
		if err := NewValue(strings.Repeat("\xff", most+1)).checkSize(limit); err == nil {
			t.Errorf("limit %d: %d bytes are accepted", limit, most+1)
		}
	}
}
