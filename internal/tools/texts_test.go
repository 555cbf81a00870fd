// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package tools

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestTextsAreWhole(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"a.go": "package a\n\nimport \"fmt\"\n\nfunc f(x string, n int) error {\n" +
			"\treturn fmt.Errorf(\"no %s; \"+advice, g(\"inner\"+x), n+1)\n}\n\nvar y = \"to do: \" + g(\"deep\")\n",
		"b.go":      "package a\n\nconst (\n\tadvice = \"run \" + command\n\tcommand = `x`\n\twhole = \"whole\"\n)\n",
		"a_test.go": "package a\n\nconst test = \"test\"\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"no %s; run x", "inner%s", "to do: %s", "deep", "whole"}
	if got := Texts(t, dir); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
