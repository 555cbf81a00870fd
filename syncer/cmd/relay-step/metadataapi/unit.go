// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package metadataapi

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/puppetlabs/relay-core/pkg/expr/parse"
	"gopkg.in/yaml.v3"
)

// unit is what Relay resolves as a whole: a text, or the object of a tag.
type unit struct {
	part *part
	// path has the keys below the part; an index is "[0]".
	path []string
	tree parse.Tree
}

// units are the parts of a step divided into units, in the order of their paths.
func (s *Step) units() []unit {
	var out []unit
	for _, p := range []*part{s.spec, s.env, s.when} {
		if p != nil {
			out = appendUnits(out, unit{part: p, tree: p.tree})
		}
	}
	return out
}

func appendUnits(out []unit, u unit) []unit {
	below := func(key string, tree parse.Tree) unit {
		return unit{u.part, append(slices.Clone(u.path), key), tree}
	}
	switch tree := u.tree.(type) {
	case string:
		if strings.Contains(tree, "$") {
			out = append(out, u)
		}
	case []any:
		for i, item := range tree {
			out = appendUnits(out, below(fmt.Sprintf("[%d]", i), item))
		}
	case map[string]any:
		if isObject(tree) {
			return append(out, u)
		}
		for _, key := range slices.Sorted(maps.Keys(tree)) {
			out = appendUnits(out, below(key, tree[key]))
		}
	}
	return out
}

// isObject reports whether a map is the object of a tag or of a function.
func isObject(tree map[string]any) bool {
	for key := range tree {
		if key == "$type" || key == "$encoding" || len(tree) == 1 && strings.HasPrefix(key, "$fn.") {
			return true
		}
	}
	return false
}

// where is the path of a unit in the step, such as spec.aws[0].
func (u unit) where() string {
	out := u.part.name
	for _, segment := range u.path {
		if !strings.HasPrefix(segment, "[") {
			out += "."
		}
		out += segment
	}
	return out
}

// line is the line of a unit in the file, or of the nearest node around it.
func (u unit) line() int {
	node := u.part.node
	line := node.Line
	for _, segment := range u.path {
		if node = child(node, segment); node == nil {
			break
		}
		if node.Line > 0 { // relay-core has replaced what an alias stands for
			line = node.Line
		}
	}
	return line
}

// child is what a key or an index names, with the line of its use, if it is an alias.
func child(n *yaml.Node, segment string) *yaml.Node {
	n = followed(n)
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if followed(n.Content[i]).Value == segment {
			return n.Content[i+1]
		}
	}
	if n.Kind != yaml.SequenceNode {
		return field(n, segment)
	}
	var index int
	if _, err := fmt.Sscanf(segment, "[%d]", &index); err != nil || index >= len(n.Content) {
		return nil
	}
	return n.Content[index]
}
