// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// An entry is one phrase that is refused, as lower-case words, and what to write.
type entry struct {
	phrase []string
	term   string
}

// An exception permits a phrase where the expression matches around it.
type exception struct {
	files  *regexp.Regexp
	text   *regexp.Regexp
	reason string
}

// A finding is one refused phrase in a file.
type finding struct {
	line        int
	words, term string
}

type checker struct {
	entries []entry
	allowed []exception
}

// A token is one word of a text: a run of letters, or one part of a CamelCase name.
type token struct {
	word       string
	start, end int
}

var quoted = regexp.MustCompile("`([^`]+)`")

// parseGlossary reads the table under the heading "Glossary": term, meaning, replaced words.
func parseGlossary(markdown string) []entry {
	_, section, _ := strings.Cut(markdown, "\n## Glossary\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var entries []entry
	for line := range strings.Lines(section) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 {
			continue
		}
		for _, match := range quoted.FindAllStringSubmatch(cells[3], -1) {
			var phrase []string
			for _, t := range tokens(match[1]) {
				phrase = append(phrase, t.word)
			}
			entries = append(entries, entry{phrase: phrase, term: strings.TrimSpace(cells[1])})
		}
	}
	return entries
}

// file returns the refused phrases of one file, in order.
func (c checker) file(name, text string) []finding {
	if name == "CONTRIBUTING.md" {
		_, glossary, _ := strings.Cut(text, "\n## Glossary\n")
		glossary, _, _ = strings.Cut(glossary, "\n## ")
		text = strings.Replace(text, glossary, strings.Repeat("\n", strings.Count(glossary, "\n")), 1)
	}
	var permitted [][]int
	for _, e := range c.allowed {
		if e.files.MatchString(name) {
			permitted = append(permitted, e.text.FindAllStringIndex(text, -1)...)
		}
	}
	var found []finding
	words := tokens(text)
	for i := range words {
		for _, e := range c.entries {
			if !matches(text, words[i:], e.phrase) {
				continue
			}
			start, end := words[i].start, words[i+len(e.phrase)-1].end
			if !inside(permitted, start, end) {
				line := 1 + strings.Count(text[:start], "\n")
				found = append(found, finding{line, strings.Join(strings.Fields(text[start:end]), " "), e.term})
			}
			break
		}
	}
	return found
}

func inside(spans [][]int, start, end int) bool {
	for _, s := range spans {
		if s[0] <= start && end <= s[1] {
			return true
		}
	}
	return false
}

// between is what may separate the words of one phrase: nothing in a CamelCase
// name, a line break in a comment.
var between = regexp.MustCompile(`^[\s_\-/#>*]*$`)

func matches(text string, words []token, phrase []string) bool {
	if len(words) < len(phrase) {
		return false
	}
	for i, want := range phrase {
		if !inflected(words[i].word, want) {
			return false
		}
		if i > 0 && !between.MatchString(text[words[i-1].end:words[i].start]) {
			return false
		}
	}
	return true
}

// inflected reports whether word is want or a regular form of it.
func inflected(word, want string) bool {
	rest, ok := strings.CutPrefix(word, want)
	if ok && (rest == "" || rest == "s" || rest == "d" || rest == "ed" || rest == "ing") {
		return true
	}
	stem, ok := strings.CutSuffix(want, "e")
	return ok && word == stem+"ing"
}

// tokens splits a text into lower-case words.
func tokens(text string) []token {
	var list []token
	start, previous := -1, rune(0)
	flush := func(end int) {
		if start >= 0 {
			list = append(list, token{strings.ToLower(text[start:end]), start, end})
		}
		start = -1
	}
	for i, r := range text {
		_, size := utf8.DecodeRuneInString(text[i:])
		next, _ := utf8.DecodeRuneInString(text[i+size:])
		switch {
		case !unicode.IsLetter(r):
			flush(i)
		case unicode.IsUpper(r) && (unicode.IsLower(previous) || unicode.IsLower(next)):
			flush(i)
			start = i
		case start < 0:
			start = i
		}
		previous = r
	}
	flush(len(text))
	return list
}
