// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package workflowfile

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Target identifies a secret or a connection: what a reference names, and what exists.
type Target struct {
	Kind Kind
	// Group is the workflow of a secret, or the type of a connection.
	Group string
	Name  string
}

// String is "workflow/name" or "type/name".
func (t Target) String() string { return t.Group + "/" + t.Name }

func compareTargets(a, b Target) int {
	return cmp.Or(cmp.Compare(b.Kind, a.Kind), cmp.Compare(a.Group, b.Group), cmp.Compare(a.Name, b.Name))
}

// folded is the same target for names that are easily confused.
func (t Target) folded() Target { return Target{t.Kind, fold(t.Group), fold(t.Name)} }

// fold returns the same text for names that differ only in case, or by - and _.
func fold(name string) string { return strings.ReplaceAll(strings.ToLower(name), "-", "_") }

// Existing is a set of secrets and connections that exist. It is the one rule by which
// references are missing, unused or similar, for both kinds.
type Existing struct {
	// sorted lists each target once: secrets before connections.
	sorted []Target
	groups map[Target]bool
	// similar has the targets by folded group and name, named by folded name alone.
	similar, named map[Target][]Target
}

// NewExisting makes the set; targets may contain duplicates.
func NewExisting(targets []Target) Existing {
	e := Existing{
		sorted: slices.Compact(slices.SortedFunc(slices.Values(targets), compareTargets)),
		groups: map[Target]bool{}, similar: map[Target][]Target{}, named: map[Target][]Target{},
	}
	for _, t := range e.sorted {
		key := t.folded()
		e.groups[Target{Kind: t.Kind, Group: t.Group}] = true
		e.similar[key] = append(e.similar[key], t)
		key.Group = ""
		e.named[key] = append(e.named[key], t)
	}
	return e
}

// Has reports whether anything exists in a group: a workflow, or a type of connections.
func (e Existing) Has(kind Kind, group string) bool {
	return e.groups[Target{Kind: kind, Group: group}]
}

// HasAny reports whether anything of a kind exists.
func (e Existing) HasAny(kind Kind) bool {
	return slices.ContainsFunc(e.sorted, func(t Target) bool { return t.Kind == kind })
}

// Missing is a reference to a secret or a connection that does not exist.
type Missing struct {
	Reference
	// Alike lists what exists whose name differs from it only in case, or by - and _.
	Alike []Target
	// Elsewhere lists what exists with this name (or one that is alike) in other groups:
	// connections of another type, or secrets of other workflows. It has at most
	// maxElsewhere.
	Elsewhere []Target
}

const maxElsewhere = 5

// Missing returns the references of a file to what does not exist, in the file's order. A
// reference that is not to one known name is never missing.
func (e Existing) Missing(f *File) []Missing {
	var out []Missing
	for _, r := range f.References {
		t := r.Target()
		if _, found := slices.BinarySearchFunc(e.sorted, t, compareTargets); found || r.open() {
			continue
		}
		m := Missing{Reference: r, Alike: e.similar[t.folded()]}
		for _, other := range e.named[Target{Kind: t.Kind, Name: fold(t.Name)}] {
			if fold(other.Group) != fold(t.Group) && len(m.Elsewhere) < maxElsewhere {
				m.Elsewhere = append(m.Elsewhere, other)
			}
		}
		out = append(out, m)
	}
	return out
}

// Unused returns what exists and no reference of the files names or may name, sorted.
func (e Existing) Unused(files []*File) []Target {
	used := map[Target]bool{}
	// open has references to more than one name: an empty group or name is for any.
	open := map[Target]bool{}
	for _, f := range files {
		for _, r := range f.References {
			if r.open() {
				open[r.Target()] = true
			} else {
				used[r.Target()] = true
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(e.sorted), func(t Target) bool {
		return used[t] || open[Target{Kind: t.Kind}] ||
			open[Target{Kind: t.Kind, Group: t.Group}] || open[Target{Kind: t.Kind, Name: t.Name}]
	})
}

// Alike returns the targets that differ only in case, or by - and _, in groups, sorted:
// secrets of one workflow, or connections.
func (e Existing) Alike() [][]Target {
	groups := map[Target][]Target{}
	for _, t := range e.sorted {
		key := t.folded()
		if t.Kind == Secret {
			key.Group = t.Group
		}
		groups[key] = append(groups[key], t)
	}
	var out [][]Target
	for _, key := range slices.SortedFunc(maps.Keys(groups), compareTargets) {
		if len(groups[key]) > 1 {
			out = append(out, groups[key])
		}
	}
	return out
}
