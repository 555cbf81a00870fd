// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitcommand"
)

// Ancestry is whether one commit is in the history of another. Its zero value is Unknown.
type Ancestry int

const (
	// Unknown means that the repository does not have enough history: a commit is missing, or the repository is shallow
	// and has no path between the commits.
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

// Ancestry reports for each of the commits in older whether it is the commit newer or in its history: one walk of that
// history answers for all of them, and ends where the last one is found. The answer is Unknown for a text that is not a
// commit of this repository, because it can come from the record of another one. An error means that git failed.
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
	whole, err := r.walk(ctx, newer, func(c Commit) (more bool) {
		if rest[c] {
			out[c] = Yes
			delete(rest, c)
		}
		return len(rest) > 0
	})
	if err == nil && whole && len(rest) > 0 {
		err = r.notInHistory(ctx, out, rest)
	}
	if err != nil {
		return nil, fmt.Errorf("compare commits with %s in %s: %w", newer, r.path, err)
	}
	return out, nil
}

// walk calls visit for a commit and its history, the newest first, until visit returns false. whole reports whether the
// history has no gap; where a commit is missing, git stops.
func (r *Repository) walk(ctx context.Context, from Commit, visit func(Commit) bool) (whole bool, err error) {
	if !visit(from) {
		return false, nil
	}
	p, err := r.git.Start(ctx, "rev-list", "--end-of-options", string(from))
	if err != nil {
		return false, err
	}
	for {
		line, err := p.Out.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF):
			return gapless(p.Wait())
		case err != nil:
			p.Kill()
			return false, err
		case !visit(Commit(line[:len(line)-1])):
			p.Kill()
			return false, nil
		}
	}
}

// gapless judges how a walk ended. Git exits with 128 if a commit is missing.
func gapless(err error) (whole bool, _ error) {
	if exit, failed := errors.AsType[*gitcommand.ExitError](err); failed && exit.Code == 128 {
		return false, nil
	}
	return err == nil, err
}

// notInHistory sets No for the commits of the repository that a walk of the whole history did not meet. In a shallow
// repository the history ends where the repository does.
func (r *Repository) notInHistory(ctx context.Context, out map[Commit]Ancestry, rest map[Commit]bool) error {
	result, err := r.git.Output(ctx, "rev-parse", "--is-shallow-repository")
	if err != nil || result.Stdout != "false\n" {
		return err
	}
	p, err := r.git.Start(ctx, "cat-file", "--batch-check=%(objectname) %(objecttype)")
	if err != nil {
		return err
	}
	for c := range rest {
		line := ""
		if _, err = fmt.Fprintln(p.In, c); err == nil {
			line, err = p.Out.ReadString('\n')
		}
		if err != nil {
			p.Kill()
			return err
		}
		if line == string(c)+" commit\n" {
			out[c] = No
		}
	}
	return p.Wait()
}
