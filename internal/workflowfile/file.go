// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package workflowfile

import (
	"cmp"
	"fmt"
	"slices"
)

// MaxBytes is the largest workflow file.
const MaxBytes = 1 << 20

// File is what a workflow file says of secrets and connections. All lists are in
// the file's order.
type File struct {
	References []Reference
	// Problems are what Relay refuses: a step with one does not start.
	Problems []Note
	// Warnings are what Relay accepts, and does something else with than it seems.
	Warnings []Note
}

// Kind is what a reference means.
type Kind string

// The kinds of references.
const (
	Secret     Kind = "secret"
	Connection Kind = "connection"
)

// Reference is one use of a secret or a connection, where Relay resolves it. An
// anchor that several steps take by alias is one use of each.
type Reference struct {
	Kind Kind
	// Type is a connection's; empty for a secret, and where it is not known.
	Type string
	// Name is empty where All or Dynamic.
	Name string
	// All means that every secret, every connection, or every connection of Type
	// is taken.
	All bool
	// Dynamic means that the name, or a connection's type, is known only in a run.
	Dynamic bool
	// Optional means that the step runs without it: an argument of coalesce.
	Optional bool
	// User is the step or trigger.
	User User
	// Field is the path in the step, or in the trigger's source: "spec.aws.region".
	Field string
	// Line and Column are where the reference is written, from 1. Columns count
	// characters.
	Line, Column int
}

// String is the reference as an expression of Relay would name it.
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

// User is the step or trigger that uses a reference; zero outside of both.
type User struct {
	// Kind is "step" or "trigger".
	Kind string
	// Name is "#2" for the second if it has no name.
	Name string
}

func (u User) String() string {
	if u.Kind == "" {
		return ""
	}
	return u.Kind + " " + u.Name
}

// Note is something that is wrong at one place.
type Note struct {
	Line, Column int
	User         User
	Text         string
}

// String is one line for people.
func (n Note) String() string {
	where := fmt.Sprintf("line %d: ", n.Line)
	if n.User.Kind != "" {
		where += n.User.String() + ": "
	}
	return where + n.Text
}

// Secrets are the names of secrets that the file takes, sorted, each once,
// optional ones included, dynamic ones not.
func (f *File) Secrets() []string {
	var names []string
	for _, r := range f.References {
		if r.Kind == Secret && r.Name != "" {
			names = append(names, r.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// ConnectionName is a connection's address in its domain.
type ConnectionName struct{ Type, Name string }

// Connections are the connections that the file takes, sorted, each once.
func (f *File) Connections() []ConnectionName {
	var names []ConnectionName
	for _, r := range f.References {
		if r.Kind == Connection && r.Name != "" && r.Type != "" {
			names = append(names, ConnectionName{r.Type, r.Name})
		}
	}
	slices.SortFunc(names, func(a, b ConnectionName) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Name, b.Name))
	})
	return slices.Compact(names)
}

// Open reports whether the file may take secrets (or connections) that the list
// of their names does not have: all of them, or by a name that only a run knows.
func (f *File) Open(kind Kind) bool {
	return slices.ContainsFunc(f.References, func(r Reference) bool {
		return r.Kind == kind && (r.All || r.Dynamic)
	})
}

// sort brings the lists into the file's order, and drops what two walks noted.
func (f *File) sort() {
	slices.SortStableFunc(f.References, func(a, b Reference) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	f.Problems, f.Warnings = sorted(f.Problems), sorted(f.Warnings)
}

func sorted(notes []Note) []Note {
	slices.SortStableFunc(notes, func(a, b Note) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Text, b.Text))
	})
	return slices.Compact(notes)
}
