// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource

import (
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/fuzztest"
	"github.com/relay-secrets/terraform-provider-relay/internal/gitcommand"
)

// FuzzPatterns: a valid pattern matches without an error, an exclusion after it wins, and
// a wildcard selects no name that begins with a dot.
func FuzzPatterns(f *testing.F) {
	fuzztest.Add(f, fuzztest.Seed{"secrets/**/*.yaml", "secrets/a/b.yaml"}, fuzztest.Seed{"{a,b}/?[a-z].json", "a/xy.json"}, fuzztest.Seed{"**", ".sops.yaml"},
		fuzztest.Seed{"a/.env*", "a/.env.production"}, fuzztest.Seed{"{{a,b},{c,d}}{e,f}", "ae"}, fuzztest.Seed{"[!a]\\*", "b*"})
	f.Fuzz(func(t *testing.T, pattern, path string) {
		if err := ValidatePattern(pattern); err != nil {
			if gitcommand.Printable(err.Error()) != err.Error() {
				t.Errorf("the error is not printable: %q", err)
			}
			return
		}
		selected := Selects([]string{pattern}, path)
		if selected != Matches(pattern, path) {
			t.Errorf("%q selects %q: %v", pattern, path, selected)
		}
		if selected && Selects([]string{pattern, "!" + pattern}, path) {
			t.Errorf("%q selects %q after its own exclusion", pattern, path)
		}
		if selected && hasHidden(path) && !strings.Contains(pattern, ".") {
			t.Errorf("%q selects the hidden %q", pattern, path)
		}
	})
}
