// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package foreign

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/relay-secrets/terraform-provider-relay/internal/lazyregexp"
)

const (
	// maxShort is how many bytes Short keeps.
	maxShort = 240
	// maxLine is how many bytes Lines keeps of each line: enough for a command with the
	// longest path of Vault, each byte escaped.
	maxLine = 8 << 10
)

// Line returns a text as one printable line.
func Line(text string) string { return defuse(escape(text)) }

// Short is Line for a text that is only quoted: it keeps its start.
func Short(text string) string { return cut(Line(text), maxShort) }

// Quote is Short with quotes around it, for a text that could be mistaken for others.
func Quote(text string) string { return Line(strconv.Quote(cut(text, maxShort))) }

// Lines is Line for each line of a text whose line breaks are this program's own. A line
// that is too long is cut.
func Lines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = cut(Line(line), maxLine)
	}
	return strings.Join(lines, "\n")
}

// Printable reports whether Line returns the text as it is.
func Printable(text string) bool { return Line(text) == text }

// visible reports whether a character is seen where it stands. The tables after IsGraphic
// have letters and marks without a shape, such as fillers and variation selectors.
func visible(r rune) bool {
	return r < utf8.RuneSelf && r >= ' ' && r != '\x7f' ||
		r >= utf8.RuneSelf && unicode.IsGraphic(r) && !unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

func escape(text string) string {
	if strings.IndexFunc(text, func(r rune) bool { return !visible(r) }) < 0 && utf8.ValidString(text) {
		return text
	}
	var out strings.Builder
	for i, r := range text {
		_, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&out, `\x%02x`, text[i])
		case visible(r):
			out.WriteRune(r)
		default:
			out.WriteString(escaped(r))
		}
	}
	return out.String()
}

// escaped is the escape of JSON for a character.
func escaped(r rune) string {
	switch r {
	case '\n':
		return `\n`
	case '\r':
		return `\r`
	case '\t':
		return `\t`
	}
	if high, low := utf16.EncodeRune(r); high != unicode.ReplacementChar {
		return fmt.Sprintf(`\u%04x\u%04x`, high, low)
	}
	return fmt.Sprintf(`\u%04x`, r)
}

var (
	// leading are the colons of a command, after spaces and colors.
	leading = lazyregexp.New(`^(?:[\s\p{Z}]|\x1b\[[0-9]+m)*::`)
	// group is the mark of a group of lines, also after colors.
	group = lazyregexp.New(`^(?:\x1b\[[0-9]+m)*(?:---|\+\+\+|~~~|\^\^\^) `)
	// bracketed begins a command anywhere in a line.
	bracketed = lazyregexp.New(`##[A-Za-z]*\[`)
)

// defuse escapes one character of what a CI system takes as a command.
func defuse(line string) string {
	if at := leading.FindStringIndex(line); at != nil {
		line = line[:at[1]-2] + `\u003a:` + line[at[1]:]
	}
	if at := group.FindStringIndex(line); at != nil {
		first := at[1] - len("--- ")
		line = line[:first] + escaped(rune(line[first])) + line[first+1:]
	}
	if !strings.Contains(line, "##") {
		return line
	}
	return bracketed.ReplaceAllStringFunc(line, func(command string) string { return `#\u0023` + command[2:] })
}

// cut keeps the start of a text, up to a whole character if it is UTF-8.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	end := limit - len("…")
	for back := range utf8.UTFMax {
		if utf8.RuneStart(text[end-back]) {
			return text[:end-back] + "…"
		}
	}
	return text[:end] + "…"
}
