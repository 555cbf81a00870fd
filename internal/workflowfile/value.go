// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package workflowfile

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// value walks a node that Relay resolves.
func (r *reader) value(n *yaml.Node) {
	n, leave := r.enter(n)
	defer leave()
	if n == nil {
		return
	}
	r.resolved[n] = true
	switch tag := n.ShortTag(); {
	case strings.HasPrefix(tag, "!Fn."):
		r.call(strings.TrimPrefix(tag, "!Fn."), n)
	case tag == "!!binary":
		r.text(n)
	case strings.HasPrefix(tag, "!!"):
		r.plain(n)
	default:
		r.tagged(tag, n)
	}
}

// plain walks a node without a tag of Relay's.
func (r *reader) plain(n *yaml.Node) {
	switch n.Kind {
	case yaml.MappingNode:
		r.mapping(n)
	case yaml.SequenceNode:
		for i, item := range n.Content {
			r.at(fmt.Sprintf("[%d]", i), func() { r.value(item) })
		}
	case yaml.ScalarNode:
		if n.ShortTag() == "!!str" {
			r.text(n)
		}
	}
}

// mapping walks a mapping: a plain value, or the object form of a tag.
func (r *reader) mapping(n *yaml.Node) {
	fields := r.fields(n)
	for _, f := range fields {
		if f.name == "$type" {
			r.typed(f.value, fields)
			return
		}
	}
	for _, f := range fields {
		if f.name == "$encoding" {
			r.encoded(fields)
			return
		}
	}
	if len(fields) == 1 && strings.HasPrefix(fields[0].name, "$fn.") {
		r.call(strings.TrimPrefix(fields[0].name, "$fn."), fields[0].value)
		return
	}
	for _, f := range fields {
		r.probe(f.key, "as a name in ")
		r.at(f.name, func() { r.value(f.value) })
	}
}

func (r *reader) encoded(fields []field) {
	for _, f := range fields {
		if f.name == "data" {
			r.value(f.value)
		}
	}
}

// call walks n, the arguments of a function, with or without the function's tag.
func (r *reader) call(function string, n *yaml.Node) {
	if function == "" {
		r.problem(positionOf(n), "function name is required: !Fn.name")
		return
	}
	r.checkCall(positionOf(n), function)
	if function == "coalesce" {
		r.coalesce++
		defer func() { r.coalesce-- }()
	}
	if !strings.HasPrefix(n.ShortTag(), "!Fn.") {
		r.value(n)
		return
	}
	untagged := *n
	untagged.Tag = ""
	r.plain(&untagged)
}

func (r *reader) checkCall(at position, function string) {
	if fault := callFault(function); fault != "" {
		r.problem(at, "%s", fault)
	}
}

// typed walks an object with $type.
func (r *reader) typed(typ *yaml.Node, fields []field) {
	arguments := map[string]*yaml.Node{}
	for _, f := range fields {
		r.resolved[f.value] = true
		arguments[f.name] = f.value
	}
	switch {
	case typ.Kind == yaml.ScalarNode && typ.Value == "Secret":
		r.secret(typ, arguments["name"])
	case typ.Kind == yaml.ScalarNode && typ.Value == "Connection":
		r.connection(typ, arguments["type"], arguments["name"])
	case typ.Kind == yaml.ScalarNode && relayTags["!"+typ.Value] != nil:
	default:
		r.warn(positionOf(typ), "unknown $type: Relay uses the object as a plain value; the types are Secret, Connection, Parameter, Output, Answer and Data")
	}
}

// relayTags maps the tags to their arguments, in the order of their list form.
var relayTags = map[string][]string{
	"!Answer":     {"askRef", "name"},
	"!Connection": {"type", "name"},
	"!Data":       {"query"},
	"!Output":     {"from", "name"},
	"!Parameter":  {"name"},
	"!Secret":     {"name"},
}

// tagged walks a node with one of Relay's tags.
func (r *reader) tagged(tag string, n *yaml.Node) {
	names := relayTags[tag]
	if names == nil {
		r.problem(positionOf(n), "unknown tag %s", plain(tag))
		return
	}
	arguments := r.arguments(tag, names, n)
	switch {
	case arguments == nil:
	case tag == "!Secret":
		r.secret(n, arguments[0])
	case tag == "!Connection":
		r.connection(n, arguments[0], arguments[1])
	}
}

// arguments returns the arguments of a tag: a list, a mapping, or for one argument the
// text behind the tag. Another form is a problem; then it returns nil.
func (r *reader) arguments(tag string, names []string, n *yaml.Node) []*yaml.Node {
	found := make([]*yaml.Node, len(names))
	count := 0
	switch {
	case n.Kind == yaml.SequenceNode:
		count = len(n.Content)
		copy(found, n.Content)
	case n.Kind == yaml.MappingNode:
		fields := r.fields(n)
		count = len(fields)
		for _, f := range fields {
			for i, name := range names {
				if f.name == name {
					found[i] = f.value
				}
			}
		}
	case len(names) == 1:
		// Relay ignores quotes here: !Secret "5" is the number 5.
		count = 1
		found[0] = &yaml.Node{Kind: yaml.ScalarNode, Value: n.Value, Line: n.Line, Column: n.Column}
	}
	complete := count == len(names)
	for i, argument := range found {
		if argument == nil {
			complete = false
			continue
		}
		for argument.Kind == yaml.AliasNode {
			argument = argument.Alias
		}
		found[i] = argument
		r.resolved[argument] = true
	}
	if !complete {
		r.problem(positionOf(n), "invalid arguments: must be %s", tagForms(tag, names))
		return nil
	}
	return found
}

