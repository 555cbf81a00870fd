// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
)

const (
	maxEntries = 100_000  // files in a commit, and folders in it
	maxListing = 32 << 20 // bytes of the listing of a commit
	maxEntry   = 8 << 10  // bytes of a path
)

// list lists the entries of a commit that the patterns select.
func (r *Repository) list(ctx context.Context, commit Commit, selection patterns) ([]File, error) {
	l := &listing{objects: &batch{repository: r}, selection: selection}
	defer l.objects.close()
	raw, err := l.objects.must(ctx, "commit", string(commit), maxObject)
	if err != nil {
		return nil, err
	}
	tree, _, err := r.commitLinks(raw)
	if err != nil {
		return nil, err
	}
	return l.files, l.walk(ctx, tree, "")
}

// listing walks through the trees of a commit.
type listing struct {
	objects   *batch
	selection patterns
	files     []File // that the patterns select

	// A few objects can be any number of files, so what counts is how often each is reached.
	entries, folders int
	size             int64 // bytes of trees and paths
}

// walk adds the files of a tree and the trees below it. folder is its path, which ends with a slash; "" for the top.
func (l *listing) walk(ctx context.Context, id, folder string) error {
	l.folders++
	tree, err := l.objects.must(ctx, "tree", id, maxListing-l.size)
	if errors.Is(err, ErrTooLarge) {
		return errListing
	}
	if err != nil {
		return err
	}
	l.size += int64(len(tree))
	for len(tree) > 0 {
		var e entry
		if e, tree, err = cutEntry(tree, len(id)/2); err != nil {
			return fmt.Errorf("tree %s: %w", id, err)
		}
		e.path = folder + e.path
		if err := l.add(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

func (l *listing) add(ctx context.Context, e entry) error {
	l.size += int64(len(e.path))
	if !e.isTree() {
		l.entries++
	}
	switch {
	case len(e.path) > maxEntry:
		return fmt.Errorf("a path is longer than %d bytes", maxEntry)
	case l.entries > maxEntries || l.folders > maxEntries || l.size > maxListing:
		return errListing
	case e.isTree():
		return l.walk(ctx, e.oid, e.path+"/")
	case l.selection.match(e.path) || !e.isRegular() && l.selection.matchBelow(e.path):
		l.files = append(l.files, e.file())
	}
	return nil
}

var errListing = fmt.Errorf("%w: more than %d files or as many folders, or %d MiB of names and ids; use a smaller repository for secrets",
	ErrTooLarge, maxEntries, maxListing>>20)

// entry is an entry of a tree. Its mode is a file mode as in stat(2).
type entry struct {
	mode      uint64
	path, oid string
}

// cutEntry cuts off the first entry of a tree: the mode in octal digits, a space, the name, NUL, and the bytes of an id.
func cutEntry(tree []byte, idSize int) (e entry, rest []byte, err error) {
	head, rest, found := bytes.Cut(tree, []byte{0})
	mode, name, spaced := bytes.Cut(head, []byte(" "))
	e.mode, err = strconv.ParseUint(string(mode), 8, 32)
	if err != nil || !found || !spaced || len(name) == 0 || len(rest) < idSize {
		return entry{}, nil, damage("an entry is malformed; the commit is damaged or forged")
	}
	e.path, e.oid = string(name), hex.EncodeToString(rest[:idSize])
	return e, rest[idSize:], nil
}

func (e entry) kind() uint64 { return e.mode & 0o170000 }

func (e entry) isTree() bool { return e.kind() == 0o040000 }

// isRegular reports whether the entry is a regular file, executable or not.
func (e entry) isRegular() bool { return e.kind() == 0o100000 }

func (e entry) file() File {
	f := File{Path: e.path, OID: e.oid}
	switch {
	case e.kind() == 0o120000:
		f.Rejected = linkRejected
	case e.kind() == 0o160000:
		f.Rejected = "is a submodule, which is not entered; exclude it by a pattern that begins with !, and make its repository a source of its own"
	case !e.isRegular():
		f.Rejected = "is not a regular file"
	case !isPlainPath(e.path):
		f.Rejected = nameRejected
	}
	return f
}
