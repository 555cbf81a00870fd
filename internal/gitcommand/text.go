// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitcommand

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const maxLine = 240 // bytes of output shown in an error

// OneLine returns output of git as one printable line for an error, from its "fatal: " on if it has one.
func OneLine(output []byte) string {
	text := string(output)
	if at := strings.Index(text, "fatal: "); at >= 0 {
		text = text[at+len("fatal: "):]
	}
	return Truncate(Printable(strings.Join(strings.Fields(text), " ")))
}

// Printable replaces control characters, and characters that are invisible or change the direction of text.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsGraphic(r) {
			return '?'
		}
		return r
	}, s)
}

// Truncate shortens text to what an error shows of it.
func Truncate(s string) string {
	if len(s) <= maxLine {
		return s
	}
	end := maxLine
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}
