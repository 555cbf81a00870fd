// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package workflowfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Limits of a file beside MaxBytes.
const (
	maxDepth = 100
	// maxWork bounds what aliases make of a file: nodes, and bytes of their texts.
	maxWork = 4 << 20
)

// Read reads a workflow file. The error says why it cannot be read at all: it is
// too large, no YAML, or no workflow. What is wrong inside is in the File.
func Read(data []byte) (*File, error) {
	if len(data) > MaxBytes {
		return nil, fmt.Errorf("it has more than %d bytes", MaxBytes)
	}
	if !utf8.Valid(data) {
		return nil, errors.New("it is not UTF-8")
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document yaml.Node
	if err := decoder.Decode(&document); err != nil {
		return nil, syntaxError(err)
	}
	r := newReader(data)
	if err := r.document(&document); err != nil {
		return nil, err
	}
	var second yaml.Node
	if err := decoder.Decode(&second); err == nil {
		r.warn(placeOf(&second), "this is a second document, and Relay reads only the first")
	} else if !errors.Is(err, io.EOF) {
		return nil, syntaxError(err)
	}
	r.file.sort()
	return r.file, nil
}

// syntaxError keeps what yaml says of a place: its errors name a line and a rule,
// and hold nothing of the file but the name of an anchor.
func syntaxError(err error) error {
	if errors.Is(err, io.EOF) {
		return errors.New("it is empty; a workflow has steps or triggers")
	}
	return fmt.Errorf("reading YAML: %w", err)
}

// reader walks a file. Errors of the walk end it and stay in err.
type reader struct {
	source source
	file   *File
	err    error

	work  int
	depth int
	// resolved are the nodes that Relay resolves somewhere.
	resolved map[*yaml.Node]bool

	user User
	path []string
	// coalesce is above zero in the arguments of coalesce.
	coalesce int
}

func newReader(data []byte) *reader {
	return &reader{source: newSource(data), file: &File{}, resolved: map[*yaml.Node]bool{}}
}

// document walks a workflow: first what Relay resolves, then the rest, so that an
// anchor counts for the steps that take it, wherever it stands.
func (r *reader) document(document *yaml.Node) error {
	top := r.fields(document.Content[0])
	if r.err != nil {
		return r.err
	}
	var workflow bool
	for _, f := range top {
		switch f.name {
		case "steps", "triggers", "apiVersion":
			workflow = true
		case "kind":
			return errors.New("it is a Kubernetes object; expected a Relay workflow, with steps or triggers at its top")
		}
	}
	if !workflow {
		return errors.New("it is not a workflow: it has none of apiVersion, steps and triggers at its top")
	}
	for _, walk := range []func(name string, n *yaml.Node){r.resolvable, r.unresolvable} {
		for _, f := range top {
			walk(f.name, f.value)
		}
	}
	return r.err
}

// resolvable walks what Relay resolves in a field at the file's top.
func (r *reader) resolvable(name string, n *yaml.Node) {
	switch name {
	case "steps":
		r.each("step", n, func(f field) {
			if isResolved(f.name, true) {
				r.at(f.name, func() { r.value(f.value) })
			}
		})
	case "triggers":
		r.each("trigger", n, func(f field) {
			if f.name == "source" {
				for _, of := range r.fields(f.value) {
					if isResolved(of.name, false) {
						r.at(of.name, func() { r.value(of.value) })
					}
				}
			}
		})
	}
}

// unresolvable walks the rest.
func (r *reader) unresolvable(name string, n *yaml.Node) {
	switch name {
	case "steps":
		r.each("step", n, func(f field) {
			if !isResolved(f.name, true) && !isProse(f.name) {
				r.at(f.name, func() { r.unresolved(f.value) })
			}
		})
	case "triggers":
		r.each("trigger", n, func(f field) {
			switch {
			case f.name == "source":
				for _, of := range r.fields(f.value) {
					if !isResolved(of.name, false) {
						r.at(of.name, func() { r.unresolved(of.value) })
					}
				}
			case !isProse(f.name):
				r.at(f.name, func() { r.unresolved(f.value) })
			}
		})
	default:
		if !isProse(name) {
			r.at(name, func() { r.unresolved(n) })
		}
	}
}

func isResolved(field string, step bool) bool {
	return field == "spec" || field == "env" || step && field == "when"
}

// isProse is for fields that only people read.
func isProse(field string) bool {
	switch field {
	case "name", "summary", "description", "homepage", "tags":
		return true
	}
	return false
}

// each calls one for the fields of each step or trigger.
func (r *reader) each(kind string, n *yaml.Node, one func(field)) {
	n, leave := r.enter(n)
	defer leave()
	if n == nil || n.ShortTag() == "!!null" {
		return
	}
	if n.Kind != yaml.SequenceNode {
		r.problem(placeOf(n), "expected a list of %ss", kind)
		return
	}
	for i, item := range n.Content {
		r.user = User{kind, fmt.Sprintf("#%d", i+1)}
		fields := r.fields(item)
		for _, f := range fields {
			if f.name == "name" && f.value.Kind == yaml.ScalarNode && f.value.Value != "" {
				r.user.Name = cut(f.value.Value)
			}
		}
		for _, f := range fields {
			one(f)
		}
	}
	r.user = User{}
}

// at walks with one more segment of the path.
func (r *reader) at(segment string, walk func()) {
	r.path = append(r.path, segment)
	walk()
	r.path = r.path[:len(r.path)-1]
}

// enter follows aliases, and counts a node: nil where the walk has to end. leave
// has to be called in every case.
func (r *reader) enter(n *yaml.Node) (node *yaml.Node, leave func()) {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	r.depth++
	r.work += 1 + len(n.Value)
	switch {
	case r.err != nil:
		n = nil
	case r.depth > maxDepth:
		r.err = fmt.Errorf("line %d: it is nested deeper than %d levels, or an alias stands in its own anchor", n.Line, maxDepth)
		n = nil
	case r.work > maxWork:
		r.err = errors.New("it is too large once its aliases are put in")
		n = nil
	}
	return n, func() { r.depth-- }
}

func (r *reader) problem(at place, format string, args ...any) {
	r.file.Problems = append(r.file.Problems, r.note(at, format, args...))
}

func (r *reader) warn(at place, format string, args ...any) {
	r.file.Warnings = append(r.file.Warnings, r.note(at, format, args...))
}

func (r *reader) note(at place, format string, args ...any) Note {
	return Note{Line: at.line, Column: at.column, User: r.user, Text: fmt.Sprintf(format, args...)}
}
