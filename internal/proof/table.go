// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"
)

// result is a row after its run.
type result struct {
	row
	outcome
	took time.Duration
}

// passed reports whether everything that was tried passed, and each goal was reached.
func (r result) passed() bool {
	for _, g := range r.goals {
		if measured, has := r.measured[g.metric]; !has || !g.reached(measured) {
			return false
		}
	}
	return len(r.failed) == 0 && r.survived == r.tried && (r.tried > 0 || len(r.goals) > 0)
}

// write writes the tables of a section: first the tests, then the measurements.
func write(w io.Writer, results []result) {
	var tests, benchmarks []result
	for _, r := range results {
		if len(r.goals) > 0 {
			benchmarks = append(benchmarks, r)
		} else {
			tests = append(tests, r)
		}
	}
	if len(tests) > 0 {
		table(w, "what is done\ttried\tsurvived\ttime\tresult\tevidence", tests, testLines)
	}
	if len(benchmarks) > 0 {
		table(w, "what is measured\tmeasured\tgoal\tresult\tevidence", benchmarks, goalLines)
	}
}

func table(w io.Writer, head string, results []result, lines func(result) []string) {
	columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(columns, head)
	for _, r := range results {
		for _, line := range lines(r) {
			fmt.Fprintln(columns, line)
		}
	}
	_ = columns.Flush() // a failure is the writer's own
	fmt.Fprintln(w)
}

func testLines(r result) []string {
	return []string{fmt.Sprintf("%s\t%d\t%d\t%s\t%s\t%s", r.what, r.tried, r.survived, r.took.Round(time.Second), word(r.passed()), r.evidence())}
}

func goalLines(r result) []string {
	var out []string
	for _, g := range r.goals {
		measured, has := r.measured[g.metric]
		value, how := "-", word(false)
		if has {
			value, how = strconv.FormatFloat(measured, 'g', 4, 64), word(g.reached(measured))
		}
		if has && g.bound() == "" {
			how = ""
		}
		out = append(out, fmt.Sprintf("%s\t%s\t%s\t%s\t%s", g.what, value, g.bound(), how, r.evidence()))
	}
	return out
}

func word(good bool) string {
	if good {
		return "ok"
	}
	return "FAILED"
}
