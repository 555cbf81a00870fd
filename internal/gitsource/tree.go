// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
)

// File is an entry of a commit that matches a pattern.
type File struct {
	// Path is the path from the top of the repository, with slashes. It is valid for fs.ValidPath and printable, except
	// in a rejected file: print a File, not its Path.
	Path string
	// OID is the object id of the content: the same content has the same id.
	OID string
	// Size is the size of the content in bytes, and 0 for a rejected file.
	Size int64
	// Rejected is why the entry cannot be read, with a hint; empty if it can. Such an entry is a failed file, not an
	// absent one.
	Rejected string
}

// String returns the path, quoted if it is not printable or not valid.
func (f File) String() string {
	if isPlainPath(f.Path) {
		return f.Path
	}
	return foreign.Quote(f.Path)
}

func isPlainPath(path string) bool {
	return fs.ValidPath(path) && foreign.Printable(path)
}

// Files lists the entries of a commit that the patterns select (ValidatePatterns), in git's order. Rejected is set for an entry
// that matches and is not a regular file with a printable path, and for a link or submodule in place of a folder that a
// pattern names. More than 100,000 files in the commit, matching or not, are an error, and so is an incomplete listing.
// Each tree is hashed, so the entries are those of the commit with this id.
func (r *Repository) Files(ctx context.Context, commit Commit, patterns []string) ([]File, error) {
	selection, err := newPatterns(patterns)
	if err != nil {
		return nil, err
	}
	if err := r.checkCommit(commit); err != nil {
		return nil, err
	}
	files, err := r.list(ctx, commit, selection)
	if err == nil {
		rejectDuplicates(files)
		err = r.measure(ctx, files)
	}
	if err != nil {
		return nil, fmt.Errorf("list the files of commit %s in %s: %w", commit, r.path, err)
	}
	return files, nil
}

// linkRejected is File.Rejected of a symbolic link.
const linkRejected = "is a symbolic link, which is not followed; commit the file itself"

// nameRejected is File.Rejected of a name.
const nameRejected = "has an invalid name: not UTF-8, not printable, a command of a CI system such as ::error::, or with elements such as '..'; rename it"

// CheckName refuses the path of a file on disk whose name Files rejects in a commit.
func CheckName(path string) error {
	if isPlainPath(path) {
		return nil
	}
	return fmt.Errorf("%s %s", File{Path: path}, nameRejected)
}

// CheckLinks refuses a path below a folder on disk that is, or is below, a symbolic link, as Files does after a commit.
func CheckLinks(top, path string) error {
	if link, found := FirstLink(top, path); found {
		return fmt.Errorf("%s %s", link, linkRejected)
	}
	return nil
}

// FirstLink returns the first symbolic link on a path below a folder on disk.
func FirstLink(top, path string) (link File, found bool) {
	elements := strings.Split(path, "/")
	for i := range elements {
		f := File{Path: strings.Join(elements[:i+1], "/")}
		info, err := os.Lstat(filepath.Join(top, filepath.FromSlash(f.Path)))
		if err == nil && info.Mode().Type() == fs.ModeSymlink {
			return f, true
		}
	}
	return File{}, false
}

// rejectDuplicates rejects all entries with the same path. Git writes no such tree, but an attacker can forge one.
func rejectDuplicates(files []File) {
	count := make(map[string]int, len(files))
	for _, f := range files {
		count[f.Path]++
	}
	for i, f := range files {
		if count[f.Path] > 1 && f.Rejected == "" {
			files[i].Rejected = "is a duplicate path in the commit; the commit is damaged or forged"
		}
	}
}
