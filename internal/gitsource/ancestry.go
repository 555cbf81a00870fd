// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
)

// Ancestry is whether one commit is in the history of another. Its zero value is Unknown.
type Ancestry int

const (
	// Unknown means that the repository does not have enough history, or too much: no path between the commits was found,
	// and a commit is missing, as in a shallow repository, or more than 500,000 commits were read.
	Unknown Ancestry = iota
	// Yes means that the older commit is the newer one or in its history.
	Yes
	// No means that it is not: history was rewritten, or the commits are on different branches.
	No
)

// String returns "yes", "no" or "unknown".
func (a Ancestry) String() string {
	switch a {
	case Yes:
		return "yes"
	case No:
		return "no"
	default:
		return "unknown"
	}
}

// maxHistory limits how many commits Ancestry reads, and so its memory.
const maxHistory = 500_000

// Ancestry reports for each of the commits in older whether it is the commit newer or in its history: one walk of that
// history answers for all of them, and ends where the last one is found. The answer is Unknown for a text that is not a
// commit of this repository, because it can come from the record of another one. An error means that git failed, or that
// an object is not what its id promises: it wraps ErrDamaged.
//
// The walk reads and hashes each commit itself. What git rev-list prints depends on files that are not hashed: the list
// of a shallow repository, grafts, replace refs, the commit graph, and the content of loose objects.
func (r *Repository) Ancestry(ctx context.Context, newer Commit, older ...Commit) (map[Commit]Ancestry, error) {
	if err := r.checkCommit(newer); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	out, rest := map[Commit]Ancestry{}, map[Commit]bool{}
	for _, c := range older {
		if out[c] = Unknown; r.isID(string(c)) {
			rest[c] = true
		}
	}
	h := &history{repository: r, objects: &batch{repository: r}, limit: maxHistory, seen: map[[sha256.Size]byte]bool{}}
	defer h.objects.close()
	whole, err := h.walk(ctx, newer, func(c Commit) (more bool) {
		if rest[c] {
			out[c] = Yes
			delete(rest, c)
		}
		return len(rest) > 0
	})
	if err == nil && whole {
		err = h.notMet(ctx, out, rest)
	}
	if err != nil {
		return nil, fmt.Errorf("compare commits with %s in %s: %w", newer, r.path, err)
	}
	return out, nil
}

// history walks through the history of a commit.
type history struct {
	repository *Repository
	objects    *batch
	limit      int // of commits
	next       []Commit
	seen       map[[sha256.Size]byte]bool // by id, of both object formats
}

// walk calls visit for a commit and its history until visit returns false. whole reports whether it has visited all of
// it: no commit is missing, and there are not too many.
func (h *history) walk(ctx context.Context, from Commit, visit func(Commit) bool) (whole bool, err error) {
	whole = h.add(from)
	for len(h.next) > 0 {
		commit := h.next[0]
		h.next = h.next[1:]
		if !visit(commit) {
			return false, nil
		}
		raw, problem, err := h.objects.read(ctx, "commit", string(commit), maxObject)
		if errors.Is(problem, errMissing) || errors.Is(problem, ErrTooLarge) {
			whole = false
			continue
		}
		if err := cmp.Or(err, problem); err != nil {
			return false, err
		}
		_, parents, err := h.repository.commitLinks(raw)
		if err != nil {
			return false, fmt.Errorf("commit %s: %w", commit, err)
		}
		for _, parent := range parents {
			whole = h.add(Commit(parent)) && whole
		}
	}
	return whole, nil
}

// add notes a commit to visit, unless it was noted before. It reports false at the limit.
func (h *history) add(c Commit) bool {
	var key [sha256.Size]byte
	_, _ = hex.Decode(key[:], []byte(c)) // an id is hexadecimal
	switch {
	case h.seen[key]:
		return true
	case len(h.seen) >= h.limit:
		return false
	}
	h.seen[key] = true
	h.next = append(h.next, c)
	return true
}

// notMet sets No for the commits of the repository that a walk of the whole history did not meet.
func (h *history) notMet(ctx context.Context, out map[Commit]Ancestry, rest map[Commit]bool) error {
	for c := range rest {
		_, problem, err := h.objects.read(ctx, "commit", string(c), maxObject)
		if err != nil {
			return err
		}
		if problem == nil {
			out[c] = No
		}
	}
	return nil
}
