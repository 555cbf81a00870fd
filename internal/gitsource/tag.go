// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitcommand"
)

const tagPrefix = "refs/tags/"

// ErrTagNotFound is wrapped by the error of ResolveTag for a tag that the repository does not have.
var ErrTagNotFound = errors.New("no such tag")

// Tag is where a tag points now.
type Tag struct {
	Name string
	// Object is the id of the tag object, and empty for a lightweight tag, which has none.
	Object string
	// Commit is the commit at the end, through any number of tag objects.
	Commit Commit
}

// ValidateTag checks that name is the short name of a tag, by the rules of ValidateBranch.
func ValidateTag(name string) error {
	if problem := refProblem(name, "refs/tags/v1", "v1"); problem != "" {
		return fmt.Errorf("tag %q: %s", gitcommand.Truncate(name), problem)
	}
	return nil
}

// ResolveTag finds the commit of a tag. Its error wraps ErrTagNotFound if there is no such tag.
func (r *Repository) ResolveTag(ctx context.Context, name string) (Tag, error) {
	if err := ValidateTag(name); err != nil {
		return Tag{}, err
	}
	kind, id, err := r.ref(ctx, tagPrefix+name)
	switch {
	case err != nil:
		return Tag{}, fmt.Errorf("resolving tag %q of %s: %w", name, r.path, err)
	case id == "":
		return Tag{}, fmt.Errorf("%w: %q in %s", ErrTagNotFound, name, r.path)
	case kind == "commit":
		return Tag{Name: name, Commit: Commit(id)}, nil
	}
	a, err := r.git.Output(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", id+"^{commit}")
	commit := strings.TrimPrefix(strings.TrimSpace(a.Stdout), "--end-of-options\n") // which versions before 2.43 repeat
	if err != nil || !r.isID(commit) {
		return Tag{}, fmt.Errorf("resolving tag %q of %s: expected it to point to a commit, not a %s", name, r.path, kind)
	}
	return Tag{Name: name, Object: id, Commit: Commit(commit)}, nil
}
