// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
)

// An attacker of these tests can write to the folder of objects, and has no key that signs commits. Each attack puts a
// valid object in place of another one, and git accepts it.

// inPlace puts the object of one revision under the id of another one.
func (w workspace) inPlace(of, object string) {
	w.t.Helper()
	content, err := os.ReadFile(w.object(object))
	if err == nil {
		err = os.WriteFile(w.object(of), content, 0o644)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// forged is a repository whose main was signed, and whose branch evil has what the attacker wants.
func forged(t *testing.T, format string) (w workspace, signed, evil gitsource.Commit) {
	t.Helper()
	w = newWorkspace(t, "--object-format="+format)
	signed = w.commit("secrets/deep/a.yaml", "true", "top.yaml", "true", "same.yaml", "same")
	w.git("tag", "-a", "-m", "signed", "v1")
	w.git("tag", "-a", "-m", "signed, of a tag", "outer", "v1")
	w.git("checkout", "--quiet", "-b", "evil")
	evil = w.commit("secrets/deep/a.yaml", "evil", "top.yaml", "evil")
	w.git("tag", "-a", "-m", "not signed", "evil-tag")
	return w, signed, evil
}

// accepted is what a caller takes from the signed commit: the content of all files. An error that shows the attack wraps
// ErrDamaged.
func accepted(t *testing.T, w workspace, c gitsource.Commit) string {
	t.Helper()
	r := w.open()
	damaged := func(err error) {
		if !errors.Is(err, gitsource.ErrDamaged) || strings.Contains(err.Error(), "evil") {
			t.Errorf("the error does not report a damaged object: %v", err)
		}
	}
	files, err := r.Files(t.Context(), c, []string{"**"})
	if err != nil {
		damaged(err)
		return ""
	}
	var all strings.Builder
	err = r.Read(t.Context(), files, enough, func(_ gitsource.File, content []byte, err error) error {
		if err != nil {
			damaged(err)
		}
		all.Write(content)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return all.String()
}

func TestForgedObjectIsNotRead(t *testing.T) {
	t.Parallel()
	attacks := map[string]func(w workspace){
		"subtree replaced":   func(w workspace) { w.inPlace("main:secrets", "evil:secrets") },
		"deepest replaced":   func(w workspace) { w.inPlace("main:secrets/deep", "evil:secrets/deep") },
		"root tree replaced": func(w workspace) { w.inPlace("main^{tree}", "evil^{tree}") },
		"blob replaced":      func(w workspace) { w.inPlace("main:secrets/deep/a.yaml", "evil:secrets/deep/a.yaml") },
		"commit replaced":    func(w workspace) { w.inPlace("main", "evil") },
		"index of a pack":    func(w workspace) { w.swapInPack("main:secrets", "evil:secrets") },
		"blob in a pack":     func(w workspace) { w.swapInPack("main:top.yaml", "evil:top.yaml") },
		"alternate": func(w workspace) {
			w.inPlace("main:secrets", "evil:secrets")
			objects := filepath.Join(w.dir, ".git/objects")
			if err := os.Rename(objects, w.dir+"/elsewhere"); err != nil {
				w.t.Fatal(err)
			}
			w.write(".git/objects/info/alternates", w.dir+"/elsewhere\n")
		},
	}
	for name, attack := range attacks {
		for _, format := range []string{"sha1", "sha256"} {
			t.Run(name+" "+format, func(t *testing.T) {
				t.Parallel()
				w, signed, _ := forged(t, format)
				if got := accepted(t, w, signed); got != "sametruetrue" && got != "truesametrue" {
					t.Fatalf("before the attack: %q", got)
				}
				attack(w)
				if name != "commit replaced" && !strings.Contains(w.git("grep", "-h", "-e", "evil", string(signed)), "evil") {
					t.Error("git does not read what the attacker wrote, so this test shows nothing")
				}
				if got := accepted(t, w, signed); strings.Contains(got, "evil") {
					t.Errorf("read %q from the signed commit", got)
				}
			})
		}
	}
}

func TestForgedObjectOfAnotherTypeIsNotRead(t *testing.T) {
	t.Parallel()
	for name, attack := range map[string]func(w workspace){
		"tree as a file":   func(w workspace) { w.inPlace("main:top.yaml", "evil:secrets") },
		"file as a tree":   func(w workspace) { w.inPlace("main:secrets", "evil:top.yaml") },
		"tag as a commit":  func(w workspace) { w.inPlace("main", "evil-tag") },
		"commit as a tree": func(w workspace) { w.inPlace("main^{tree}", "evil") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, signed, _ := forged(t, "sha1")
			attack(w)
			r := w.open()
			files, err := r.Files(t.Context(), signed, []string{"**"})
			if err != nil {
				wantError(t, err, "git cat-file: unexpected output: expected ")
				return
			}
			contents, problems := read(t, r, files)
			if len(contents) != 1 || problems["top.yaml"] == nil { // the true content of two files is the same object
				t.Errorf("got %q, %v", contents, problems)
			}
		})
	}
}

// A signature of a tag object is for the commit that it leads to, through the tag objects between them.
func TestForgedTagObjectDoesNotLeadToAnotherCommit(t *testing.T) {
	t.Parallel()
	for _, replaced := range []string{"v1", "outer"} {
		for _, format := range []string{"sha1", "sha256"} {
			w, signed, _ := forged(t, format)
			r := w.open()
			if tag, err := r.ResolveTag(t.Context(), "outer"); err != nil || tag.Commit != signed {
				t.Fatalf("before the attack: %+v, %v", tag, err)
			}
			w.inPlace(replaced, "evil-tag")
			tag, err := r.ResolveTag(t.Context(), "outer")
			if !errors.Is(err, gitsource.ErrDamaged) {
				t.Errorf("%s replaced: got %+v, %v", replaced, tag, err)
			}
		}
	}
}

func TestForgedHistoryIsNotFollowed(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"sha1", "sha256"} {
		w := newWorkspace(t, "--object-format="+format)
		stranger := w.commit("a", "of another history")
		child := w.commit("a", "its child")
		w.git("checkout", "--quiet", "--orphan", "main2")
		first, middle, head := w.commit("a", "1"), w.commit("a", "2"), w.commit("a", "3")
		r := w.open()
		truth := func(attack string) {
			wantAncestry(t, r, first, head, gitsource.Yes, format+" "+attack+": ancestor")
			wantAncestry(t, r, stranger, head, gitsource.No, format+" "+attack+": stranger")
		}
		truth("no attack")

		w.write(".git/shallow", string(middle)+"\n")
		if got := w.git("rev-list", "--count", string(head)); got != "2" {
			t.Errorf("git does not follow the forged list of a shallow repository: %s commits", got)
		}
		truth("shallow forged")
		os.Remove(w.dir + "/.git/shallow")

		w.lieInCommitGraph(head, stranger)
		follows(w, head, stranger)
		truth("commit graph")
		os.Remove(w.dir + "/.git/objects/info/commit-graph")

		w.inPlace(string(middle), string(child))
		follows(w, head, stranger)
		for _, older := range []gitsource.Commit{first, stranger} {
			if got, err := r.Ancestry(t.Context(), head, older); !errors.Is(err, gitsource.ErrDamaged) {
				t.Errorf("%s: ancestor replaced: got %v, %v", format, got, err)
			}
		}
	}
}

// follows requires that git without the measures follows what the attacker wrote: otherwise a test shows nothing.
func follows(w workspace, head, stranger gitsource.Commit) {
	w.t.Helper()
	if !strings.Contains(w.git("rev-list", string(head)), string(stranger)) {
		w.t.Error("git does not follow the forged history")
	}
}

// A commit that is not what its id promises is not known to be outside the history: records of it are not updated.
func TestForgedCommitOutsideTheHistoryIsUnknown(t *testing.T) {
	t.Parallel()
	w, signed, evil := forged(t, "sha1")
	wantAncestry(t, w.open(), evil, signed, gitsource.No, "before the attack")
	w.inPlace("evil", "main")
	wantAncestry(t, w.open(), evil, signed, gitsource.Unknown, "another commit under its id")
}

// swapInPack packs all objects, and exchanges two of them in the index of the pack (gitformat-pack(5)).
func (w workspace) swapInPack(one, other string) {
	w.t.Helper()
	ids := [][]byte{w.rawID(one), w.rawID(other)}
	w.git("repack", "-a", "-d", "--quiet", "--no-write-bitmap-index")
	w.git("prune-packed", "--quiet")
	indexes, err := filepath.Glob(w.dir + "/.git/objects/pack/*.idx")
	if err != nil || len(indexes) != 1 {
		w.t.Fatal(indexes, err)
	}
	w.patch(indexes[0], func(index []byte) {
		const names = 8 + 256*4
		count, size := int(binary.BigEndian.Uint32(index[names-4:])), len(ids[0])
		offset := func(id []byte) []byte {
			at := 0
			for !bytes.Equal(index[names+at*size:][:size], id) {
				at++
			}
			return index[names+count*(size+4)+at*4:][:4]
		}
		a, b := offset(ids[0]), offset(ids[1])
		kept := bytes.Clone(a)
		copy(a, b)
		copy(b, kept)
	})
}

// lieInCommitGraph writes a commit graph in which a commit has another parent (gitformat-commit-graph(5)).
func (w workspace) lieInCommitGraph(child, parent gitsource.Commit) {
	w.t.Helper()
	w.git("-c", "commitGraph.generationVersion=1", "commit-graph", "write", "--reachable")
	childID, parentID := w.rawID(string(child)), w.rawID(string(parent))
	w.patch(filepath.Join(w.dir, ".git/objects/info/commit-graph"), func(graph []byte) {
		chunk := func(name string) int {
			entry := bytes.Index(graph[8:], []byte(name)) + 8
			return int(binary.BigEndian.Uint64(graph[entry+4:]))
		}
		names, data, size := chunk("OIDL"), chunk("CDAT"), len(childID)
		position := func(id []byte) int {
			at := 0
			for !bytes.Equal(graph[names+at*size:][:size], id) {
				at++
			}
			return at
		}
		binary.BigEndian.PutUint32(graph[data+position(childID)*(size+16)+size:], uint32(position(parentID)))
	})
}

func (w workspace) rawID(rev string) []byte {
	w.t.Helper()
	id, err := hex.DecodeString(w.git("rev-parse", rev))
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func (w workspace) patch(path string, change func([]byte)) {
	w.t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	change(content)
	if err := os.Remove(path); err != nil { // it is read-only
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		w.t.Fatal(err)
	}
}
