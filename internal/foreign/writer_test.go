// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package foreign_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
)

func TestWriterEscapesEachLineHoweverItIsWritten(t *testing.T) {
	t.Parallel()
	const text = "a\x1b[2J\n::error::x\n é##vso[x]\r\n\u202e\n"
	const want = "a\\u001b[2J\n\\u003a:error::x\n é#\\u0023vso[x]\\r\n\\u202e\n"
	for size := 1; size <= len(text); size++ {
		var out strings.Builder
		w := foreign.NewWriter(&out, false)
		for part := range slices.Chunk([]byte(text), size) {
			if n, err := w.Write(part); n != len(part) || err != nil {
				t.Fatal(n, err)
			}
		}
		if out.String() != want {
			t.Errorf("in parts of %d bytes: got %q", size, out.String())
		}
	}
}

func TestWriterKeepsAQuestionUntilFlush(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	w := foreign.NewWriter(&out, false)
	io.WriteString(w, "\x1bsure? ")
	if out.Len() > 0 {
		t.Errorf("written before: %q", out.String())
	}
	if err := w.Flush(); err != nil || out.String() != `\u001bsure? ` {
		t.Errorf("got %q, %v", out.String(), err)
	}
	if err := w.Flush(); err != nil || out.String() != `\u001bsure? ` {
		t.Errorf("a second time: %q, %v", out.String(), err)
	}
}

func TestWriterKeepsTheColorsOfReportsOnly(t *testing.T) {
	t.Parallel()
	const text = "\x1b[31m::x\x1b[0m \x1b[8mhidden\x1b[2J\x1b[38;5;1m\n"
	for colors, want := range map[bool]string{
		true:  "\x1b[31m" + `\u003a:x` + "\x1b[0m" + ` \u001b[8mhidden\u001b[2J\u001b[38;5;1m` + "\n",
		false: `\u001b[31m::x\u001b[0m \u001b[8mhidden\u001b[2J\u001b[38;5;1m` + "\n",
	} {
		var out strings.Builder
		io.WriteString(foreign.NewWriter(&out, colors), text)
		if out.String() != want {
			t.Errorf("colors %v: got %q", colors, out.String())
		}
	}
}

func TestWriterOfManyGoroutinesMixesNoLines(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	w := foreign.NewWriter(&out, false)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				io.WriteString(w, "line\n")
			}
		})
	}
	all.Wait()
	if out.String() != strings.Repeat("line\n", 800) {
		t.Errorf("got %q", out.String())
	}
}

type full struct{}

var errFull = errors.New("no space left on device")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestWriterReturnsTheErrorOfTheNextWriter(t *testing.T) {
	t.Parallel()
	w := foreign.NewWriter(full{}, false)
	if _, err := io.WriteString(w, "line\n"); !errors.Is(err, errFull) {
		t.Errorf("got %v", err)
	}
}

func TestWriterWritesALongReport(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	text := strings.Repeat(strings.Repeat("x", 100)+"\n", 10_000)
	if n, err := io.WriteString(foreign.NewWriter(&out, false), text); n != len(text) || err != nil || out.String() != text {
		t.Errorf("%d bytes, %v", n, err)
	}
}
