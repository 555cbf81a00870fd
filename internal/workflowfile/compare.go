// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package workflowfile

import (
	"maps"
	"slices"
	"strings"
)

// Comparison is what lies between the secrets that a file takes and those that
// there are.
type Comparison struct {
	// Missing are the references to secrets that there are not, in the file's order.
	Missing []Missing
	// Unused are secrets that no reference names, sorted. It is empty where the file
	// may take any: see File.Open.
	Unused []string
	// Alike are groups of secrets whose names differ only in case, or by - and _.
	Alike [][]string
}

// Missing is a reference to a secret that there is not.
type Missing struct {
	Reference
	// Alike are secrets whose names differ from it only in case, or by - and _.
	Alike []string
}

// Compare compares the file's secrets with the names of those that there are.
func (f *File) Compare(existing []string) Comparison {
	existing = slices.Compact(slices.Sorted(slices.Values(existing)))
	groups := map[string][]string{}
	for _, name := range existing {
		groups[fold(name)] = append(groups[fold(name)], name)
	}
	var c Comparison
	used := map[string]bool{}
	for _, r := range f.References {
		if r.Kind != Secret || r.All || r.Dynamic {
			continue
		}
		used[r.Name] = true
		if _, found := slices.BinarySearch(existing, r.Name); !found {
			c.Missing = append(c.Missing, Missing{r, groups[fold(r.Name)]})
		}
	}
	for _, name := range existing {
		if !used[name] && !f.Open(Secret) {
			c.Unused = append(c.Unused, name)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		if len(groups[key]) > 1 {
			c.Alike = append(c.Alike, groups[key])
		}
	}
	return c
}

// fold is equal for names that people take for the same.
func fold(name string) string { return strings.ReplaceAll(strings.ToLower(name), "-", "_") }
