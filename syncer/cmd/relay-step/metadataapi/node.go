// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package metadataapi

import (
	"iter"

	"gopkg.in/yaml.v3"
)

// followed is the node that an alias stands for.
func followed(n *yaml.Node) *yaml.Node {
	for n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// items are the elements of a list.
func items(n *yaml.Node) []*yaml.Node {
	if n = followed(n); n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	return n.Content
}

// pairs are the own fields of a mapping, without those that it merges.
func pairs(n *yaml.Node) iter.Seq2[string, *yaml.Node] {
	return func(yield func(string, *yaml.Node) bool) {
		if n = followed(n); n == nil || n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].ShortTag() != "!!merge" && !yield(followed(n.Content[i]).Value, followed(n.Content[i+1])) {
				return
			}
		}
	}
}

// field is the value of a key of a mapping; nil for none. An own key comes before a merged one.
func field(n *yaml.Node, name string) *yaml.Node {
	for own, value := range pairs(n) {
		if own == name {
			return value
		}
	}
	if n = followed(n); n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].ShortTag() != "!!merge" {
			continue
		}
		merged := followed(n.Content[i+1])
		if merged.Kind == yaml.MappingNode {
			merged = &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{merged}}
		}
		for _, from := range items(merged) {
			if value := field(from, name); value != nil {
				return value
			}
		}
	}
	return nil
}

// within reports whether a node has at most left nodes below it, with each use of an alias.
func within(n *yaml.Node, left *int) bool {
	n = followed(n)
	if *left--; *left < 0 {
		return false
	}
	for _, child := range n.Content {
		if !within(child, left) {
			return false
		}
	}
	return true
}

// copyOf is a copy of a node with everything below it. An alias stays one: what it stands
// for has a line of its own.
func copyOf(n *yaml.Node) *yaml.Node {
	out := *n
	out.Content = make([]*yaml.Node, len(n.Content))
	for i, child := range n.Content {
		out.Content[i] = copyOf(child)
	}
	return &out
}
