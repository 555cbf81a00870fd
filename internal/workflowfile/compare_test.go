// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package workflowfile

import (
	"strings"
	"testing"
)

func TestCompareFindsMissingUnusedAndSimilarNames(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		spec     string
		existing string
		missing  string
		unused   string
		alike    string
	}{
		"all exist":       {spec: "${secrets.a} ${secrets.b}", existing: "b a"},
		"missing":         {spec: "${secrets.a}", missing: "a"},
		"unused":          {spec: "${secrets.a}", existing: "a c b", unused: "b c"},
		"other case":      {spec: "${secrets.apiToken}", existing: "APITOKEN", missing: "apiToken~APITOKEN", unused: "APITOKEN"},
		"other dash":      {spec: "${secrets.api_token}", existing: "api-token", missing: "api_token~api-token", unused: "api-token"},
		"both dashes":     {spec: "${secrets.a_b}", existing: "a_b a-b A_B", unused: "A_B a-b", alike: "A_B,a-b,a_b"},
		"dynamic":         {spec: "${secrets[parameters.x]} ${secrets.z}", existing: "a", missing: "z"},
		"all":             {spec: "${secrets}", existing: "a"},
		"all connections": {spec: "${connections}", existing: "a", unused: "a"},
		"a connection":    {spec: "${connections.a.b}", existing: "b", unused: "b"},
		"twice in a file": {spec: "${secrets.a}${secrets.a}", missing: "a a"},
		"no reference":    {spec: "x", existing: "a a", unused: "a"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file, err := Read([]byte("steps: [{name: s, spec: '" + tt.spec + "'}]"))
			if err != nil {
				t.Fatal(err)
			}
			c := file.Compare(strings.Fields(tt.existing))
			var missing, alike []string
			for _, m := range c.Missing {
				missing = append(missing, strings.Join(append([]string{m.Name}, m.Alike...), "~"))
			}
			for _, group := range c.Alike {
				alike = append(alike, strings.Join(group, ","))
			}
			for what, pair := range map[string][2]string{
				"missing": {tt.missing, strings.Join(missing, " ")},
				"unused":  {tt.unused, strings.Join(c.Unused, " ")},
				"alike":   {tt.alike, strings.Join(alike, " ")},
			} {
				if pair[0] != pair[1] {
					t.Errorf("%s: want %q, got %q", what, pair[0], pair[1])
				}
			}
		})
	}
}
