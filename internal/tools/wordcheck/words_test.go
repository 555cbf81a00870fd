// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"os"
	"slices"
	"testing"
)

const glossary = `# Guide

Not a table: | a | b | ` + "`outside`" + ` |

## Glossary

| term | meaning | replaces |
|---|---|---|
| owned by | who may write | ` + "`held by`, `holder`" + `, place |
| release | drop the claim | ` + "`let go`" + ` |
| rate limit | writes per second | ` + "`pace`" + ` |
| not a … | | ` + "`is no`" + ` |

## Next

| x | y | ` + "`later`" + ` |
`

func TestGlossaryRefusesQuotedWordsOfItsThirdColumn(t *testing.T) {
	t.Parallel()
	var phrases []string
	for _, e := range parseGlossary(glossary) {
		phrases = append(append(phrases, e.phrase...), "= "+e.term)
	}
	want := []string{
		"held", "by", "= owned by", "holder", "= owned by", "let", "go", "= release",
		"pace", "= rate limit", "is", "no", "= not a …",
	}
	if !slices.Equal(phrases, want) {
		t.Errorf("got %q, want %q", phrases, want)
	}
}

func TestCheckFindsPhrases(t *testing.T) {
	t.Parallel()
	check := checker{entries: parseGlossary(glossary), allowed: []exception{
		allow(`\.go$`, `is no longer`, "ordinary English"),
	}}
	tests := map[string]struct {
		text string
		want []string
	}{
		"a phrase":              {"it is held by a", []string{"held by"}},
		"capital letters":       {"Held by a", []string{"Held by"}},
		"inside an identifier":  {"errHeldByOwner := 1", []string{"HeldBy"}},
		"with underscores":      {`"held_by": 1`, []string{"held_by"}},
		"across comment lines":  {"// is held\n// by a", []string{"held // by"}},
		"an acronym before":     {"theHTTPHolder", []string{"Holder"}},
		"regular forms":         {"holders let going pacing paced lets go", []string{"holders", "let going", "pacing", "paced", "lets go"}},
		"a longer word":         {"placeholder, space, paces2x", []string{"paces"}},
		"punctuation between":   {"held, by: held(by)", nil},
		"a word for reviewers":  {"place", nil},
		"an exception":          {"it is no longer there", nil},
		"another beside it":     {"it is no longer there and is no map", []string{"is no"}},
		"text that is not UTF8": {"\xff\xfeholder\xff", []string{"holder"}},
		"nothing":               {"", nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, f := range check.file("a.go", test.text) {
				got = append(got, f.words)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestFindingNamesLineAndReplacement(t *testing.T) {
	t.Parallel()
	check := checker{entries: parseGlossary(glossary)}
	got := check.file("a.md", "one\ntwo\nthe holder\n")
	want := []finding{{line: 3, words: "holder", term: "owned by"}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestExceptionHoldsOnlyForItsFiles(t *testing.T) {
	t.Parallel()
	check := checker{entries: parseGlossary(glossary), allowed: []exception{allow(`\.go$`, `holder`, "")}}
	if got := check.file("a.go", "holder"); len(got) != 0 {
		t.Errorf("a.go: got %v", got)
	}
	if got := check.file("a.md", "holder"); len(got) != 1 {
		t.Errorf("a.md: got %v", got)
	}
}

func TestGlossaryIsNotCheckedAgainstItself(t *testing.T) {
	t.Parallel()
	check := checker{entries: parseGlossary(glossary)}
	got := check.file("CONTRIBUTING.md", glossary+"the holder\n")
	want := []finding{{line: 17, words: "holder", term: "owned by"}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestExceptionsOfThisRepositoryHaveReasons(t *testing.T) {
	t.Parallel()
	for _, e := range allowed {
		if e.reason == "" {
			t.Errorf("exception %q has no reason", e.text)
		}
	}
}

func TestContributingHasTheGlossary(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	if entries := parseGlossary(string(text)); len(entries) < 20 {
		t.Errorf("parsed %d phrases from CONTRIBUTING.md, want at least 20", len(entries))
	}
}

func TestGeneratedAndForeignFilesAreNotChecked(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]bool{
		"README.md": true, "a/b.go": true, "GNUmakefile": true, "examples/a/main.tf": true,
		"docs/index.md": false, "go.sum": false, "LICENSE": false,
		"internal/workflowfile/testdata/relay-workflows/a.yaml": false,
	} {
		if got := checked(file); got != want {
			t.Errorf("checked(%q) = %v, want %v", file, got, want)
		}
	}
}
