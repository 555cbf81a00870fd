// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource

import (
	"context"
	"fmt"

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

// Ancestry reports whether older is the commit newer or in its history. It is Unknown for a text in older that is not a
// commit of this repository, because it can come from the record of another one. An error means that git failed.
func (r *Repository) Ancestry(ctx context.Context, older, newer Commit) (Ancestry, error) {
	if err := r.checkCommit(newer); err != nil {
		return Unknown, err
	}
	if !r.isID(string(older)) {
		return Unknown, nil
	}
	ancestry, err := r.ancestry(ctx, older, newer)
	if err != nil {
		return Unknown, fmt.Errorf("compare commits %s and %s in %s: %w", older, newer, r.path, err)
	}
	return ancestry, nil
}

func (r *Repository) ancestry(ctx context.Context, older, newer Commit) (Ancestry, error) {
	result, err := r.git.Run(ctx, "merge-base", "--is-ancestor", "--end-of-options", string(older), string(newer))
	if err != nil {
		return Unknown, err
	}
	switch {
	case result.ExitCode == 0:
		return Yes, nil
	case result.ExitCode == 1 && result.Stderr == "":
		return r.noUnlessShallow(ctx)
	case result.ExitCode == 1 || result.ExitCode == 128:
		return Unknown, nil // a commit is missing: one of the two, or one in between, for which older versions exit with 1
	default:
		return Unknown, gitcommand.ExitError("merge-base", result.ExitCode, result.Stderr)
	}
}

func (r *Repository) noUnlessShallow(ctx context.Context) (Ancestry, error) {
	result, err := r.git.Output(ctx, "rev-parse", "--is-shallow-repository")
	if err != nil || result.Stdout != "false\n" {
		return Unknown, err
	}
	return No, nil
}
