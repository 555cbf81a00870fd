// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	const sbom = `{"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": {"component": {"name": "example.com/main", "version": "v1.0.0"}},
		"components": [{"name": "a", "version": "v2.0.0", "purl": "pkg:golang/a@v2.0.0"}]}`
	for name, row := range map[string]struct {
		sbom, version string
		modules       map[string]string
		want          string
	}{
		"complete":       {sbom, "v1.0.0", map[string]string{"a": "v2.0.0"}, ""},
		"other version":  {sbom, "v1.0.1", map[string]string{"a": "v2.0.0"}, "it is of example.com/main v1.0.0, want example.com/main v1.0.1"},
		"missing module": {sbom, "v1.0.0", map[string]string{"a": "v2.0.0", "b": "v1.0.0"}, "missing: [b]"},
		"other module":   {sbom, "v1.0.0", map[string]string{"a": "v2.0.1"}, "missing: [a]"},
		"too many":       {sbom, "v1.0.0", map[string]string{}, "its 1 modules are not those of the program"},
		"not JSON":       {"x", "v1.0.0", nil, "invalid character"},
		"not an SBOM":    {"{}", "v1.0.0", nil, "not an SBOM of CycloneDX"},
		"no package URL": {strings.Replace(sbom, "pkg:golang", "pkg:npm", 1), "v1.0.0", map[string]string{"a": "v2.0.0"}, "a: no package URL found"},
	} {
		err := check([]byte(row.sbom), "example.com/main", row.version, row.modules)
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want %q", name, err, row.want)
		}
	}
}
