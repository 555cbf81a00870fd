// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package sopsfile

import (
	"slices"
)

// kind is the type of a value in the plain syntax of a file.
type kind int

const (
	mapping kind = iota
	list
	text
	number
	boolean
	null
	date
)

func (k kind) String() string {
	return [...]string{"a mapping", "a list", "a string", "a number", "a boolean", "null", "a date"}[k]
}

// node is one value in the plain syntax of a file, before SOPS interprets it. Elements
// of lists are checked while parsing and not kept, because no rule needs them.
type node struct {
	kind    kind
	line    int
	text    string  // of kind text
	entries []entry // of kind mapping, in the order of the file
	// length is the number of elements of a list, and elements that of all lists in it.
	length, elements int
}

// add counts what is in a part of a list or mapping.
func (n *node) add(part node) { n.elements += part.elements }

// addElement counts an element of a list.
func (n *node) addElement(element node) {
	n.length++
	n.elements += 1 + element.elements
}

type entry struct {
	key   string
	line  int
	value node
}

// get returns the entry of a mapping with the key.
func (n node) get(key string) (entry, bool) {
	i := slices.IndexFunc(n.entries, func(e entry) bool { return e.key == key })
	if i < 0 {
		return entry{}, false
	}
	return n.entries[i], true
}

// maxDepth is larger than the depth of everything that SOPS writes: its deepest
// metadata, a KMS context inside a key group, is at depth seven.
const maxDepth = 12

// keySet finds duplicate keys of one mapping, and mappings with too many keys: the YAML
// library of SOPS compares every key with every other, which takes half a minute for a
// malicious file of 1 MiB.
type keySet map[string]int

func (s keySet) add(key string, line int, path []string, problems *Problems) {
	if first, found := s[key]; found {
		problems.add(line, child(path, key), "is a duplicate key, first in line %d; keep one", first)
		return
	}
	s[key] = line
	if len(s) == MaxLeaves+1 {
		problems.add(line, path, "has more than %d keys; split the file", MaxLeaves)
	}
}

// child returns a path with one more segment, which shares no memory with path.
func child(path []string, segment string) []string {
	return append(slices.Clip(path), segment)
}