func tagForms(tag string, names []string) string {
	forms := fmt.Sprintf("%s [%s], or %s {%s: ...}", tag, strings.Join(names, ", "), tag, strings.Join(names, ": ..., "))
	if len(names) == 1 {
		return fmt.Sprintf("%s %s, or %s", tag, names[0], forms)
	}
	return forms
}

func (r *reader) secret(n, name *yaml.Node) {
	text, ok := r.literal(n, "the name of a secret", name)
	if ok {
		r.refer(positionOf(n), Reference{Kind: Secret, Name: text, Optional: r.coalesce > 0})
	}
}

func (r *reader) connection(n, typ, name *yaml.Node) {
	typeText, ok := r.literal(n, "the type of a connection", typ)
	nameText, named := r.literal(n, "the name of a connection", name)
	if ok && named {
		r.refer(positionOf(n), Reference{Kind: Connection, Type: typeText, Name: nameText, Optional: r.coalesce > 0})
	}
}

// literal returns the text of an argument, in which Relay resolves nothing.
func (r *reader) literal(n *yaml.Node, what string, argument *yaml.Node) (string, bool) {
	if argument == nil {
		r.problem(positionOf(n), "%s is required", what)
		return "", false
	}
	if argument.Kind != yaml.ScalarNode || argument.ShortTag() != "!!str" {
		r.problem(positionOf(argument), "%s must be text; write a number, true or null with quotes in a list: ['5']", what)
		return "", false
	}
	if strings.Contains(argument.Value, "${") {
		r.warn(positionOf(argument), "Relay does not resolve ${...} in %s; write ${secrets[...]} or ${connections.type[...]} instead", what)
	}
	return argument.Value, true
}

// text walks a text in which Relay resolves templates.
func (r *reader) text(n *yaml.Node) {
	if strings.ContainsRune(n.Value, 0) {
		r.problem(positionOf(n), "invalid text: Relay accepts no NUL character")
		return
	}
	where := r.source.within(n)
	for _, t := range parseTemplates(n.Value) {
		at := where.of(t.offset)
		for _, a := range t.accesses {
			refs, fault := a.uses()
			for _, ref := range refs {
				ref.Optional = ref.Optional || r.coalesce > 0
				r.refer(at, ref)
			}
			if fault != "" {
				r.problem(at, "%s", fault)
			}
		}
		for _, function := range t.calls {
			r.checkCall(at, function)
		}
		if t.err != nil {
			r.problem(at, "invalid ${...}: %v", t.err)
		}
	}
}

func (r *reader) refer(at position, ref Reference) {
	ref.User, ref.Line, ref.Column = r.user, at.line, at.column
	ref.Field = r.field()
	r.file.References = append(r.file.References, ref)
	want := fieldTypes[strings.TrimSuffix(ref.Field, ".connection")]
	if ref.Kind == Connection && ref.Type != "" && want != "" && want != ref.Type {
		r.warn(at, "%s: ni reads a connection of type %s here, and this one is of type %s", ref.Field, want, plain(ref.Type))
	}
}

// maxField limits the length of a field. One path, with long keys, may lead to many
// references, each with its field.
const maxField = 256

// field is the path of the walk, cut after maxField bytes.
func (r *reader) field() string {
	var out strings.Builder
	for i, segment := range r.path {
		if i > 0 && !strings.HasPrefix(segment, "[") {
			out.WriteByte('.')
		}
		if room := maxField - out.Len(); len(segment) > room {
			out.WriteString(strings.ToValidUTF8(segment[:max(room, 0)], "") + "...")
			break
		}
		out.WriteString(segment)
	}
	return out.String()
}

// fieldTypes are the types of the connections that the commands of Relay's ni read in
// fields of a step: ni aws config, azure arm env, gcp config, cluster config, git clone.
var fieldTypes = map[string]string{
	"spec.aws": "aws", "spec.azure": "azure", "spec.google": "gcp", "spec.cluster": "kubernetes", "spec.git": "ssh",
}

// unresolved walks a node that Relay does not resolve, and warns of text that looks like
// a reference, unless a step uses the same anchor.
func (r *reader) unresolved(n *yaml.Node) {
	n, leave := r.enter(n)
	defer leave()
	if n == nil || r.resolved[n] {
		return
	}
	switch {
	case n.ShortTag() == "!Secret", n.ShortTag() == "!Connection":
		r.warnUnresolved(positionOf(n), n.ShortTag(), "in ")
	case n.Kind == yaml.ScalarNode:
		r.probe(n, "in ")
	}
	for i, child := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 && child.Value == "$type" {
			if typ := n.Content[i+1].Value; typ == "Secret" || typ == "Connection" {
				r.warnUnresolved(positionOf(child), "$type: "+typ, "in ")
			}
		}
		r.unresolved(child)
	}
}

// probe warns of templates in a text that Relay does not resolve.
func (r *reader) probe(n *yaml.Node, in string) {
	where := r.source.within(n)
	for _, t := range probe(n.Value) {
		for _, a := range t.accesses {
			refs, _ := a.uses()
			for _, ref := range refs {
				r.warnUnresolved(where.of(t.offset), "${"+plain(ref.String())+"}", in)
			}
		}
	}
}

func (r *reader) warnUnresolved(at position, what, in string) {
	r.warn(at, "Relay does not resolve %s %s%s; it resolves only spec, env and when of a step, and spec and env of a trigger's source",
		what, in, plain(r.field()))
}
