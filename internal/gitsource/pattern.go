// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
)

const maxPattern = 1024 // bytes

// ValidatePattern checks a pattern for paths in a repository, such as `secrets/**/*.yaml`: `*`, `?`, `[a-z]`, `{a,b}`, and
// `**` as a whole element for any number of folders. A wildcard does not match a name that begins with a dot. Patterns
// that can never match are invalid: files that no pattern matches look like deleted files.
func ValidatePattern(pattern string) error {
	if problem := patternProblem(pattern); problem != "" {
		return fmt.Errorf("pattern %s: %s", foreign.Quote(pattern), problem)
	}
	return nil
}

// ValidatePatterns checks a list of patterns for Files. A pattern that begins with "!" excludes what it matches, also
// names that begin with a dot. The last pattern that matches a path decides, as in a .gitignore file. It returns one
// error, or nil, for each pattern.
func ValidatePatterns(list []string) []error {
	problems := make([]error, len(list))
	included := false
	for i, text := range list {
		pattern, exclude := strings.CutPrefix(text, excludePrefix)
		err := ValidatePattern(pattern)
		if err == nil && exclude && !included {
			err = fmt.Errorf("pattern %s: excludes nothing, because no pattern comes before it; write it after the pattern whose files it excludes", foreign.Quote(text))
		}
		problems[i], included = err, included || !exclude
	}
	return problems
}

const excludePrefix = "!"

func patternProblem(pattern string) string {
	switch {
	case pattern == "":
		return "a path or pattern is required"
	case len(pattern) > maxPattern:
		return fmt.Sprintf("must have at most %d bytes", maxPattern)
	case !utf8.ValidString(pattern) || !foreign.Printable(pattern):
		return "must be UTF-8 without control or invisible characters"
	case strings.HasPrefix(pattern, excludePrefix):
		return "must not begin with '!' here: only a pattern in a list of files can exclude"
	case strings.HasPrefix(pattern, "/"):
		return "must not begin with '/': paths are relative to the top of the repository"
	}
	for element := range strings.SplitSeq(pattern, "/") {
		switch element {
		case "", ".", "..":
			return "must not have an element between slashes that is empty, '.' or '..': no path in a commit has one"
		}
	}
	if !doublestar.ValidatePattern(pattern) {
		return "invalid pattern: a bracket, brace or backslash is not closed"
	}
	if len(alternatives(pattern)) > maxAlternatives {
		return fmt.Sprintf("the braces must have at most %d alternatives together; write several patterns", maxAlternatives)
	}
	return ""
}

// Matches reports whether a path matches a valid pattern, as in Files.
func Matches(pattern, path string) bool {
	return doublestar.MatchUnvalidated(pattern, path) && (!hasHidden(path) || namesHidden(pattern, path))
}

// Selects reports whether valid patterns select a path, as in Files.
func Selects(list []string, path string) bool { return patterns(list).match(path) }

// patterns selects the files of a source.
type patterns []string

func newPatterns(texts []string) (patterns, error) {
	if len(texts) == 0 {
		return nil, errors.New("at least one pattern is required")
	}
	return texts, errors.Join(ValidatePatterns(texts)...)
}

// match reports whether the last pattern that matches the path includes it.
func (p patterns) match(path string) bool {
	for _, text := range slices.Backward(p) {
		if pattern, exclude := strings.CutPrefix(text, excludePrefix); exclude {
			if doublestar.MatchUnvalidated(pattern, path) {
				return false
			}
		} else if Matches(pattern, path) {
			return true
		}
	}
	return false
}

// matchBelow reports whether path is a folder in the part of a pattern before its wildcards.
func (p patterns) matchBelow(path string) bool {
	for _, pattern := range p {
		folder, _ := doublestar.SplitPattern(pattern) // of an exclusion it begins with "!"
		if strings.HasPrefix(folder+"/", path+"/") {
			return true
		}
	}
	return false
}
