// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// event is a line of "go test -json" (go doc test2json).
type event struct {
	Action, Test, Output, Key, Value string
}

// outcome is what the events of one row say.
type outcome struct {
	tried, survived int
	// failed are the tests that failed or were skipped.
	failed []string
	// measured has the metrics of benchmarks.
	measured map[string]float64
	// output is everything that the tests printed.
	output string
}

// read reads the events of one run of go test. Tests without subtests count: one each, or as many as
// the test reports by the attribute "tried".
func read(r io.Reader) (outcome, error) {
	ended, times := map[string]string{}, map[string]int{}
	var output strings.Builder
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return outcome{}, fmt.Errorf("read the events of go test: %w", err)
		}
		switch e.Action {
		case "pass", "fail", "skip":
			ended[e.Test] = e.Action
		case "output", "build-output":
			output.WriteString(e.Output)
		case "attr":
			if n, err := strconv.Atoi(e.Value); err == nil && e.Key == "tried" {
				times[e.Test] = n
			}
		}
	}
	out := outcome{output: output.String()}
	out.count(ended, times)
	out.measured = metrics(out.output)
	return out, lines.Err()
}

// count counts the tests without subtests. The package itself, without a name, can fail too, as by
// a data race or a time limit.
func (o *outcome) count(ended map[string]string, times map[string]int) {
	parents := map[string]bool{"": true}
	for name := range ended {
		for at, c := range name {
			if c == '/' {
				parents[name[:at]] = true
			}
		}
	}
	for name, how := range ended {
		if how != "pass" {
			o.failed = append(o.failed, name)
		}
		if parents[name] {
			continue
		}
		n := max(times[name], 1)
		o.tried += n
		if how == "pass" {
			o.survived += n
		}
	}
	slices.Sort(o.failed)
}

// metrics reads the lines of benchmarks: the name, how often it ran, then values and their units.
func metrics(output string) map[string]float64 {
	out := map[string]float64{}
	for line := range strings.SplitSeq(output, "\n") {
		fields := strings.Fields(line)
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		within := ""
		if _, name, found := strings.Cut(fields[0], "/"); found {
			within = withoutProcessors(name) + "/"
		}
		for pair := range slices.Chunk(fields[2:], 2) {
			if value, err := strconv.ParseFloat(pair[0], 64); err == nil && len(pair) == 2 {
				out[within+pair[1]] = value
			}
		}
	}
	return out
}

// withoutProcessors cuts off the number of processors, which go test appends to a name.
func withoutProcessors(name string) string {
	if at := strings.LastIndexByte(name, '-'); at > 0 {
		if _, err := strconv.Atoi(name[at+1:]); err == nil {
			return name[:at]
		}
	}
	return name
}
