// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
)

// Identity is who made a commit: e-mail addresses, as the commit has them. A commit can
// name anyone.
type Identity struct {
	Author, Committer string
}

// errHistory: the authors cannot all be found.
var errHistory = errors.New("the history between the commits is not whole")

// Identities returns who made the commits of the history of newer, without older and its
// history, that changed one of the files. A merge changed a file if none of its parents has
// the same. Each object is hashed, as by Files. An error means that some are not known.
func (r *Repository) Identities(ctx context.Context, newer, older Commit, files []string) ([]Identity, error) {
	if err := errors.Join(r.checkCommit(newer), r.checkCommit(older)); err != nil {
		return nil, err
	}
	h := &history{repository: r, objects: &batch{repository: r}, limit: maxHistory, seen: map[[sha256.Size]byte]bool{}}
	defer h.objects.close()
	whole, err := h.walk(ctx, older, func(Commit) bool { return true })
	if err == nil && !whole {
		err = errHistory
	}
	var commits []Commit
	if err == nil { // what older has is seen already
		whole, err = h.walk(ctx, newer, func(c Commit) bool {
			commits = append(commits, c)
			return true
		})
	}
	if err == nil && !whole {
		err = errHistory
	}
	var out []Identity
	for _, c := range commits {
		var one Identity
		var changed bool
		if one, changed, err = h.change(ctx, c, files); err != nil {
			break
		}
		if changed {
			out = append(out, one)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read the authors of commits after %s in %s: %w", older, r.path, err)
	}
	return out, nil
}

// change returns who made a commit, and whether it changed one of the files.
func (h *history) change(ctx context.Context, c Commit, files []string) (who Identity, changed bool, err error) {
	raw, err := h.objects.must(ctx, "commit", string(c), maxObject)
	if err != nil {
		return Identity{}, false, err
	}
	tree, parents, err := h.repository.commitLinks(raw)
	if err != nil {
		return Identity{}, false, err
	}
	trees := make([]string, len(parents))
	for i, parent := range parents {
		raw, err := h.objects.must(ctx, "commit", parent, maxObject)
		if err != nil {
			return Identity{}, false, err
		}
		if trees[i], _, err = h.repository.commitLinks(raw); err != nil {
			return Identity{}, false, err
		}
	}
	for _, file := range files {
		differs, err := h.differs(ctx, file, tree, trees)
		if err != nil || differs {
			return identity(raw), differs, err
		}
	}
	return Identity{}, false, nil
}

// differs reports whether a file of a tree is another one than in each of the others.
func (h *history) differs(ctx context.Context, file, tree string, others []string) (bool, error) {
	now, err := h.fileAt(ctx, tree, file)
	if err != nil {
		return false, err
	}
	for _, other := range others {
		before, err := h.fileAt(ctx, other, file)
		if err != nil || before == now {
			return false, err
		}
	}
	return len(others) > 0 || now != "", nil
}

// fileAt is the mode and id of the file at a path below a tree, "" for none.
func (h *history) fileAt(ctx context.Context, tree, path string) (string, error) {
	name, below, isFolder := strings.Cut(path, "/")
	raw, err := h.objects.must(ctx, "tree", tree, maxListing)
	if err != nil {
		return "", err
	}
	for len(raw) > 0 {
		var e entry
		if e, raw, err = cutEntry(raw, len(tree)/2); err != nil {
			return "", fmt.Errorf("tree %s: %w", tree, err)
		}
		switch {
		case e.path != name:
		case isFolder && e.isTree():
			return h.fileAt(ctx, e.oid, below)
		case !isFolder:
			return fmt.Sprintf("%o %s", e.mode, e.oid), nil
		}
	}
	return "", nil
}

// identity reads the addresses in the lines "author" and "committer" of a commit.
func identity(raw []byte) Identity {
	header, _, _ := bytes.Cut(raw, []byte("\n\n"))
	var out Identity
	for line := range bytes.Lines(header) {
		kind, rest, _ := bytes.Cut(line, []byte(" "))
		_, rest, _ = bytes.Cut(rest, []byte("<"))
		address, _, _ := bytes.Cut(rest, []byte(">"))
		switch text := foreign.Short(string(address)); {
		case string(kind) == "author" && out.Author == "":
			out.Author = text
		case string(kind) == "committer" && out.Committer == "":
			out.Committer = text
		}
	}
	return out
}
