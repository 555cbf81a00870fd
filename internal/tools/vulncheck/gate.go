// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// stdlib is the module of Go's own packages in a report.
const stdlib = "stdlib"

// vulnerability is a known one that a program can reach.
type vulnerability struct {
	id, summary     string
	module, version string
	fixed           string // the version of the module that fixes it; empty for none
}

// exception is a line of allowed.txt.
type exception struct {
	id    string
	until time.Time // the last day
}

// gate returns why the check fails, sorted; nothing if each vulnerability is allowed today, and each
// exception is needed.
func gate(found []vulnerability, allowed []exception, today time.Time) []string {
	var out []string
	for _, v := range found {
		at := slices.IndexFunc(allowed, func(e exception) bool { return e.id == v.id })
		switch {
		case v.module != stdlib && v.fixed != "":
			out = append(out, fmt.Sprintf("%s: %s. Hint: run go get %s@%s", v, v.summary, v.module, v.fixed))
		case at < 0:
			out = append(out, fmt.Sprintf("%s: %s. Hint: use a newer Go, or add the line \"%s DATE\" to allowed.txt", v, v.summary, v.id))
		case today.After(allowed[at].until.AddDate(0, 0, 1)):
			out = append(out, fmt.Sprintf("%s: was allowed until %s: %s", v, allowed[at].until.Format(time.DateOnly), v.summary))
		}
	}
	for _, e := range allowed {
		if !slices.ContainsFunc(found, func(v vulnerability) bool { return e.id == v.id }) {
			out = append(out, e.id+": not found. Hint: remove its line from allowed.txt")
		}
	}
	slices.Sort(out)
	return out
}

func (v vulnerability) String() string {
	text := fmt.Sprintf("%s in %s %s", v.id, v.module, v.version)
	if v.fixed != "" {
		text += ", fixed in " + v.fixed
	}
	return text
}

// parseAllowed reads lines of an id, a date, and optionally a note.
func parseAllowed(text string) ([]exception, error) {
	var out []exception
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if len(fields) < 2 {
			return nil, fmt.Errorf("%s: a date is required", fields[0])
		}
		until, err := time.Parse(time.DateOnly, fields[1])
		if err != nil {
			return nil, fmt.Errorf("%s: the date must be such as 2027-01-31", fields[0])
		}
		if slices.ContainsFunc(out, func(e exception) bool { return e.id == fields[0] }) {
			return nil, fmt.Errorf("%s: duplicate", fields[0])
		}
		out = append(out, exception{fields[0], until})
	}
	return out, nil
}
