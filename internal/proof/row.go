// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"path"
	"slices"
)

// row is one line of the tables: what is done to the product, or measured, and the test that does it.
type row struct {
	section, what string
	// module is the folder of the tests' module, if it is not the root's.
	module string
	// pkg and run name the package and, as a pattern, the test or the benchmark.
	pkg, run string
	// flags are those of go test, and args those of the test itself.
	flags, args []string
	// goals are the measurements of a benchmark. A row without them is a test.
	goals []goal
}

// goal is one measurement of a benchmark, with its bound.
type goal struct {
	what string
	// metric is the unit that the benchmark reports; for a benchmark within another one with its
	// name and a slash before it.
	metric string
	// most and least are the bounds, where 0 is none. Without both, the measurement is only shown.
	most, least float64
}

// bound returns the bound as text.
func (g goal) bound() string {
	switch {
	case g.most != 0:
		return fmt.Sprintf("at most %g", g.most)
	case g.least != 0:
		return fmt.Sprintf("at least %g", g.least)
	}
	return ""
}

// reached reports whether a measurement keeps the bound.
func (g goal) reached(measured float64) bool {
	return (g.most == 0 || measured <= g.most) && (g.least == 0 || measured >= g.least)
}

// evidence is what a reader looks for in the code. A long pattern is cut off.
func (r row) evidence() string {
	const longest = 60
	pattern := r.run
	if len(pattern) > longest {
		pattern = pattern[:longest] + "…"
	}
	return path.Join(r.module, r.pkg) + " " + pattern
}

// sections returns the sections of rows, in their order.
func sections(rows []row) []string {
	var out []string
	for _, r := range rows {
		if !slices.Contains(out, r.section) {
			out = append(out, r.section)
		}
	}
	return out
}
