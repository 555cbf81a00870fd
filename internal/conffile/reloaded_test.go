// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package conffile

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestUnusableFileIsNotedOncePerChange: not once per use, and again after another change.
func TestUnusableFileIsNotedOncePerChange(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("first"), 0o600); err != nil {
		t.Fatal(err)
	}
	var notes []string
	read := func() (string, error) {
		text, err := Line(path)
		if text == "broken" || text == "broken again" {
			err = errors.New(text)
		}
		return text, err
	}
	r, err := NewReloaded(read, func(err error) {
		if err == nil {
			err = errors.New("used")
		}
		notes = append(notes, err.Error())
	}, path)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text, want string
		notes      []string
	}{
		{"broken", "first", []string{"broken"}},
		{"broken again", "first", []string{"broken", "broken again"}},
		{"second", "second", []string{"broken", "broken again", "used"}},
		{"broken again", "second", []string{"broken", "broken again", "used", "broken again"}},
	} {
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if got := r.Get(); got != c.want || !slices.Equal(notes, c.notes) {
				t.Errorf("%q: %q, noted %q", c.text, got, notes)
			}
		}
	}
}

func TestUnusableFileAtTheStartIsAnError(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "missing")
	if _, err := NewReloaded(func() (string, error) { return Line(path) }, func(error) { t.Error("noted") }, path); err == nil {
		t.Error("no error")
	}
}
