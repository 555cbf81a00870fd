// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package workflowfile

import (
	"bytes"
	"cmp"
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

// Read reads a Relay workflow file. An error means that the file is too large, not valid
// YAML, or not a workflow; other problems are in the File.
func Read(data []byte) (*File, error) {
	r, err := newReader(data)
	if err != nil {
		return nil, err
	}
	return r.finish(r.relay())
}

// finish returns the file, or an error that ended the walk.
func (r *reader) finish(err error) (*File, error) {
	if err = cmp.Or(err, r.err); err != nil {
		return nil, err
	}
	r.file.sort()
	return r.file, nil
}

// parse returns the documents of a file: one, or the first two.
func parse(data []byte) ([]*yaml.Node, error) {
	if len(data) > MaxBytes {
		return nil, fmt.Errorf("larger than %d bytes", MaxBytes)
	}
	if !utf8.Valid(data) {
		return nil, errors.New("not valid UTF-8")
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var documents []*yaml.Node
	for len(documents) < 2 {
		var document yaml.Node
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) && len(documents) > 0 {
			break
		}
		if err != nil {
			return nil, syntaxError(err)
		}
		documents = append(documents, &document)
	}
	return documents, nil
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
	source    source
	documents []*yaml.Node
	file      *File
	layout    Layout
	err       error

	work  int
	depth int
	// resolved has the nodes that Relay resolves anywhere.
	resolved map[*yaml.Node]bool

	user User
	path []string
	// coalesce is above zero inside the arguments of coalesce.
	coalesce int
}

func newReader(data []byte) (*reader, error) {
	documents, err := parse(data)
	if err != nil {
		return nil, err
	}
	r := &reader{source: newSource(data), documents: documents, file: &File{Format: Relay}, resolved: map[*yaml.Node]bool{}}
	return r, nil
}

// relay walks a workflow: first the parts that Relay resolves, then the rest. So an
// anchor in the rest is a reference if a step uses it.
func (r *reader) relay() error {
	top := r.fields(r.documents[0].Content[0])
	if r.err != nil {
		return r.err
	}
	if len(r.documents) > 1 {
		r.warn(positionOf(r.documents[1]), "second document: Relay reads only the first")
	}
	has := map[string]bool{}
	for _, f := range top {
		has[f.name] = true
	}
	switch {
	case has["steps"] || has["triggers"]:
	case has["kind"]:
		return errors.New("not a workflow, but a Kubernetes object: a workflow has steps or triggers at the top level")
	case !has["apiVersion"]:
		return errors.New("not a workflow: no apiVersion, steps or triggers found at the top level")
	}
	for _, walk := range []func(name string, n *yaml.Node){r.resolvable, r.unresolvable} {
		for _, f := range top {
			walk(f.name, f.value)
		}
	}
	return nil
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
				r.user.Name = plain(f.value.Value)
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
