// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource

import (
	"bytes"
	"context"
	"crypto/sha1" // git's own choice; the hash must be the same here
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strings"
)

// ErrDamaged is wrapped by the errors for objects that are missing or changed.
var ErrDamaged = errors.New("the repository is damaged")

// damage is ErrDamaged with another text.
type damage string

func (d damage) Error() string { return string(d) }

// Is reports whether the target is ErrDamaged.
func (d damage) Is(target error) bool { return target == ErrDamaged } //nolint:errorlint // Is compares by definition

// restoreObject is the advice for an object that git cannot read. git fetch alone takes
// what commits refer to as present, and replaces no file of an object.
const restoreObject = "delete what git fsck reports as damaged and run git fetch --refetch --no-filter, or clone the repository again"

// errMissing is ErrDamaged for an object that is not in the repository, or that git cannot open.
const errMissing = damage("is missing or damaged; " + restoreObject)

// ErrTooLarge is wrapped by the error for a file that is larger than a limit.
var ErrTooLarge = errors.New("too large")

const maxObject = 1 << 20 // bytes of a commit or tag object

// CommitObject returns a commit as git stores it, at most 1 MiB: headers, an empty line, the message.
func (r *Repository) CommitObject(ctx context.Context, c Commit) ([]byte, error) {
	data, err := r.object(ctx, "commit", string(c))
	if err != nil {
		return nil, fmt.Errorf("read commit %s of %s: %w", c, r.path, err)
	}
	return data, nil
}

// TagObject returns a tag as git stores it, at most 1 MiB. A lightweight tag has no object: that is an error.
func (r *Repository) TagObject(ctx context.Context, t Tag) ([]byte, error) {
	data, err := r.object(ctx, "tag", t.Object)
	if err != nil {
		return nil, fmt.Errorf("read tag %q of %s: %w", t.Name, r.path, err)
	}
	return data, nil
}

func (r *Repository) object(ctx context.Context, kind, id string) ([]byte, error) {
	b := &batch{repository: r}
	defer b.close()
	return b.must(ctx, kind, id, maxObject)
}

// commitLinks returns the tree and the parents that a commit names. Git reads the same lines: the first one, and those of
// parents that follow it.
func (r *Repository) commitLinks(raw []byte) (tree string, parents []string, err error) {
	tree, rest := r.nextLink(raw, "tree ")
	if tree == "" {
		return "", nil, damage("the commit names no tree; it is damaged or forged")
	}
	for {
		var parent string
		if parent, rest = r.nextLink(rest, "parent "); parent == "" {
			return tree, parents, nil
		}
		parents = append(parents, parent)
	}
}

// tagLink returns the object that a tag object names, and its kind.
func (r *Repository) tagLink(raw []byte) (id, kind string, err error) {
	id, rest := r.nextLink(raw, "object ")
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	kind, found := strings.CutPrefix(string(line), "type ")
	if id == "" || !found {
		return "", "", damage("the tag names no object; it is damaged or forged")
	}
	return id, kind, nil
}

// nextLink cuts off a line with a prefix and an id, and returns the id; "" if the text begins with another line.
func (r *Repository) nextLink(text []byte, prefix string) (id string, rest []byte) {
	line, rest, ended := bytes.Cut(text, []byte("\n"))
	value, found := bytes.CutPrefix(line, []byte(prefix))
	if !found || !ended || !r.isID(string(value)) {
		return "", text
	}
	return string(value), rest
}

// objectID computes an object id: the hash of a header and the content.
func objectID(kind string, content []byte, digits int) string {
	var h hash.Hash
	if digits == hex.EncodedLen(sha256.Size) {
		h = sha256.New()
	} else {
		h = sha1.New()
	}
	fmt.Fprintf(h, "%s %d\x00", kind, len(content))
	h.Write(content)
	return hex.EncodeToString(h.Sum(nil))
}
