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
	// maxWork bounds the expansion of aliases: nodes, and bytes of their texts.
	maxWork = 4 << 20
)

// Read reads a workflow file. An error means that the file is too large, not valid YAML,
// or not a workflow; other problems are in the File.
func Read(data []byte) (*File, error) {
	if len(data) > MaxBytes {
		return nil, fmt.Errorf("larger than %d bytes", MaxBytes)
	}
	if !utf8.Valid(data) {
		return nil, errors.New("not valid UTF-8")
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
		r.warn(positionOf(&second), "second document: Relay reads only the first")
	} else if !errors.Is(err, io.EOF) {
		return nil, syntaxError(err)
	}
	r.file.sort()
	return r.file, nil
}

// syntaxError keeps the text of yaml's errors: they name a line and a rule, and contain
// no text of the file except the name of an anchor.
func syntaxError(err error) error {
	if errors.Is(err, io.EOF) {
		return errors.New("empty file: a workflow has steps or triggers")
	}
	return fmt.Errorf("parse YAML: %w", err)
}

// reader walks a file. The first error ends the walk and stays in err.
type reader struct {
	source source
	file   *File
	err    error

	work  int
	depth int
	// resolved has the nodes that Relay resolves anywhere.
	resolved map[*yaml.Node]bool

	user User
	path []string
	// coalesce is above zero inside the arguments of coalesce.
	coalesce int
}

func newReader(data []byte) *reader {
	return &reader{source: newSource(data), file: &File{}, resolved: map[*yaml.Node]bool{}}
}

// document walks a workflow: first the parts that Relay resolves, then the rest. So an
// anchor in the rest is a reference if a step uses it.
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
			return errors.New("not a workflow, but a Kubernetes object: a workflow has steps or triggers at the top level")
		}
	}
	if !workflow {
		return errors.New("not a workflow: no apiVersion, steps or triggers found at the top level")
	}
	for _, walk := range []func(name string, n *yaml.Node){r.resolvable, r.unresolvable} {
		for _, f := range top {
			walk(f.name, f.value)
		}
	}
	return r.err
}

// resolvable walks the parts of a top-level field that Relay resolves.
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

// unresolvable walks the other parts.
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

// isProse reports whether a field is only for people.
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
		r.problem(positionOf(n), "invalid type: must be a list of %ss", kind)
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

// enter follows aliases and counts a node. It returns nil if the walk must end. The
// caller must call leave in any case.
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
		r.err = fmt.Errorf("line %d: nested deeper than %d levels, or an alias refers to its own anchor", n.Line, maxDepth)
		n = nil
	case r.work > maxWork:
		r.err = errors.New("too large with its aliases expanded")
		n = nil
	}
	return n, func() { r.depth-- }
}

func (r *reader) problem(at position, format string, args ...any) {
	r.file.Problems = append(r.file.Problems, r.note(at, format, args...))
}

func (r *reader) warn(at position, format string, args ...any) {
	r.file.Warnings = append(r.file.Warnings, r.note(at, format, args...))
}

func (r *reader) note(at position, format string, args ...any) Diagnostic {
	return Diagnostic{Line: at.line, Column: at.column, User: r.user, Text: fmt.Sprintf(format, args...)}
}
