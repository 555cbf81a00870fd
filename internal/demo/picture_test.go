// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"encoding/xml"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestPictureShowsItsText compares README's picture with its text, which has one line for
// each arrow: from, label, to.
func TestPictureShowsItsText(t *testing.T) {
	t.Parallel()
	picture := readFile(t, "docs/images/overview.svg")
	if err := xml.Unmarshal([]byte(picture), new(struct{ XMLName xml.Name })); err != nil {
		t.Fatal(err)
	}
	var want, got []string
	arrows := strings.Split(strings.TrimSpace(readFile(t, "docs/images/overview.txt")), "\n")
	for _, arrow := range arrows {
		parts := regexp.MustCompile(`^(.+) -- (.+) --> (.+)$`).FindStringSubmatch(arrow)
		if parts == nil {
			t.Fatalf("not an arrow: %s", arrow)
		}
		want = append(want, parts[1:]...)
	}
	for _, text := range regexp.MustCompile(`<text[^>]*>([^<]*)</text>`).FindAllStringSubmatch(picture, -1) {
		got = append(got, text[1])
	}
	slices.Sort(want)
	slices.Sort(got)
	if want = slices.Compact(want); !slices.Equal(got, want) {
		t.Errorf("the picture has the texts %q, want %q", got, want)
	}
	if n := strings.Count(picture, "marker-end="); n != len(arrows) {
		t.Errorf("the picture has %d arrows, want %d", n, len(arrows))
	}
	if !strings.Contains(picture, "prefers-color-scheme: dark") || strings.Contains(picture, "<script") {
		t.Error("the picture must have colors for a dark page, and no script")
	}
}
