// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"slices"
	"strings"
)

// permitted are licences whose code may be linked into a program under MPL-2.0. EPL-1.0
// requires to name where the source is: the file with the texts has the path of the module.
var permitted = []string{"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "EPL-1.0", "ISC", "MIT", "MPL-2.0", "Unlicense", "Zlib"}

// minCoverage is the share of a text, in percent, that must be that of known licences.
const minCoverage = 75

// license is a licence file of a module.
type license struct {
	path string // inside the module
	// ids are the licences that its text contains, and coverage the share of it that they cover.
	ids      []string
	coverage float64
	text     string
}

// linked is a module of a program, with the licences of its linked packages.
type linked struct {
	path, version string
	licenses      []license
	notices       []license // without ids
}

// problems are why modules may not be linked, in their order.
func problems(modules []linked) []string {
	var out []string
	for _, m := range modules {
		if len(m.licenses) == 0 {
			out = append(out, fmt.Sprintf("%s %s: no licence file found", m.path, m.version))
		}
		for _, l := range m.licenses {
			forbidden := slices.DeleteFunc(slices.Clone(l.ids), func(id string) bool { return slices.Contains(permitted, id) })
			switch {
			case len(forbidden) > 0:
				out = append(out, fmt.Sprintf("%s %s: %s: licence %s is not permitted", m.path, m.version, l.path, strings.Join(forbidden, ", ")))
			case len(l.ids) == 0 || l.coverage < minCoverage:
				out = append(out, fmt.Sprintf("%s %s: %s: unknown licence (%.0f%% of the text is known)", m.path, m.version, l.path, l.coverage))
			}
		}
	}
	return out
}

// text is what a release carries: the licences and notices of the modules, the same text once.
func text(modules []linked) string {
	var texts []string
	files := map[string]string{} // by text
	for _, m := range modules {
		for _, l := range slices.Concat(m.licenses, m.notices) {
			body := strings.TrimSpace(l.text)
			if files[body] == "" {
				texts = append(texts, body)
			}
			files[body] += fmt.Sprintf("%s %s: %s\n", m.path, m.version, l.path)
		}
	}
	var out strings.Builder
	out.WriteString("The programs contain these modules, under these licences and with these notices.\n")
	for _, body := range texts {
		fmt.Fprintf(&out, "\n%s\n%s\n%s\n", strings.Repeat("=", 80), files[body], body)
	}
	return out.String()
}
