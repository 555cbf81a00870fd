// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitcommand"
)

const maxPattern = 1024 // bytes

// ValidatePattern checks a pattern for paths in a repository, such as `secrets/**/*.yaml`: `*`, `?`, `[a-z]`, `{a,b}`, and
// `**` as a whole element for any number of folders. Patterns that could never match are refused, since files that a
// pattern does not match look like files that were deleted.
func ValidatePattern(pattern string) error {
	if problem := patternProblem(pattern); problem != "" {
		return fmt.Errorf("pattern %q: %s", gitcommand.Truncate(pattern), problem)
	}
	return nil
}

func patternProblem(pattern string) string {
	switch {
	case pattern == "":
		return "expected a path or pattern"
	case len(pattern) > maxPattern:
		return fmt.Sprintf("expected at most %d bytes", maxPattern)
	case !utf8.ValidString(pattern) || gitcommand.Printable(pattern) != pattern:
		return "expected UTF-8 without control or invisible characters"
	case strings.HasPrefix(pattern, "!"):
		return "patterns only include; write one that does not match what you want to leave out"
	case strings.HasPrefix(pattern, "/"):
		return "paths are relative to the top of the repository; leave out the first slash"
	}
	for element := range strings.SplitSeq(pattern, "/") {
		switch element {
		case "", ".", "..":
			return "no element between slashes may be empty, '.' or '..', so that it can match a path in a commit"
		}
	}
	if !doublestar.ValidatePattern(pattern) {
		return "not well formed: a bracket, brace or backslash has no end"
	}
	return ""
}

// Matches reports whether a path matches a valid pattern, as Files takes it.
func Matches(pattern, path string) bool { return patterns{pattern}.match(path) }

// patterns selects the files of a source.
type patterns []string

func newPatterns(texts []string) (patterns, error) {
	if len(texts) == 0 {
		return nil, errors.New("expected at least one pattern")
	}
	var problems []error
	for _, text := range texts {
		problems = append(problems, ValidatePattern(text))
	}
	return texts, errors.Join(problems...)
}

func (p patterns) match(path string) bool {
	for _, pattern := range p {
		if doublestar.MatchUnvalidated(pattern, path) {
			return true
		}
	}
	return false
}

// matchBelow tells whether a pattern names path, without a wildcard, as a folder on the way to its files.
func (p patterns) matchBelow(path string) bool {
	for _, pattern := range p {
		folder, _ := doublestar.SplitPattern(pattern)
		if strings.HasPrefix(folder+"/", path+"/") {
			return true
		}
	}
	return false
}
