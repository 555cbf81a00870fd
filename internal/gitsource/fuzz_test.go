// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource

import (
	"bufio"
	"errors"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/internal/fuzztest"
)

// FuzzPatterns: a valid pattern matches without an error, an exclusion after it wins, and
// a wildcard selects no name that begins with a dot.
func FuzzPatterns(f *testing.F) {
	fuzztest.Add(f, fuzztest.Seed{"secrets/**/*.yaml", "secrets/a/b.yaml"}, fuzztest.Seed{"{a,b}/?[a-z].json", "a/xy.json"}, fuzztest.Seed{"**", ".sops.yaml"},
		fuzztest.Seed{"a/.env*", "a/.env.production"}, fuzztest.Seed{"{{a,b},{c,d}}{e,f}", "ae"}, fuzztest.Seed{"[!a]\\*", "b*"})
	f.Fuzz(func(t *testing.T, pattern, path string) {
		if err := ValidatePattern(pattern); err != nil {
			if !foreign.Printable(err.Error()) {
				t.Errorf("the error is not printable: %q", err)
			}
			return
		}
		selected := Selects([]string{pattern}, path)
		if selected != Matches(pattern, path) {
			t.Errorf("%q selects %q: %v", pattern, path, selected)
		}
		if selected && Selects([]string{pattern, "!" + pattern}, path) {
			t.Errorf("%q selects %q after its own exclusion", pattern, path)
		}
		if selected && hasHidden(path) && !strings.Contains(pattern, ".") {
			t.Errorf("%q selects the hidden %q", pattern, path)
		}
	})
}

// FuzzTree: a tree is refused, or all of its bytes are in entries, and a file that can be read
// has a plain path.
func FuzzTree(f *testing.F) {
	id := strings.Repeat("\x0f", 20)
	fuzztest.Add(f, fuzztest.Texts("100644 a.yaml\x00"+id+"40000 secrets\x00"+id, "120000 link\x00"+id+"160000 module\x00"+id, "100755 ..\x00"+id, "100644 a/b\x00"+id+"100644 \x1b[2J\x00"+id,
		"0100644 a\x00"+id[1:], "37777777777 a\x00"+id)...)
	f.Fuzz(func(t *testing.T, tree string) {
		for _, size := range []int{20, 32} {
			rest, read := []byte(tree), 0
			for len(rest) > 0 {
				before := len(rest)
				var e entry
				var err error
				if e, rest, err = cutEntry(rest, size); err != nil {
					if !errors.Is(err, ErrDamaged) {
						t.Errorf("got an error of another kind: %v", err)
					}
					break
				}
				if read += before - len(rest); len(rest) >= before || len(e.oid) != 2*size || e.path == "" || e.isTree() && e.isRegular() {
					t.Fatalf("an entry of %d bytes is %+v", before-len(rest), e)
				}
				if file := e.file(); file.Rejected == "" && (!isPlainPath(file.Path) || e.isTree()) {
					t.Errorf("%+v can be read", file)
				}
				if text := e.file().String(); !foreign.Printable(text) {
					t.Errorf("the path is not printable: %q", text)
				}
			}
			if rest != nil && read != len(tree) {
				t.Errorf("%d of %d bytes were read", read, len(tree))
			}
		}
	})
}

// FuzzLinks: a commit and a tag are refused, or name objects by whole ids that are in their
// first lines.
func FuzzLinks(f *testing.F) {
	id := strings.Repeat("0f", 20)
	fuzztest.Add(f, fuzztest.Texts("tree "+id+"\nparent "+id+"\nparent "+id+"\nauthor a\n\nmessage\nparent "+id+"\n", "object "+id+"\ntype commit\ntag v1\n\nmessage",
		"tree "+id, "tree "+id+"\n\nparent "+id+"\n", "author a\ntree "+id+"\n", "object "+id+"\n\ntype commit\n")...)
	f.Fuzz(func(t *testing.T, raw string) {
		for _, digits := range []int{40, 64} {
			r := &Repository{idLen: digits}
			if tree, parents, err := r.commitLinks([]byte(raw)); err == nil {
				lines := "tree " + tree + "\n"
				for _, parent := range parents {
					lines += "parent " + parent + "\n"
				}
				if !strings.HasPrefix(raw, lines) || strings.HasPrefix(raw[len(lines):], "parent "+id+"\n") && digits == len(id) || !r.isID(tree) {
					t.Errorf("%q has the lines %q", raw, lines)
				}
			} else if !errors.Is(err, ErrDamaged) {
				t.Errorf("got an error of another kind: %v", err)
			}
			if object, kind, err := r.tagLink([]byte(raw)); err == nil && (!r.isID(object) || !strings.HasPrefix(raw, "object "+object+"\ntype "+kind)) {
				t.Errorf("%q has the object %s of kind %q", raw, object, kind)
			}
		}
	})
}

// FuzzObjectHeader: the answer of git cat-file is refused, or has the size of this object.
func FuzzObjectHeader(f *testing.F) {
	id := strings.Repeat("0f", 20)
	fuzztest.Add(f, fuzztest.Texts(id+" blob 12\n", id+" missing\n", id+" tree 12\n", id+" blob -1\n", id+" blob 9223372036854775808\n", "fatal: x\n", strings.Repeat("a", 5000))...)
	f.Fuzz(func(t *testing.T, line string) {
		size, err := readHeader(bufio.NewReader(strings.NewReader(line)), "blob", id)
		switch {
		case err != nil:
			if !foreign.Printable(err.Error()) || len(err.Error()) > 1000 {
				t.Errorf("the error is long or not printable: %q", err)
			}
		case size < 0 || !strings.HasPrefix(line, id+" blob "):
			t.Errorf("%q has the size %d", line, size)
		}
	})
}
