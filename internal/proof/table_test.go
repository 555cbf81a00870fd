// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTablesShowWhatFailed(t *testing.T) {
	t.Parallel()
	fault := row{section: "faults", what: "cuts", pkg: "./a", run: "TestCuts"}
	speed := row{section: "speed", pkg: "./a", run: "BenchmarkA", goals: []goal{
		{what: "time beside bare", metric: "ratio", most: 2}, {what: "rate", metric: "rate", least: 0.95}, {what: "memory, MB", metric: "MB"},
	}}
	var got strings.Builder
	write(&got, []result{
		{row: fault, outcome: outcome{tried: 20, survived: 20}, took: 1400 * time.Millisecond},
		{row: fault, outcome: outcome{tried: 20, survived: 19, failed: []string{"TestCuts/a"}}, took: time.Minute},
		{row: fault},
		{row: speed, outcome: outcome{measured: map[string]float64{"ratio": 1.98765, "rate": 0.9}}},
	})
	want := `what is done  tried  survived  time  result  evidence
cuts          20     20        1s    ok      a TestCuts
cuts          20     19        1m0s  FAILED  a TestCuts
cuts          0      0         0s    FAILED  a TestCuts

what is measured  measured  goal           result  evidence
time beside bare  1.988     at most 2      ok      a BenchmarkA
rate              0.9       at least 0.95  FAILED  a BenchmarkA
memory, MB        -                        FAILED  a BenchmarkA

`
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
