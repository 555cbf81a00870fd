// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
)

const (
	maxChangeCommits = 10_000    // that LastChange compares
	maxChangeFolders = 1_000_000 // that it looks into
)

// LastChange returns the last commit that changed a file which the patterns select
// (ValidatePatterns), along the first parents of a commit, which are the history of the
// branch. A deletion is a change, too. Where the history ends, or after 10,000 commits, it
// returns the last one that it looked at. Each object is hashed, as by Files.
func (r *Repository) LastChange(ctx context.Context, commit Commit, patterns []string) (Commit, error) {
	selection, err := newPatterns(patterns)
	if err != nil {
		return "", err
	}
	if err := r.checkCommit(commit); err != nil {
		return "", err
	}
	c := &changes{repository: r, objects: &batch{repository: r}, selection: selection, known: map[string][sha256.Size]byte{}}
	defer c.objects.close()
	found, err := c.last(ctx, commit)
	if err != nil {
		return "", fmt.Errorf("find the last change before %s in %s: %w", commit, r.path, err)
	}
	return found, nil
}

// changes compares what the patterns select in one commit after the other.
type changes struct {
	repository *Repository
	objects    *batch
	selection  patterns
	// known are the digests of trees, by id and path: most trees of two commits are the same.
	known map[string][sha256.Size]byte
}

func (c *changes) last(ctx context.Context, commit Commit) (Commit, error) {
	tree, parent, err := c.firstParent(ctx, commit)
	if err != nil {
		return "", err
	}
	digest, err := c.digest(ctx, tree, "")
	for n := 0; err == nil && parent != "" && n < maxChangeCommits && len(c.known) < maxChangeFolders; n++ {
		older := parent
		tree, parent, err = c.firstParent(ctx, older)
		if errors.Is(err, errMissing) { // as in a shallow repository
			return commit, nil
		}
		var before [sha256.Size]byte
		if err == nil {
			before, err = c.digest(ctx, tree, "")
		}
		if err == nil && before != digest {
			return commit, nil
		}
		commit = older
	}
	return commit, err
}

// firstParent returns the tree of a commit and its first parent, "" for none.
func (c *changes) firstParent(ctx context.Context, commit Commit) (tree string, parent Commit, err error) {
	raw, err := c.objects.must(ctx, "commit", string(commit), maxObject)
	if err != nil {
		return "", "", err
	}
	tree, parents, err := c.repository.commitLinks(raw)
	if len(parents) > 0 {
		parent = Commit(parents[0])
	}
	return tree, parent, err
}

// digest is a hash of the selected entries of a tree and of the trees below it.
func (c *changes) digest(ctx context.Context, id, folder string) (out [sha256.Size]byte, err error) {
	key := id + folder
	if known, is := c.known[key]; is || len(c.known) >= maxChangeFolders {
		return known, nil
	}
	tree, err := c.objects.must(ctx, "tree", id, maxListing)
	if err != nil {
		return out, err
	}
	sum := sha256.New()
	for len(tree) > 0 {
		var e entry
		if e, tree, err = cutEntry(tree, len(id)/2); err != nil {
			return out, fmt.Errorf("tree %s: %w", id, err)
		}
		switch e.path = folder + e.path; {
		case len(e.path) > maxEntry:
			return out, fmt.Errorf("a path is longer than %d bytes", maxEntry)
		case e.isTree():
			below, err := c.digest(ctx, e.oid, e.path+"/")
			if err != nil {
				return out, err
			}
			if below != ([sha256.Size]byte{}) {
				fmt.Fprintf(sum, "%s\x00%x\x00", e.path, below)
			}
		case c.selection.match(e.path):
			fmt.Fprintf(sum, "%s\x00%o %s\x00", e.path, e.mode, e.oid)
		}
	}
	if copy(out[:], sum.Sum(nil)); out == sha256.Sum256(nil) {
		out = [sha256.Size]byte{} // nothing is selected
	}
	c.known[key] = out
	return out, nil
}
