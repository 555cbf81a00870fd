// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitcommand

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const maxLine = 240 // bytes of foreign text shown in an error

// OneLine makes what git said fit for an error: from its "fatal: " on if it has one, on one printable line.
func OneLine(said []byte) string {
	text := string(said)
	if at := strings.Index(text, "fatal: "); at >= 0 {
		text = text[at+len("fatal: "):]
	}
	return Truncate(Printable(strings.Join(strings.Fields(text), " ")))
}

// Printable replaces whatever could disturb a terminal or a log, which includes invisible and direction-changing
// characters.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsGraphic(r) {
			return '?'
		}
		return r
	}, s)
}

// Truncate cuts foreign text to what an error shows of it.
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
