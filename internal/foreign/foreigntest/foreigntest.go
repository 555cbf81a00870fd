// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package foreigntest

import (
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// Canary is in each of Texts behind what must be escaped, so that a test sees that the text
// reached the output.
const Canary = "canary"

// Texts are hostile texts by their kind.
var Texts = map[string]string{
	"color":             "\x1b[31m" + Canary + "\x1b[0m",
	"clear screen":      "\x1b[2J\x1b[1;1H" + Canary,
	"link":              "\x1b]8;;https://evil.example\x1b\\" + Canary + "\x1b]8;;\x1b\\",
	"clipboard":         "\x1b]52;c;ZXZpbA==\x07" + Canary,
	"title":             "\x1b]0;evil\x07" + Canary,
	"C1":                "\u009b31m\u009d0;evil\u009c" + Canary,
	"carriage return":   "evil\r" + Canary,
	"new line":          "evil\n::error::" + Canary,
	"line separators":   "evil\u2028::error::\u2029::error::\u0085::error::\v\f" + Canary,
	"backspace":         "evil\b\b\b\b\x7f" + Canary,
	"NUL":               "evil\x00" + Canary,
	"tab":               "evil\t" + Canary,
	"bidi":              "\u202e" + Canary + "\u202c\u2066x\u2069\u200e\u200f\u061c",
	"no width":          "a\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\u3164\ufe0f" + Canary,
	"tags":              "\U000e0065\U000e0076\U000e0069\U000e006c" + Canary,
	"private":           "\ue000\U000f0000\ufdd0" + Canary,
	"not UTF-8":         "\xff\xc0\x80\x9b31m" + Canary,
	"GitHub error":      "::error::" + Canary,
	"GitHub mask":       "  ::add-mask::" + Canary,
	"GitHub stop":       "::stop-commands::" + Canary,
	"GitHub wide space": "\u3000::set-output name=x::" + Canary,
	"GitHub group":      "##[group]" + Canary,
	"Azure":             "##vso[task.setvariable variable=x]" + Canary,
	"TeamCity":          "##teamcity[buildStop comment='" + Canary + "']",
	"Buildkite group":   "--- " + Canary,
	"Buildkite expand":  "^^^ +++ " + Canary,
	"GitLab section":    "section_start:1560896352:x\r\x1b[0K" + Canary,
	"Jenkins note":      "\x1b[8mha:evil\x1b[0m" + Canary,
	"long":              Canary + strings.Repeat("0123456789", 30_000),
}

// maxLine is how long a line may be, and a little more for what is around the text.
const maxLine = 10 << 10

var commands = []*regexp.Regexp{
	regexp.MustCompile(`^[\s\p{Z}]*::`),
	regexp.MustCompile(`^(-{3}|[+]{3}|~{3}|\^{3})\s`),
	regexp.MustCompile(`(?i)##([a-z]*)\[`),
}

// Check fails a test if an output of several lines has a character that a terminal obeys or
// does not show, or a line that is a command of a CI system.
func Check(t testing.TB, output string) {
	t.Helper()
	if !utf8.ValidString(output) {
		t.Errorf("not UTF-8: %.200q", output)
	}
	if output != "" && !strings.HasSuffix(output, "\n") {
		t.Errorf("the last line has no end: %.200q", output)
	}
	for line := range strings.Lines(output) {
		line = strings.TrimSuffix(line, "\n")
		if bad := strings.IndexFunc(line, invisible); bad >= 0 {
			t.Errorf("character %d is not visible: %.200q", bad, line)
		}
		for _, command := range commands {
			if command.MatchString(line) {
				t.Errorf("a command of a CI system: %.200q", line)
			}
		}
	}
}

// CheckText is Check for an output of text, whose lines are short.
func CheckText(t testing.TB, output string) {
	t.Helper()
	Check(t, output)
	for line := range strings.Lines(output) {
		if len(line) > maxLine {
			t.Errorf("a line of %d bytes: %.200q", len(line), line)
		}
	}
}

// invisible states by category and range what Check refuses.
func invisible(r rune) bool {
	if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Cs, unicode.Co, unicode.Zl, unicode.Zp) {
		return true
	}
	for _, of := range [][2]rune{
		{0x034f, 0x034f}, {0x115f, 0x1160}, {0x17b4, 0x17b5}, {0x180b, 0x180f}, {0x3164, 0x3164},
		{0xfdd0, 0xfdef}, {0xfe00, 0xfe0f}, {0xffa0, 0xffa0}, {0xe0000, 0xe0fff},
	} {
		if of[0] <= r && r <= of[1] {
			return true
		}
	}
	return false
}
