// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package foreign_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/internal/foreign/foreigntest"
)

func TestLineEscapesWhatIsNotVisible(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                 "",
		"secrets/a b.yaml": "secrets/a b.yaml",
		"zażółć gęślą jaźń 日本語 🔑 שלום é\u0301": "zażółć gęślą jaźń 日本語 🔑 שלום é\u0301",
		`C:\x\u202e`:                     `C:\x\u202e`,
		"a\nb\r\tc\x00":                  `a\nb\r\tc\u0000`,
		"\x1b[31mred\x1b[0m":             `\u001b[31mred\u001b[0m`,
		"\x1b]52;c;aGk=\x07":             `\u001b]52;c;aGk=\u0007`,
		"\x7f":                           `\u007f`,
		"\u009b31m\u0085":                `\u009b31m\u0085`,
		"\u2028\u2029":                   `\u2028\u2029`,
		"\u202egnp\u202c \u2066x\u2069":  `\u202egnp\u202c \u2066x\u2069`,
		"\u200e\u200f\u061c":             `\u200e\u200f\u061c`,
		"\u200b\u200c\u200d\u2060\ufeff": `\u200b\u200c\u200d\u2060\ufeff`,
		"\u00ad\u034f\u115f\u3164\ufe0f": `\u00ad\u034f\u115f\u3164\ufe0f`,
		"\U000e0041\U000e0100":           `\udb40\udc41\udb40\udd00`,
		"\ue000\U0010fffd":               `\ue000\udbff\udffd`,
		"\u0378\ufdd0":                   `\u0378\ufdd0`,
		"a\xff\x9b\uFFFD":                "a\\xff\\x9b\uFFFD",
		"\xed\xa0\x80":                   `\xed\xa0\x80`,
	} {
		if got := foreign.Line(text); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
		if printable := foreign.Printable(text); printable != (want == text) {
			t.Errorf("%q is printable: %v", text, printable)
		}
	}
}

func TestLineIsNotACommandOfACISystem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"::error::x":                     `\u003a:error::x`,
		"  ::add-mask::x":                `  \u003a:add-mask::x`,
		"\u3000\u00a0::stop-commands::x": "\u3000\u00a0" + `\u003a:stop-commands::x`,
		"a ::error::x":                   `a ::error::x`,
		"[::1]:8200":                     `[::1]:8200`,
		"##[group]x":                     `#\u0023[group]x`,
		"a ###[add-mask]x":               `a ##\u0023[add-mask]x`,
		"a ##vso[task.setvariable]x":     `a #\u0023vso[task.setvariable]x`,
		"##TeamCity[buildStop] ##[x]":    `#\u0023TeamCity[buildStop] #\u0023[x]`,
		"## a heading":                   `## a heading`,
		"--- x":                          `\u002d-- x`,
		"+++ ":                           `\u002b++ `,
		"~~~ x":                          `\u007e~~ x`,
		"^^^ +++":                        `\u005e^^ +++`,
		"---":                            `---`,
		"----- BEGIN":                    `----- BEGIN`,
		"a --- x":                        `a --- x`,
	} {
		if got := foreign.Line(text); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

func TestShortKeepsWholeCharactersOfTheStart(t *testing.T) {
	t.Parallel()
	for _, text := range []string{strings.Repeat("a", 1000), strings.Repeat("é", 1000), "x" + strings.Repeat("🔑", 1000), strings.Repeat("\n", 1000)} {
		got := foreign.Short(text)
		if len(got) > 240 || len(got) < 230 || !utf8.ValidString(got) || !strings.HasSuffix(got, "…") {
			t.Errorf("%d bytes: %s", len(got), got)
		}
	}
	if got := foreign.Short("short\n"); got != `short\n` {
		t.Errorf("got %s", got)
	}
}

func TestQuoteQuotesTheStart(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"::x": `"::x"`, `a"b`: `"a\"b"`, "##[x": `"#\u0023[x"`, "\u202e\u3164\xff": `"\u202e\u3164\xff"`,
	} {
		if got := foreign.Quote(text); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
	if got := foreign.Quote(strings.Repeat("\x80", 1000)); len(got) > 1000 || !strings.HasSuffix(got, `…"`) {
		t.Errorf("got %d bytes: %s", len(got), got)
	}
}

func TestLinesKeepsLineBreaksAndCutsLongLines(t *testing.T) {
	t.Parallel()
	got := foreign.Lines("a\x1b\n::error::b\n  Hint: c\n" + strings.Repeat("d", 1<<20) + "\n")
	first, long, _ := strings.Cut(got, "\nd")
	if first != "a\\u001b\n\\u003a:error::b\n  Hint: c" || len(long) > 8<<10 || !strings.HasSuffix(long, "…\n") {
		t.Errorf("got %q and %d bytes", first, len(long))
	}
}

func TestLineKeepsTheValueOfAJSONDocument(t *testing.T) {
	t.Parallel()
	for name, text := range foreigntest.Texts {
		document, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		var want, got string
		if err := json.Unmarshal(document, &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(foreign.Line(string(document))), &got); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, want)
		}
	}
}
