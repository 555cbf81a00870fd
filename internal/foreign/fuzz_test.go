// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package foreign_test

import (
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/internal/foreign/foreigntest"
	"github.com/relay-secrets/terraform-provider-relay/internal/fuzztest"
)

// texts are the hostile texts in a fixed order. The long one is left out: the fuzzer shortens
// it for minutes.
func texts() (out []string) {
	for _, name := range slices.Sorted(maps.Keys(foreigntest.Texts)) {
		if name != "long" {
			out = append(out, foreigntest.Texts[name])
		}
	}
	return out
}

// FuzzLine: each function returns printable text, and Line keeps the value of a JSON document.
func FuzzLine(f *testing.F) {
	fuzztest.Add(f, fuzztest.Texts(texts()...)...)
	f.Fuzz(func(t *testing.T, text string) {
		line := foreign.Line(text)
		foreigntest.Check(t, line+"\n")
		if strings.Contains(line, "\n") {
			t.Errorf("%q has a line break", line)
		}
		if again := foreign.Line(line); again != line {
			t.Errorf("a second time: %q, not %q", again, line)
		}
		if short := foreign.Short(text); len(short) > 240 {
			t.Errorf("short: %d bytes", len(short))
		}
		foreigntest.Check(t, foreign.Short(text)+"\n")
		foreigntest.Check(t, foreign.Quote(text)+"\n")
		foreigntest.Check(t, foreign.Lines(text)+"\n")
		if document, err := json.Marshal(text); err == nil {
			var want, got string
			if err := json.Unmarshal(document, &want); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(foreign.Line(string(document))), &got); err != nil || got != want {
				t.Errorf("as JSON: got %q, %v, want %q", got, err, want)
			}
		}
	})
}

// FuzzWriter: the output is printable, and the same however it is written.
func FuzzWriter(f *testing.F) {
	var seeds []fuzztest.Seed
	for _, text := range texts() {
		seeds = append(seeds, fuzztest.Seed{text, 3})
	}
	fuzztest.Add(f, seeds...)
	f.Fuzz(func(t *testing.T, text string, size int) {
		var whole, parts strings.Builder
		io.WriteString(foreign.NewWriter(&whole, false), text+"\n")
		foreigntest.Check(t, whole.String())
		w := foreign.NewWriter(&parts, false)
		for part := range slices.Chunk([]byte(text+"\n"), max(1, size)) {
			w.Write(part)
		}
		if parts.String() != whole.String() {
			t.Errorf("in parts: %q, whole: %q", parts.String(), whole.String())
		}
	})
}
