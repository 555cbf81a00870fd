// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	fencedBlock = regexp.MustCompile("(?ms)^[ \t]*```.*?^[ \t]*```$")
	pageLink    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	pageHeading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	pageAnchor  = regexp.MustCompile(`<a id="([^"]+)">`)
	notInAnchor = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
)

// anchors are the anchors of a page, as git hosts and the registry make them of headings.
func anchors(text string) []string {
	text = fencedBlock.ReplaceAllString(text, "")
	var out []string
	for _, heading := range pageHeading.FindAllStringSubmatch(text, -1) {
		slug := notInAnchor.ReplaceAllString(strings.ToLower(heading[1]), "")
		out = append(out, strings.ReplaceAll(strings.TrimSpace(slug), " ", "-"))
	}
	for _, anchor := range pageAnchor.FindAllStringSubmatch(text, -1) {
		out = append(out, anchor[1])
	}
	return out
}

// pages returns the texts of all pages of the repository, by path.
func pages(t *testing.T) map[string]string {
	t.Helper()
	root, out := os.DirFS(filepath.Join("..", "..")), map[string]string{}
	for _, folder := range []string{"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "docs", "examples"} {
		err := fs.WalkDir(root, folder, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || path.Ext(name) != ".md" {
				return err
			}
			text, err := fs.ReadFile(root, name)
			out[name] = string(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// TestLinksLeadToPages: a git host follows a relative link to a file. The registry serves
// docs/guides/roles.md as docs/guides/roles and follows the same link without its ".md", so
// a page of docs/ links only to pages of docs/ in this form.
func TestLinksLeadToPages(t *testing.T) {
	t.Parallel()
	all, checked := pages(t), 0
	for name, text := range all {
		for _, found := range pageLink.FindAllStringSubmatch(fencedBlock.ReplaceAllString(text, ""), -1) {
			link, anchor, _ := strings.Cut(found[1], "#")
			if strings.Contains(link, ":") {
				continue
			}
			checked++
			target := name
			if link != "" {
				target = path.Join(path.Dir(name), link)
			}
			if _, err := os.Stat(filepath.Join("..", "..", target)); err != nil {
				t.Errorf("%s links to %s, which is not found", name, found[1])
				continue
			}
			page, isPage := all[target]
			if strings.HasPrefix(name, "docs/") && (!isPage || !strings.HasPrefix(target, "docs/")) && !strings.HasPrefix(target, "docs/images/") {
				t.Errorf("%s links to %s: in the registry only pages of docs/ exist; use the address at the git host", name, found[1])
			}
			if anchor != "" && !slices.Contains(anchors(page), anchor) {
				t.Errorf("%s links to %s, and %s has no such heading", name, found[1], target)
			}
		}
	}
	if checked < 50 {
		t.Errorf("only %d links were checked", checked)
	}
}
