// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestGate(t *testing.T) {
	t.Parallel()
	day := func(text string) time.Time {
		at, err := time.Parse(time.DateOnly, text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	toolchain := vulnerability{id: "GO-1", summary: "Loops", module: stdlib, version: "v1.26.8", fixed: "v1.26.9"}
	module := vulnerability{id: "GO-2", summary: "Leaks", module: "example.com/a", version: "v1.0.0", fixed: "v1.0.1"}
	unfixed := vulnerability{id: "GO-3", summary: "Hangs", module: "example.com/b", version: "v1.0.0"}
	for name, row := range map[string]struct {
		found   []vulnerability
		allowed []exception
		want    []string
	}{
		"nothing found":              {nil, nil, nil},
		"toolchain, allowed":         {[]vulnerability{toolchain}, []exception{{"GO-1", day("2026-12-01")}}, nil},
		"toolchain, on the last day": {[]vulnerability{toolchain}, []exception{{"GO-1", day("2026-11-30")}}, nil},
		"toolchain, expired": {[]vulnerability{toolchain}, []exception{{"GO-1", day("2026-11-29")}},
			[]string{"GO-1 in stdlib v1.26.8, fixed in v1.26.9: was allowed until 2026-11-29: Loops"}},
		"toolchain, not allowed": {[]vulnerability{toolchain}, nil,
			[]string{`GO-1 in stdlib v1.26.8, fixed in v1.26.9: Loops. Hint: use a newer Go, or add the line "GO-1 DATE" to allowed.txt`}},
		"module, also if allowed": {[]vulnerability{module}, []exception{{"GO-2", day("2027-01-01")}},
			[]string{"GO-2 in example.com/a v1.0.0, fixed in v1.0.1: Leaks. Hint: run go get example.com/a@v1.0.1"}},
		"module without a fix, allowed": {[]vulnerability{unfixed}, []exception{{"GO-3", day("2027-01-01")}}, nil},
		"not needed":                    {nil, []exception{{"GO-1", day("2027-01-01")}}, []string{"GO-1: not found. Hint: remove its line from allowed.txt"}},
	} {
		if diff := cmp.Diff(row.want, gate(row.found, row.allowed, day("2026-11-30").Add(13*time.Hour))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestAllowedVulnerabilitiesHaveADate(t *testing.T) {
	t.Parallel()
	if _, err := parseAllowed(allowedText); err != nil {
		t.Errorf("allowed.txt: %v", err)
	}
	for text, want := range map[string]string{
		"GO-1": "GO-1: a date is required", "GO-1 soon": "must be such as", "GO-1 2026-11-30\nGO-1 2026-11-30 again": "GO-1: duplicate",
	} {
		if _, err := parseAllowed(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

const report = `{"config": {"scan_level": "symbol"}}
{"SBOM": {"modules": [{"path": "a"}, {"path": "stdlib"}]}}
{"osv": {"id": "GO-1", "summary": "Loops"}}
{"osv": {"id": "GO-2", "summary": "Leaks"}}
{"finding": {"osv": "GO-2", "fixed_version": "v1.0.1", "trace": [{"module": "example.com/a", "version": "v1.0.0", "package": "example.com/a"}]}}
{"finding": {"osv": "GO-1", "fixed_version": "v1.26.9", "trace": [{"module": "stdlib", "version": "v1.26.8"}]}}
{"finding": {"osv": "GO-1", "fixed_version": "v1.26.9", "trace": [{"module": "stdlib", "version": "v1.26.8", "package": "net/http", "function": "Get"}, {"module": "b"}]}}
`

func TestOnlyReachableVulnerabilitiesAreFound(t *testing.T) {
	t.Parallel()
	found, err := parseReport(strings.NewReader(report))
	if err != nil {
		t.Fatal(err)
	}
	want := []vulnerability{{id: "GO-1", summary: "Loops", module: stdlib, version: "v1.26.8", fixed: "v1.26.9"}}
	if diff := cmp.Diff(want, found, cmp.AllowUnexported(vulnerability{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// Without a database, govulncheck finds nothing; if it fails, its report ends early.
func TestIncompleteReportIsNotAPass(t *testing.T) {
	t.Parallel()
	lines := strings.SplitAfter(report, "\n")
	for _, text := range []string{"", lines[0], lines[0] + lines[1], lines[0] + lines[2], report + "{"} {
		if found, err := parseReport(strings.NewReader(text)); err == nil {
			t.Errorf("%q: no error, and found %v", text, found)
		}
	}
}
