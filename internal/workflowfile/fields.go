// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package workflowfile

import (
	"go.yaml.in/yaml/v3"
)

// field is one member of a mapping.
type field struct {
	name  string
	key   *yaml.Node
	value *yaml.Node
}

// fields returns the members of a mapping, with those that << merges into it: its own
// members take precedence, then earlier merges. Another kind of node is a problem.
func (r *reader) fields(n *yaml.Node) []field {
	n, leave := r.enter(n)
	defer leave()
	if n == nil {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		if n.ShortTag() != "!!null" {
			r.problem(positionOf(n), "invalid type: must be a mapping")
		}
		return nil
	}
	r.work += len(n.Content) // merges read a mapping many times
	var own, merged []field
	taken := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		for key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		for value.Kind == yaml.AliasNode {
			value = value.Alias
		}
		switch {
		case key.ShortTag() == "!!merge":
			merged = append(merged, r.merges(value)...)
		case key.Kind != yaml.ScalarNode:
			r.problem(positionOf(key), "invalid key: must be text")
		case taken[key.Value]:
			r.problem(positionOf(key), "duplicate key %q", cut(key.Value))
		default:
			taken[key.Value] = true
			own = append(own, field{key.Value, key, value})
		}
	}
	for _, f := range merged {
		if !taken[f.name] {
			taken[f.name] = true
			own = append(own, f)
		}
	}
	return own
}

// merges returns the fields of the value of <<: one mapping, or a list of mappings.
func (r *reader) merges(n *yaml.Node) []field {
	if n.Kind != yaml.SequenceNode {
		return r.fields(n)
	}
	n, leave := r.enter(n)
	defer leave()
	if n == nil {
		return nil
	}
	var out []field
	for _, item := range n.Content {
		out = append(out, r.fields(item)...)
	}
	return out
}
