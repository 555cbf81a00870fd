// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package relaytest

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// Guide is a page of the documentation. Tests run its examples.
type Guide struct {
	t    testing.TB
	text string
}

// ReadGuide reads a page of docs/ and replaces its workflow by the test's own.
func ReadGuide(t testing.TB, file, workflow string) Guide {
	t.Helper()
	text, err := os.ReadFile(file) //nolint:gosec // a file of this repository
	if err != nil {
		t.Fatal(err)
	}
	return Guide{t: t, text: strings.ReplaceAll(string(text), "deploy-production", workflow)}
}

// Example returns the first code block of a language below a heading.
func (g Guide) Example(heading, language string) string {
	g.t.Helper()
	_, section, found := strings.Cut(g.text, "# "+heading+"\n")
	section, _, _ = strings.Cut(section, "\n#")
	example := regexp.MustCompile("(?ms)^```" + language + "\n(.*?)^```$").FindStringSubmatch(section)
	if !found || example == nil {
		g.t.Fatalf("no %s code block found below %q", language, heading)
	}
	return example[1]
}
