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
// `**` as a whole element for any number of folders. Patterns that can never match are invalid: files that a pattern does
// not match look like deleted files.
func ValidatePattern(pattern string) error {
	if problem := patternProblem(pattern); problem != "" {
		return fmt.Errorf("pattern %q: %s", gitcommand.Truncate(pattern), problem)
	}
	return nil
}

func patternProblem(pattern string) string {
	switch {
	case pattern == "":
		return "a path or pattern is required"
	case len(pattern) > maxPattern:
		return fmt.Sprintf("must have at most %d bytes", maxPattern)
	case !utf8.ValidString(pattern) || gitcommand.Printable(pattern) != pattern:
		return "must be UTF-8 without control or invisible characters"
	case strings.HasPrefix(pattern, "!"):
		return "must not begin with '!': patterns cannot exclude files; use one that does not match them"
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
	return ""
}

// Matches reports whether a path matches a valid pattern, as in Files.
func Matches(pattern, path string) bool { return patterns{pattern}.match(path) }

// patterns selects the files of a source.
type patterns []string

func newPatterns(texts []string) (patterns, error) {
	if len(texts) == 0 {
		return nil, errors.New("at least one pattern is required")
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

// matchBelow reports whether path is a folder in the part of a pattern before its wildcards.
func (p patterns) matchBelow(path string) bool {
	for _, pattern := range p {
		folder, _ := doublestar.SplitPattern(pattern)
		if strings.HasPrefix(folder+"/", path+"/") {
			return true
		}
	}
	return false
}
