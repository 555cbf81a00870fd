// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package workflowfile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
)

// MaxBytes is the maximum size of a workflow file.
const MaxBytes = 1 << 20

// File is the result of reading a workflow file. All lists are in the file's order.
type File struct {
	Format     Format
	References []Reference
	// Problems lists what the program of the format refuses: a step with a problem fails.
	Problems []Diagnostic
	// Warnings lists what the program accepts but probably uses otherwise than intended,
	// and what could not be read.
	Warnings []Diagnostic
	// Others counts the paths in Vault that are not of secrets in the Layout.
	Others int
}

// Kind is the kind of a reference.
type Kind string

// The kinds of references.
const (
	Secret     Kind = "secret"
	Connection Kind = "connection"
)

// Reference is one use of a secret or a connection that Relay resolves. An anchor that
// several steps use by alias is one reference for each step.
type Reference struct {
	Kind Kind
	// Workflow is the workflow of a secret; empty for a connection, or if not known. A
	// Relay workflow file does not name it: see File.In.
	Workflow string
	// Type is the type of a connection; empty for a secret, or if not known.
	Type string
	// Name is empty if All or Dynamic is set.
	Name string
	// All means a reference to every secret, every connection, or every connection
	// of Type.
	All bool
	// Dynamic means that the name, or a connection's type, is known only at run time.
	Dynamic bool
	// Optional means that the step runs without the value: an argument of coalesce.
	Optional bool
	// User is the step or trigger.
	User User
	// Field is the path in the step, or in the trigger's source: "spec.aws.region".
	Field string
	// Line and Column are the position of the reference, from 1. Columns count
	// characters.
	Line, Column int
}

// Target returns what the reference uses. If it is All or Dynamic, an empty group or name
// is for any.
func (r Reference) Target() Target {
	if r.Kind == Secret {
		return Target{r.Kind, r.Workflow, r.Name}
	}
	return Target{r.Kind, r.Type, r.Name}
}

// open reports whether the reference is not to one known name.
func (r Reference) open() bool { return r.All || r.Dynamic }

// String formats the reference as an expression of Relay.
func (r Reference) String() string {
	text := string(r.Kind) + "s"
	switch {
	case r.Type != "":
		text += "." + quoteKey(r.Type)
	case r.Kind == Connection && r.Dynamic:
		text += "[...]"
	}
	switch {
	case r.Name != "":
		text += "." + quoteKey(r.Name)
	case r.Dynamic && (r.Kind == Secret || r.Type != ""):
		text += "[...]"
	}
	return text
}

// User is the step, trigger or job that uses a reference; zero outside of them.
type User struct {
	// Kind is "step", "trigger", "job" or, without a name, "action".
	Kind string
	// Name is "#2" for the second if it has no name.
	Name string
}

// Step is the user that is a step of a name.
func Step(name string) User { return User{"step", plain(name)} }

func (u User) String() string {
	if u.Kind == "" {
		return ""
	}
	return strings.TrimSpace(u.Kind + " " + u.Name)
}

// Diagnostic is a problem or a warning with its position.
type Diagnostic struct {
	Line, Column int
	User         User
	Text         string
}

// String formats the diagnostic as one line.
func (n Diagnostic) String() string {
	where := fmt.Sprintf("line %d: ", n.Line)
	if n.User.Kind != "" {
		where += n.User.String() + ": "
	}
	return where + n.Text
}

// In sets the workflow of the secrets of a Relay workflow file, and returns the file.
func (f *File) In(workflow string) *File {
	for i := range f.References {
		if f.References[i].Kind == Secret {
			f.References[i].Workflow = workflow
		}
	}
	return f
}

// Targets lists the secrets or connections that the file uses, sorted, each once,
// optional ones included, dynamic ones not.
func (f *File) Targets(kind Kind) []Target {
	var out []Target
	for _, r := range f.References {
		if r.Kind == kind && r.Name != "" && !r.open() {
			out = append(out, r.Target())
		}
	}
	slices.SortFunc(out, compareTargets)
	return slices.Compact(out)
}

// Uses reports whether the file has a reference of a kind.
func (f *File) Uses(kind Kind) bool {
	return slices.ContainsFunc(f.References, func(r Reference) bool { return r.Kind == kind })
}

// Open reports whether the file may use secrets (or connections) beyond the list of
// their names: all of them, or by a name that is known only at run time.
func (f *File) Open(kind Kind) bool {
	return slices.ContainsFunc(f.References, func(r Reference) bool {
		return r.Kind == kind && r.open()
	})
}

// sort brings the lists into the file's order and removes duplicates of the two walks.
func (f *File) sort() {
	slices.SortStableFunc(f.References, func(a, b Reference) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	f.Problems, f.Warnings = sorted(f.Problems), sorted(f.Warnings)
}

func sorted(notes []Diagnostic) []Diagnostic {
	slices.SortStableFunc(notes, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Text, b.Text))
	})
	return slices.Compact(notes)
}

// cut shortens a text for a message.
func cut(text string) string {
	const most = 64
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "..."
}

// plain is cut, with quotes around a text that a terminal could misread.
func plain(text string) string {
	if text = cut(text); !foreign.Printable(text) {
		return foreign.Quote(text)
	}
	return text
}

// quoteKey formats a key for a path: with quotes where it needs them.
func quoteKey(name string) string {
	for i, r := range name {
		if !isIdentRune(r, i) {
			return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(cut(name)) + "'"
		}
	}
	return cut(name)
}
