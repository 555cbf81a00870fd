// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package workflowfile

import (
	"strings"
	"testing"
)

// Relay's parser needs minutes for these, and so would every program that reads the file.
func TestReadRefusesLongExpressionsAndManyTemplates(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ text, want string }{
		"sum":       {"${" + strings.Repeat("1+", 500_000) + "1}", "longer than 16384 bytes"},
		"texts":     {"${" + strings.Repeat("'a'+", 200_000) + "'a'}", "longer than 16384 bytes"},
		"templates": {strings.Repeat("${1}", 200_000), "more than 10000 of them in one text"},
	} {
		file, err := Read([]byte("steps:\n- name: a\n  spec: {x: \"" + row.text + "\"}\n"))
		if err != nil || len(file.Problems) != 1 || !strings.Contains(file.Problems[0].Text, row.want) {
			t.Errorf("%s: %+v, %v", name, file, err)
		}
	}
	file, err := Read([]byte("steps:\n- name: a\n  spec: {x: \"${" + strings.Repeat("1+", 8_000) + "1}\"}\n"))
	if err != nil || len(file.Problems) != 0 {
		t.Errorf("a shorter one: %+v, %v", file, err)
	}
}
