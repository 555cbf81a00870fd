// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package sopsfile

import (
	"slices"
	"strings"
	"testing"

	"github.com/getsops/sops/v3/config"
	"github.com/getsops/sops/v3/stores/yaml"
)

// The sample that sops edit writes itself is refused value by value.
func TestSampleIsAManifestOnceItIsEncrypted(t *testing.T) {
	t.Parallel()
	names := []string{"api_token", "2026", "true", "null", "2026-11-22", "1e3", "a b", "schlüssel", "x@y.z-w", "0x1F", "No", "_"}
	for _, workflow := range []string{"deploy", "2026", "yes", "my workflow"} {
		plain, err := Sample(workflow, names)
		if err != nil {
			t.Fatal(err)
		}
		branches, err := yaml.NewStore(&config.YAMLStoreConfig{}).LoadPlainFile(plain)
		if err != nil {
			t.Fatal(err)
		}
		s := newSealer(t)
		m, err := Verify("new.yaml", []byte(s.seal(t, ".yaml", branches[0])))
		if err != nil {
			t.Errorf("%v\n%s", err, plain)
			continue
		}
		var got []string
		for _, leaf := range m.Leaves {
			if leaf.Workflow != workflow {
				t.Errorf("%+v is not of workflow %q", leaf, workflow)
			}
			got = append(got, leaf.Name)
		}
		// A value that was forgotten must not reach Vault.
		_, err = m.Decrypt(t.Context(), s.keys(t))
		if err == nil || strings.Count(err.Error(), "still has the placeholder") != len(names) {
			t.Errorf("%s: %v", workflow, err)
		}
		if !slices.Equal(got, names) {
			t.Errorf("names %q, want %q", got, names)
		}
	}
}
