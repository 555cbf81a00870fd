// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package problem

import (
	"fmt"
	"strconv"
	"strings"
)

// Problem is one thing that is wrong with a configuration.
type Problem struct {
	// Path is the setting, such as sources[0].webhook.secret_file; empty for the
	// whole configuration.
	Path string
	// Text is what is wrong. It follows the path in a sentence ("must be a URL", "is
	// required") or after a colon ("invalid pattern"). It never contains a credential.
	Text string
	// Cause is the error behind it, such as one that wraps fs.ErrNotExist; usually nil.
	Cause error
}

// Error implements error.
func (p Problem) Error() string {
	switch {
	case p.Path == "":
		return p.Text
	case strings.HasPrefix(p.Text, "is "), strings.HasPrefix(p.Text, "must "):
		return p.Path + " " + p.Text
	}
	return p.Path + ": " + p.Text
}

// Unwrap returns the cause.
func (p Problem) Unwrap() error { return p.Cause }

// List collects problems. The zero value is ready to use.
type List []Problem

// Add adds a problem of the setting at path.
func (l *List) Add(path, format string, args ...any) {
	*l = append(*l, Problem{Path: path, Text: fmt.Sprintf(format, args...)})
}

// AddIf is Add if the condition holds.
func (l *List) AddIf(condition bool, path, format string, args ...any) {
	if condition {
		l.Add(path, format, args...)
	}
}

// AddError adds an error as a problem of the setting at path; nil adds nothing.
func (l *List) AddError(path string, err error) {
	if err != nil {
		*l = append(*l, Problem{Path: path, Text: err.Error(), Cause: err})
	}
}

// AddList adds the problems of the part of the configuration at path.
func (l *List) AddList(path string, part List) {
	for _, p := range part {
		p.Path = join(path, p.Path)
		*l = append(*l, p)
	}
}

// Err returns all problems as one error, or nil for an empty list.
func (l List) Err() error {
	if len(l) == 0 {
		return nil
	}
	return &Error{Problems: l}
}

// Error is an invalid configuration.
type Error struct{ Problems List }

// Error lists all problems, one per line.
func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the problems.
func (e *Error) Unwrap() []error {
	out := make([]error, len(e.Problems))
	for i, p := range e.Problems {
		out[i] = p
	}
	return out
}

// join returns the path of a setting within the part at parent.
func join(parent, path string) string {
	if parent == "" || path == "" || path[0] == '[' {
		return parent + path
	}
	return parent + "." + path
}

// Index returns the path of one element of the list at path.
func Index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// Steps returns the keys (string) and indexes (int) of a path.
func Steps(path string) []any {
	var out []any
	for _, step := range strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' }) {
		if digits, is := strings.CutSuffix(step, "]"); is {
			if i, err := strconv.Atoi(digits); err == nil {
				out = append(out, i)
				continue
			}
		}
		out = append(out, step)
	}
	return out
}
