// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
)

func TestVerifiedFileBelongsToTheSourcesThatFollowIt(t *testing.T) {
	t.Parallel()
	top, other, bare := t.TempDir(), t.TempDir(), t.TempDir()
	for _, tree := range []string{top, other} {
		if err := os.Mkdir(filepath.Join(tree, ".git"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	at := func(name, repository string) config.Source {
		return config.Source{Name: name, Repository: repository, Files: []string{"a.yaml"}}
	}
	local, elsewhere, one, two := at("local", top), at("elsewhere", other), at("one", "https://host/one"), at("two", "https://host/two")
	second := at("second", "https://host/one")
	for _, row := range []struct {
		name    string
		sources []config.Source
		path    string
		named   bool
		want    string // the names, or a part of the error
	}{
		{"a work tree before a remote one", []config.Source{one, local, elsewhere}, "a.yaml", false, "local"},
		{"another work tree", []config.Source{elsewhere}, "a.yaml", false, ""},
		{"another work tree by name", []config.Source{elsewhere}, "a.yaml", true, "elsewhere"},
		{"a path that no pattern selects", []config.Source{local, one}, "b.yaml", true, ""},
		{"two sources of one repository", []config.Source{one, second}, "a.yaml", false, "one second"},
		{"two repositories", []config.Source{one, two}, "a.yaml", false, "--source"},
		{"a clone of a bare repository", []config.Source{at("bare", bare)}, "a.yaml", false, "bare"},
	} {
		followed, err := follow(row.sources, top, row.path, row.named)
		var names []string
		for _, s := range followed {
			names = append(names, s.Name)
		}
		if got := strings.Join(names, " "); err == nil && got != row.want || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %q, %v, want %q", row.name, got, err, row.want)
		}
	}
}
