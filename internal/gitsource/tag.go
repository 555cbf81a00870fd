// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource

import (
	"context"
	"errors"
	"fmt"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
)

const tagPrefix = "refs/tags/"

// ErrTagNotFound is wrapped by the error of ResolveTag for a tag that the repository does not have.
var ErrTagNotFound = errors.New("tag not found")

// Tag is a tag with the objects that it points to.
type Tag struct {
	Name string
	// Object is the id of the tag object; empty for a lightweight tag.
	Object string
	// Commit is the commit at the end, through any number of tag objects.
	Commit Commit
}

// ValidateTag checks that name is the short name of a tag, by the rules of ValidateBranch.
func ValidateTag(name string) error {
	if problem := refProblem(name, "refs/tags/v1", "v1"); problem != "" {
		return fmt.Errorf("tag %s: %s", foreign.Quote(name), problem)
	}
	return nil
}

// ResolveTag returns the commit of a tag. The error wraps ErrTagNotFound if the tag does not exist.
func (r *Repository) ResolveTag(ctx context.Context, name string) (Tag, error) {
	if err := ValidateTag(name); err != nil {
		return Tag{}, err
	}
	kind, id, err := r.ref(ctx, tagPrefix+name)
	switch {
	case err != nil:
		return Tag{}, fmt.Errorf("resolve tag %q of %s: %w", name, r.path, err)
	case id == "":
		return Tag{}, fmt.Errorf("%w: %q in %s", ErrTagNotFound, name, r.path)
	case kind == "commit":
		return Tag{Name: name, Commit: Commit(id)}, nil
	}
	commit, err := r.peel(ctx, kind, id)
	if err != nil {
		return Tag{}, fmt.Errorf("resolve tag %q of %s: %w", name, r.path, err)
	}
	if commit == "" {
		return Tag{}, fmt.Errorf("resolve tag %q of %s: must point to a commit, not a %s", name, r.path, kind)
	}
	return Tag{Name: name, Object: id, Commit: commit}, nil
}

// maxTags is how many tag objects can be between a tag and its commit.
const maxTags = 10

// peel returns the commit that an object leads to, through tag objects: "" for none. Each is hashed, because a signature
// of the first one is for the commit, too.
func (r *Repository) peel(ctx context.Context, kind, id string) (Commit, error) {
	b := &batch{repository: r}
	defer b.close()
	for range maxTags {
		if kind != "tag" {
			break
		}
		raw, err := b.must(ctx, "tag", id, maxObject)
		if err != nil {
			return "", err
		}
		if id, kind, err = r.tagLink(raw); err != nil {
			return "", err
		}
	}
	if kind != "commit" {
		return "", nil
	}
	return Commit(id), nil
}
