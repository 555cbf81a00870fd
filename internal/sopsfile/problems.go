// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package sopsfile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/internal/lazyregexp"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// Problem is one problem of a manifest.
type Problem struct {
	// Line is 1 for the first line, 0 for the file as a whole.
	Line int
	// Path is the path in the tree, as workflows.deploy.token, with unusual keys quoted;
	// empty for the file as a whole.
	Path string
	// Text continues the sentence that Path begins: the problem, and what to do.
	Text string
}

func (p Problem) String() string {
	var out strings.Builder
	if p.Line > 0 {
		fmt.Fprintf(&out, "line %d: ", p.Line)
	}
	out.WriteString(cmp.Or(p.Path, "the file") + " " + p.Text)
	return out.String()
}

// maxProblems limits the problems of one file, so that a file that breaks one rule a
// thousand times does not produce a thousand log lines.
const maxProblems = 20

// maxProblemBytes limits their text, which has names from the file.
const maxProblemBytes = 8 << 10

// Problems are all problems of one manifest. It contains names of keys, never the
// content of a value. It wraps secrets.ErrInvalid: a retry does not help.
type Problems struct {
	File string
	List []Problem
	// More is the number of problems that are not in List.
	More int
	// MayPass means that the clock is the cause of one: the same file may be valid later.
	MayPass bool

	bytes int // of the texts in List
}

// In returns the same problems of another file with the same content.
func (p *Problems) In(file string) *Problems {
	out := *p
	out.File = file
	return &out
}

func (p *Problems) Error() string {
	if len(p.List) == 1 && p.More == 0 {
		return show(p.File) + ": " + p.List[0].String()
	}
	lines := []string{fmt.Sprintf("%s: %d problems:", show(p.File), len(p.List)+p.More)}
	for _, problem := range p.List {
		lines = append(lines, problem.String())
	}
	if p.More > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", p.More))
	}
	return strings.Join(lines, "\n  ")
}

// Unwrap returns secrets.ErrInvalid.
func (p *Problems) Unwrap() error { return secrets.ErrInvalid }

// Add adds a problem to the list, or counts it if the list is long enough.
func (p *Problems) Add(problem Problem) {
	size := len(problem.Path) + len(problem.Text)
	if len(p.List) == maxProblems || len(p.List) > 0 && p.bytes+size > maxProblemBytes {
		p.More++
		return
	}
	p.List, p.bytes = append(p.List, problem), p.bytes+size
}

func (p *Problems) add(line int, path []string, format string, args ...any) {
	if len(p.List) == maxProblems { // it needs no text
		p.More++
		return
	}
	p.Add(Problem{Line: line, Path: showPath(path), Text: fmt.Sprintf(format, args...)})
}

func (p *Problems) found() bool { return len(p.List) > 0 }

// sorted returns the problems in the order of their lines.
func (p *Problems) sorted() *Problems {
	slices.SortStableFunc(p.List, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return p
}

var (
	plainFile      = lazyregexp.New(`^[\p{L}\p{N}_./@-]+$`)
	plainSegment   = lazyregexp.New(`^[\p{L}\p{N}_-]+$`)
	plainRecipient = lazyregexp.New(`^[A-Za-z0-9_./:@+=-]+( [A-Za-z0-9_./:@+=-]+)*$`)
)

// show returns a text from the repository for a message: on one line, quoted if it
// could be mistaken for other text, and shortened.
func show(s string) string { return showUnless(plainFile, s) }

func showPath(path []string) string {
	shown := make([]string, len(path))
	for i, segment := range path {
		shown[i] = showUnless(plainSegment, segment)
	}
	return strings.Join(shown, ".")
}

// showRecipient does not shorten a recipient, so that it can be compared with the public
// form of a key: a post-quantum one has about 2,000 characters.
func showRecipient(s string) string {
	if len(s) < 4096 && plainRecipient.MatchString(s) {
		return s
	}
	return showUnless(plainRecipient, s)
}

func showUnless(plain *lazyregexp.Regexp, s string) string {
	const longest = 200
	if len(s) <= longest && plain.MatchString(s) && foreign.Printable(s) {
		return s
	}
	return foreign.Quote(s)
}
