// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package sopsfile

import (
	"slices"
)

// kind is what a value is by the plain syntax of its file.
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

// node is one value by the plain syntax of its file, before SOPS gives it any
// meaning. The elements of lists are checked while reading and not kept: no rule
// needs them.
type node struct {
	kind    kind
	line    int
	text    string  // of kind text
	entries []entry // of kind mapping, in the file's order, keys unique
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

// maxDepth is enough for everything SOPS writes: its deepest metadata, a KMS
// context inside a key group, sits at seven.
const maxDepth = 12

// keySet finds duplicate keys of one mapping, and mappings with more keys than any
// manifest needs: the YAML library that SOPS uses compares every key with every
// other, half a minute for a hostile file of 1 MiB.
type keySet map[string]int

func (s keySet) add(key string, line int, path []string, problems *Problems) {
	if first, found := s[key]; found {
		problems.add(line, child(path, key), "is there twice, first in line %d; keep one", first)
		return
	}
	s[key] = line
	if len(s) == MaxLeaves+1 {
		problems.add(line, path, "has more than %d keys; split the file", MaxLeaves)
	}
}

// child returns a path one segment longer, never sharing memory with its sibling.
func child(path []string, segment string) []string {
	return append(slices.Clip(path), segment)
}
