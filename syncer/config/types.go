// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/lazyregexp"
	"github.com/relay-secrets/terraform-provider-relay/internal/problem"
)

// typeCheck compares a YAML document with the Go types of the configuration. The errors of
// the decoder name Go types, quote values and have no keys.
type typeCheck struct {
	problems []string
	depth    int
}

// maxDepth is more than the configuration has, and bounds an alias that contains itself.
const maxDepth = 20

// typeProblems returns unknown and duplicate keys and values of a wrong type, with their
// lines.
func typeProblems(root *yaml.Node) []string {
	c := &typeCheck{}
	for _, document := range root.Content {
		c.check(document, reflect.TypeFor[Config](), "")
	}
	return c.problems
}

func (c *typeCheck) add(n *yaml.Node, path, format string, args ...any) {
	p := problem.Problem{Path: path, Text: fmt.Sprintf(format, args...)}
	c.problems = append(c.problems, fmt.Sprintf("line %d: %s", n.Line, p.Error()))
}

func (c *typeCheck) check(n *yaml.Node, t reflect.Type, path string) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if c.depth > maxDepth || n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return
	}
	c.depth++
	defer func() { c.depth-- }()
	wanted, hint := kindOf(t)
	switch {
	case n.Kind != wanted, n.Kind == yaml.ScalarNode && n.Decode(reflect.New(t).Interface()) != nil:
		c.add(n, path, "must be %s", hint)
	case n.Kind == yaml.SequenceNode:
		for i, element := range n.Content {
			c.check(element, t.Elem(), problem.Index(path, i))
		}
	case n.Kind == yaml.MappingNode:
		c.mapping(n, t, path)
	}
}

func (c *typeCheck) mapping(n *yaml.Node, t reflect.Type, path string) {
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := strings.TrimPrefix(path+"."+conffile.Display(key.Value), ".")
		first, duplicate := seen[key.Value]
		seen[key.Value] = key.Line
		field := valueOf(t, key)
		switch {
		case field == nil:
			c.add(key, "", "unknown key%s", quoteKey(key.Value)+suggestion(key.Value, t))
		case duplicate:
			c.add(key, at, "duplicate key, first in line %d", first)
		default:
			c.check(value, field, at)
		}
	}
}

var keyForm = lazyregexp.New(`^[A-Za-z0-9_.-]{1,100}$`)

// quoteKey is a space and a key in quotes, or empty for a text that is not a name: it can be a value with a
// credential, after a key whose colon has no space.
func quoteKey(key string) string {
	if !keyForm.MatchString(key) {
		return ""
	}
	return " " + strconv.Quote(key)
}

// suggestion names the key of a mapping that is most similar.
func suggestion(key string, t reflect.Type) string {
	if keyForm.MatchString(key) {
		if near := nearest(key, keysOf(t)); near != "" {
			return "; did you mean " + near + "?"
		}
	}
	return ""
}

// valueOf is the type of the value of a key; nil for an unknown one.
func valueOf(t reflect.Type, key *yaml.Node) reflect.Type {
	switch {
	case key.Tag == "!!merge":
		return t
	case t.Kind() == reflect.Map:
		return t.Elem()
	}
	for i := range t.NumField() {
		if name, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ","); name == key.Value && name != "-" {
			return t.Field(i).Type
		}
	}
	return nil
}

// kindOf is the kind of node for a type, and its description.
func kindOf(t reflect.Type) (yaml.Kind, string) {
	switch t.Kind() {
	case reflect.Struct:
		return yaml.MappingNode, "a mapping with the keys " + strings.Join(keysOf(t), ", ")
	case reflect.Map:
		return yaml.MappingNode, "a mapping of names and values"
	case reflect.Slice:
		return yaml.SequenceNode, "a list, such as [a, b]"
	case reflect.Bool:
		return yaml.ScalarNode, "true or false"
	case reflect.Float64:
		return yaml.ScalarNode, "a number"
	case reflect.Int, reflect.Int64:
		if t == reflect.TypeFor[time.Duration]() {
			return yaml.ScalarNode, "a duration with its unit, such as 30s or 10m"
		}
		return yaml.ScalarNode, "a whole number"
	default:
		return yaml.ScalarNode, "one text"
	}
}

func keysOf(t reflect.Type) []string {
	var out []string
	for i := range t.NumField() {
		if name, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ","); name != "" && name != "-" {
			out = append(out, name)
		}
	}
	return out
}
