// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource

import (
	"context"
	"fmt"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitcommand"
)

// Ancestry tells whether one commit is in the history of another. Its zero value is Unknown.
type Ancestry int

const (
	// Unknown means that the repository does not have enough history to tell: a commit is missing, or the repository is
	// shallow and shows no connection.
	Unknown Ancestry = iota
	// Yes means that the older commit is the newer one or in its history.
	Yes
	// No means that it is not: history was rewritten, or the commits are on different branches.
	No
)

// String returns the answer as a word.
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

// Ancestry tells whether older is the commit newer or in its history. A text in older that is no commit of this repository is
// Unknown, since it may come from a record about another one. Errors mean that git could not be asked.
func (r *Repository) Ancestry(ctx context.Context, older, newer Commit) (Ancestry, error) {
	if err := r.checkCommit(newer); err != nil {
		return Unknown, err
	}
	if !r.isID(string(older)) {
		return Unknown, nil
	}
	answer, err := r.ancestry(ctx, older, newer)
	if err != nil {
		return Unknown, fmt.Errorf("comparing commits %s and %s in %s: %w", older, newer, r.path, err)
	}
	return answer, nil
}

func (r *Repository) ancestry(ctx context.Context, older, newer Commit) (Ancestry, error) {
	a, err := r.git.Run(ctx, "merge-base", "--is-ancestor", "--end-of-options", string(older), string(newer))
	if err != nil {
		return Unknown, err
	}
	switch {
	case a.ExitCode == 0:
		return Yes, nil
	case a.ExitCode == 1 && a.Stderr == "":
		return r.noUnlessShallow(ctx)
	case a.ExitCode == 1 || a.ExitCode == 128:
		return Unknown, nil // a commit is missing: one of the two, or one in between, for which older versions exit with 1
	default:
		return Unknown, gitcommand.ExitError("merge-base", a.ExitCode, a.Stderr)
	}
}

func (r *Repository) noUnlessShallow(ctx context.Context) (Ancestry, error) {
	a, err := r.git.Output(ctx, "rev-parse", "--is-shallow-repository")
	if err != nil || a.Stdout != "false\n" {
		return Unknown, err
	}
	return No, nil
}
