// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package workflowfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/fuzztest"
)

func FuzzRead(f *testing.F) {
	var seeds []fuzztest.Seed
	for _, pattern := range []string{"testdata/*.yaml", "testdata/relay-workflows/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, name := range files {
			data, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			seeds = append(seeds, fuzztest.Seed{data})
		}
	}
	fuzztest.Add(f, seeds...)
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Read(data)
		if err != nil {
			return
		}
		for _, r := range file.References {
			if r.Line < 1 || r.Column < 1 || r.User.Kind == "" || r.Field == "" {
				t.Errorf("a reference without a position: %+v", r)
			}
			if r.Name == "" && !r.All && !r.Dynamic && !strings.Contains(string(data), "''") && !strings.Contains(string(data), `"`) && !strings.Contains(string(data), "``") {
				t.Errorf("a reference to nothing: %+v", r)
			}
		}
		e := NewExisting(file.Targets(Secret))
		e.Missing(file)
		e.Unused([]*File{file})
	})
}

func FuzzReadAny(f *testing.F) {
	fuzztest.Add(f,
		fuzztest.Seed{"a.yml", "jobs: {j: {steps: [{uses: hashicorp/vault-action@v3, with: {secrets: 'customers/data/workflows/${{ a }}/b value | C ; x'}}]}}"},
		fuzztest.Seed{"a.yml", "jobs:\n j:\n  steps:\n  - uses: hashicorp/vault-action\n    with:\n     secrets: |2\n\n        customers/data/workflows/é/b value;\r\n      x y\n"},
		fuzztest.Seed{".gitlab-ci.yml", "j: &j {secrets: {A: {vault: 'workflows/$A/b/value@customers'}, B: *j}}"},
	)
	f.Fuzz(func(t *testing.T, name, data string) {
		file, err := ReadAny(name, []byte(data), customers)
		if err != nil {
			return
		}
		for _, r := range file.References {
			if r.Line < 1 || r.Column < 1 || r.Line > strings.Count(data, "\n")+strings.Count(data, "\r")+2 {
				t.Errorf("a reference without a position: %+v", r)
			}
			if strings.Contains(r.Name+r.Workflow, unknown) && file.Format != Relay {
				t.Errorf("a reference with an unresolved part: %+v", r)
			}
		}
	})
}

func FuzzTemplates(f *testing.F) {
	fuzztest.Add(f, fuzztest.Texts(
		"${secrets.a} ${secrets['b c']}$${x}", "${coalesce(secrets.a, {'k': [1, 0.5]}) |> x}", "${$.connections.aws.(\"a\" + `b`)}",
		"${merge(objects: [!a, -b, ~c])} // /* ", `${'\x41\u00e9\''}`,
	)...)
	f.Fuzz(func(t *testing.T, text string) {
		last := -1
		for _, template := range parseTemplates(text) {
			if template.offset <= last || !strings.HasPrefix(text[template.offset:], "${") {
				t.Errorf("a template at %d of %q, behind %d", template.offset, text, last)
			}
			last = template.offset
			for _, a := range template.accesses {
				a.uses()
			}
		}
		probe(text)
	})
}
