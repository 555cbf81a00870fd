// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEventsAreCounted(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		events string
		want   outcome
	}{
		"subtests count, their parents do not": {
			`{"Action":"pass","Test":"A/one"}
			{"Action":"fail","Test":"A/two"}
			{"Action":"fail","Test":"A"}
			{"Action":"pass","Test":"B"}
			{"Action":"fail"}`,
			outcome{tried: 3, survived: 2, failed: []string{"", "A", "A/two"}},
		},
		"a test that tries many times in one function": {
			`{"Action":"attr","Test":"A","Key":"tried","Value":"100"}
			{"Action":"pass","Test":"A"}
			{"Action":"pass"}`,
			outcome{tried: 100, survived: 100},
		},
		"a skipped test survived nothing": {
			`{"Action":"skip","Test":"A"}
			{"Action":"pass"}`,
			outcome{tried: 1, failed: []string{"A"}},
		},
		"a data race fails the package alone": {
			`{"Action":"pass","Test":"A"}
			{"Action":"fail"}`,
			outcome{tried: 1, survived: 1, failed: []string{""}},
		},
		"a benchmark whose line comes in parts": {
			`{"Action":"output","Test":"BenchmarkA","Output":"BenchmarkA-2 \t"}
			{"Action":"output","Test":"BenchmarkA","Output":"   20\t  11 ns/op\t 0.5 ratio\n"}
			{"Action":"output","Output":"BenchmarkB/10000-2 \t 1\t 11 ns/op\t 70.5 MB\n"}
			{"Action":"pass"}`,
			outcome{
				measured: map[string]float64{"ns/op": 11, "ratio": 0.5, "10000/ns/op": 11, "10000/MB": 70.5},
				output:   "BenchmarkA-2 \t   20\t  11 ns/op\t 0.5 ratio\nBenchmarkB/10000-2 \t 1\t 11 ns/op\t 70.5 MB\n",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := read(strings.NewReader(test.events))
			if err != nil {
				t.Fatal(err)
			}
			if test.want.measured == nil {
				test.want.measured = map[string]float64{}
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(outcome{})); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
