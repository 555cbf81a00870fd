// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package conffile_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
)

func TestFilesAreComparedByIdentityAndContent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return filepath.Join(dir, name)
	}
	path := write("key", "one")
	before := conffile.VersionOf(path, dir+"/missing")
	if now := conffile.VersionOf(path, dir+"/missing"); !now.Same(before) {
		t.Error("an unchanged file changed")
	}
	changes := map[string]func(){
		"content": func() { write("key", "other") },
		"content of the same length": func() {
			if err := os.Chtimes(write("key", "OTHER"), time.Time{}, time.Now().Add(time.Second)); err != nil {
				t.Fatal(err)
			}
		},
		"file": func() {
			if err := os.Rename(write("new", "three"), path); err != nil {
				t.Fatal(err)
			}
		},
		"mode": func() {
			if err := os.Chmod(path, 0o400); err != nil {
				t.Fatal(err)
			}
		},
		"missing": func() {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		},
	}
	for _, name := range []string{"content", "content of the same length", "file", "mode", "missing"} {
		before := conffile.VersionOf(path)
		changes[name]()
		if conffile.VersionOf(path).Same(before) {
			t.Errorf("%s: not noticed", name)
		}
	}
}
