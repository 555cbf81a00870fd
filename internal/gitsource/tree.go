// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitcommand"
)

const (
	maxEntries = 100_000  // files in a commit
	maxListing = 32 << 20 // bytes of the listing of a commit
	maxEntry   = 8 << 10  // bytes of one entry, which is mostly its path
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

// String returns the path, quoted if it has characters that are not printable.
func (f File) String() string {
	if isPlainPath(f.Path) {
		return f.Path
	}
	return strconv.QuoteToGraphic(f.Path)
}

func isPlainPath(path string) bool {
	return fs.ValidPath(path) && gitcommand.Printable(path) == path
}

// Files lists the entries of a commit that the patterns select (ValidatePatterns), in git's order. Rejected is set for an entry
// that matches and is not a regular file with a printable path, and for a link or submodule in place of a folder that a
// pattern names. More than 100,000 files in the commit, matching or not, are an error, and so is an incomplete listing.
func (r *Repository) Files(ctx context.Context, commit Commit, patterns []string) ([]File, error) {
	selection, err := newPatterns(patterns)
	if err != nil {
		return nil, err
	}
	if err := r.checkCommit(commit); err != nil {
		return nil, err
	}
	files, err := r.list(ctx, commit, selection)
	if err != nil {
		return nil, fmt.Errorf("list the files of commit %s in %s: %w", commit, r.path, err)
	}
	rejectDuplicates(files)
	return files, nil
}

func (r *Repository) list(ctx context.Context, commit Commit, selection patterns) ([]File, error) {
	tree, err := r.git.Start(ctx, "ls-tree", "-r", "-z", "-l", "--full-tree", "--end-of-options", string(commit)+"^{commit}")
	if err != nil {
		return nil, err
	}
	files, err := r.readEntries(tree.Out, selection)
	if err == nil || errors.Is(err, io.ErrUnexpectedEOF) {
		if ended := tree.Wait(); ended != nil && ctx.Err() == nil {
			return nil, damage(ended.Error())
		}
		return files, cmp.Or(ctx.Err(), err)
	}
	tree.Kill()
	return nil, cmp.Or(ctx.Err(), err)
}

func (r *Repository) readEntries(listing io.Reader, selection patterns) ([]File, error) {
	var files []File
	entries, size := 0, 0
	scanner := bufio.NewScanner(listing)
	scanner.Buffer(nil, maxEntry)
	scanner.Split(splitNUL)
	for scanner.Scan() {
		entries++
		size += len(scanner.Bytes())
		if entries > maxEntries || size > maxListing {
			return nil, fmt.Errorf("too large: more than %d files, or %d MiB of names and ids; use a smaller repository for secrets",
				maxEntries, maxListing>>20)
		}
		e, err := r.parseEntry(scanner.Text())
		if err != nil {
			return nil, err
		}
		if selection.match(e.path) || !e.isRegular() && selection.matchBelow(e.path) {
			files = append(files, e.file())
		}
	}
	if errors.Is(scanner.Err(), bufio.ErrTooLong) {
		return nil, fmt.Errorf("a path is longer than %d bytes", maxEntry)
	}
	return files, scanner.Err()
}

// splitNUL is a bufio.SplitFunc for entries that each end with NUL.
func splitNUL(data []byte, atEOF bool) (int, []byte, error) {
	if end := bytes.IndexByte(data, 0); end >= 0 {
		return end + 1, data[:end], nil
	}
	if atEOF && len(data) > 0 {
		return 0, nil, io.ErrUnexpectedEOF
	}
	return 0, nil, nil
}

// linkRejected is File.Rejected of a symbolic link.
const linkRejected = "is a symbolic link, which is not followed; commit the file itself"

// CheckLinks refuses a path below a folder on disk that is, or is below, a symbolic link, as Files does after a commit.
func CheckLinks(top, path string) error {
	elements := strings.Split(path, "/")
	for i := range elements {
		f := File{Path: strings.Join(elements[:i+1], "/")}
		info, err := os.Lstat(filepath.Join(top, filepath.FromSlash(f.Path)))
		if err == nil && info.Mode().Type() == fs.ModeSymlink {
			return fmt.Errorf("%s %s", f, linkRejected)
		}
	}
	return nil
}

// entry is a line of `git ls-tree -l`: mode, type, object id, size, a tab, and the path. The size is padded; it is BAD
// for a damaged object, and - for one that is not in this repository.
type entry struct {
	mode, kind, oid, size, path string
}

func (r *Repository) parseEntry(line string) (entry, error) {
	attributes, path, _ := strings.Cut(line, "\t")
	f := strings.Fields(attributes)
	if len(f) != 4 || !r.isID(f[2]) || path == "" {
		return entry{}, fmt.Errorf("git ls-tree: invalid entry %q", gitcommand.OneLine([]byte(line)))
	}
	return entry{mode: f[0], kind: f[1], oid: f[2], size: f[3], path: path}, nil
}

// isRegular reports whether the entry is a regular file, executable or not.
func (e entry) isRegular() bool {
	return e.kind == "blob" && strings.HasPrefix(e.mode, "100")
}

func (e entry) file() File {
	f := File{Path: e.path, OID: e.oid}
	size, err := strconv.ParseInt(e.size, 10, 64)
	switch {
	case e.mode == "120000":
		f.Rejected = linkRejected
	case e.mode == "160000":
		f.Rejected = "is a submodule, which is not entered; exclude it by a pattern that begins with !, and make its repository a source of its own"
	case !e.isRegular():
		f.Rejected = "is not a regular file"
	case !isPlainPath(e.path):
		f.Rejected = "has an invalid name: not UTF-8, not printable, or with elements such as '..'; rename it"
	case err != nil || size < 0:
		f.Rejected = "has no readable content in this repository (object " + e.oid + "); " + restoreObject
	default:
		f.Size = size
	}
	return f
}

// rejectDuplicates rejects all entries with the same path. Git writes no such tree, but an attacker can forge one.
func rejectDuplicates(files []File) {
	count := make(map[string]int, len(files))
	for _, f := range files {
		count[f.Path]++
	}
	for i, f := range files {
		if count[f.Path] > 1 && f.Rejected == "" {
			files[i].Size, files[i].Rejected = 0, "is a duplicate path in the commit; the commit is damaged or forged"
		}
	}
}
