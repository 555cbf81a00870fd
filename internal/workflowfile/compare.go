// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package workflowfile

import (
	"maps"
	"slices"
	"strings"
)

// Comparison is the difference between the secrets that a file uses and the existing
// secrets.
type Comparison struct {
	// Missing lists references to secrets that do not exist, in the file's order.
	Missing []Missing
	// Unused lists secrets without a reference, sorted. It is empty if the file may use
	// any secret: see File.Open.
	Unused []string
	// Alike lists groups of secrets whose names differ only in case, or by - and _.
	Alike [][]string
}

// Missing is a reference to a secret that does not exist.
type Missing struct {
	Reference
	// Alike lists secrets whose names differ from it only in case, or by - and _.
	Alike []string
}

// Compare compares the file's references with the names of existing secrets.
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

// fold returns the same text for names that are easily confused.
func fold(name string) string { return strings.ReplaceAll(strings.ToLower(name), "-", "_") }
