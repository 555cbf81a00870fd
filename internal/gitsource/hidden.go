// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource

import (
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// maxAlternatives limits how many patterns without braces one pattern stands for.
const maxAlternatives = 100

// hidden reports whether an element of a path begins with a dot, such as .sops.yaml. The elements "." and ".." of a
// forged commit are not names: they stay visible, and are rejected.
func hidden(element string) bool {
	return strings.HasPrefix(element, ".") && element != "." && element != ".."
}

func hasHidden(path string) bool {
	return slices.ContainsFunc(strings.Split(path, "/"), hidden)
}

// namesHidden reports whether a pattern matches a path without a wildcard for a dot that an element begins with, as in a
// shell.
func namesHidden(pattern, path string) bool {
	elements := strings.Split(path, "/")
	return slices.ContainsFunc(alternatives(pattern), func(one string) bool {
		return matchElements(strings.Split(one, "/"), elements)
	})
}

// matchElements matches element by element. reached[i] means that the first i elements of the pattern can match the
// elements of the path so far.
func matchElements(pattern, path []string) bool {
	reached := skipFolders(pattern, append([]bool{true}, make([]bool, len(pattern))...))
	for _, element := range path {
		next := make([]bool, len(pattern)+1)
		for i, one := range pattern {
			switch {
			case !reached[i]:
			case one == anyFolders:
				next[i] = next[i] || !hidden(element)
			case doublestar.MatchUnvalidated(one, element):
				next[i+1] = !hidden(element) || strings.HasPrefix(strings.TrimPrefix(one, `\`), ".")
			}
		}
		reached = skipFolders(pattern, next)
	}
	return reached[len(pattern)]
}

// anyFolders matches any number of elements, also none.
const anyFolders = "**"

func skipFolders(pattern []string, reached []bool) []bool {
	for i, one := range pattern {
		reached[i+1] = reached[i+1] || reached[i] && one == anyFolders
	}
	return reached
}

// alternatives returns the patterns without braces that a valid pattern stands for: at most maxAlternatives, or more
// than these if there are more.
func alternatives(pattern string) []string {
	begin, ends := firstBraces(pattern)
	if begin < 0 {
		return []string{pattern}
	}
	var out []string
	from := begin + 1
	for _, end := range ends {
		rest := pattern[:begin] + pattern[from:end] + pattern[ends[len(ends)-1]+1:]
		if out = append(out, alternatives(rest)...); len(out) > maxAlternatives {
			return out
		}
		from = end + 1
	}
	return out
}

// firstBraces returns the index of the first opening brace, and of the commas and the closing brace that belong to it;
// -1 without braces.
func firstBraces(pattern string) (begin int, ends []int) {
	begin = -1
	depth, class := 0, false
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\':
			i++
		case class:
			class = c != ']'
		case c == '[':
			class = true
		case c == '{':
			if depth++; begin < 0 {
				begin = i
			}
		case depth == 1 && (c == ',' || c == '}'):
			if ends = append(ends, i); c == '}' {
				return begin, ends
			}
		case c == '}' && depth > 0:
			depth--
		}
	}
	return -1, nil
}
