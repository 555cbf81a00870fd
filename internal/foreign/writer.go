// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package foreign

import (
	"bytes"
	"io"
	"sync"

	"github.com/relay-secrets/terraform-provider-relay/internal/lazyregexp"
)

// Writer writes whole lines, each as Line does. It is safe for concurrent use.
type Writer struct {
	to     io.Writer
	colors bool

	mu sync.Mutex
	// part is the start of a line whose end was not written yet.
	part []byte
}

// NewWriter makes a writer to another one. With colors, the colors that this program's
// reports use stay; the reports keep them out of foreign text.
func NewWriter(to io.Writer, colors bool) *Writer { return &Writer{to: to, colors: colors} }

// Unwrap returns what the lines are written to.
func (w *Writer) Unwrap() io.Writer { return w.to }

// chunk is how much is written at once at least, if there is as much: a long report is not
// in memory a second time.
const chunk = 64 << 10

// Write writes the lines that end in p, and keeps the start of the next one.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []byte
	for rest := p; len(rest) > 0; {
		line, after, ended := bytes.Cut(rest, []byte("\n"))
		rest = after
		w.part = append(w.part, line...)
		if !ended {
			break
		}
		out = append(append(out, w.line()...), '\n')
		if len(out) < chunk && len(rest) > 0 {
			continue
		}
		if _, err := w.to.Write(out); err != nil {
			return len(p) - len(rest), err
		}
		out = out[:0]
	}
	if len(out) > 0 {
		if _, err := w.to.Write(out); err != nil {
			return len(p), err
		}
	}
	return len(p), nil
}

// Flush writes the start of a line, such as a question.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.part) == 0 {
		return nil
	}
	_, err := io.WriteString(w.to, w.line())
	return err
}

var colors = lazyregexp.New(`\x1b\[(?:0|1|2|31|32|33)m`)

// line returns the line in part and empties it.
func (w *Writer) line() string {
	text := string(w.part)
	w.part = w.part[:0]
	if !w.colors {
		return Line(text)
	}
	out, end := "", 0
	for _, at := range colors.FindAllStringIndex(text, -1) {
		out += escape(text[end:at[0]]) + text[at[0]:at[1]]
		end = at[1]
	}
	return defuse(out + escape(text[end:]))
}
