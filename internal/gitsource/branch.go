// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitsource

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
)

const (
	branchPrefix    = "refs/heads/"
	maxBranch       = 200 // bytes
	branchesInError = 5
)

// ErrBranchNotFound is wrapped by the error of Resolve for a branch that the repository does not have.
var ErrBranchNotFound = errors.New("branch not found")

// ValidateBranch checks that name is the short name of a branch, by the rules of git-check-ref-format(1) and these:
// printable UTF-8, at most 200 bytes, and not a full ref name.
func ValidateBranch(name string) error {
	if problem := refProblem(name, "refs/heads/main", "main"); problem != "" {
		return fmt.Errorf("branch %s: %s", foreign.Quote(name), problem)
	}
	return nil
}

// refProblem returns what is invalid about the short name of a ref, or "".
func refProblem(name, full, short string) string {
	switch {
	case name == "":
		return "a name is required"
	case len(name) > maxBranch:
		return fmt.Sprintf("must have at most %d bytes", maxBranch)
	case strings.HasPrefix(name, "-"):
		return "must not begin with '-'"
	case name == "HEAD" || name == "@":
		return "must be a fixed name, such as " + short
	case strings.HasPrefix(name, "refs/"):
		return "must be the short name, such as " + short + " for " + full
	case strings.Contains(name, "..") || strings.Contains(name, "@{"):
		return "must not contain '..' or '@{'"
	case strings.HasSuffix(name, "."):
		return "must not end with '.'"
	}
	for _, r := range name {
		if r == utf8.RuneError || !unicode.IsGraphic(r) || unicode.IsSpace(r) || strings.ContainsRune(`~^:?*[\`, r) {
			return fmt.Sprintf("must not contain %q", r)
		}
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || strings.HasPrefix(part, ".") || strings.HasSuffix(part, ".lock") {
			return "must not have a part between slashes that is empty, begins with '.' or ends with '.lock'"
		}
	}
	return ""
}

// Resolve returns the commit that a branch points to. If the branch does not exist, the error wraps ErrBranchNotFound
// and lists branches that exist.
func (r *Repository) Resolve(ctx context.Context, branch string) (Commit, error) {
	if err := ValidateBranch(branch); err != nil {
		return "", err
	}
	kind, id, err := r.ref(ctx, branchPrefix+branch)
	switch {
	case err != nil:
		return "", fmt.Errorf("resolve branch %q of %s: %w", branch, r.path, err)
	case id == "":
		return "", r.branchNotFound(ctx, branch)
	case kind != "commit":
		return "", fmt.Errorf("resolve branch %q of %s: must point to a commit, not a %s", branch, r.path, kind)
	}
	return Commit(id), nil
}

// ref returns the kind and the id of the object that a ref points to, by its full name; both are empty if the ref does
// not exist.
func (r *Repository) ref(ctx context.Context, name string) (kind, id string, err error) {
	result, err := r.git.Output(ctx, "for-each-ref", "--count=1", "--format=%(objecttype) %(objectname) %(refname)",
		"--end-of-options", name)
	if err != nil {
		return "", "", err
	}
	// The name is also a pattern for all refs below it, so the output can have another one.
	fields := strings.Fields(result.Stdout)
	switch {
	case len(fields) == 3 && fields[2] == name && r.isID(fields[1]):
		return foreign.Line(fields[0]), fields[1], nil
	case result.Stderr != "":
		return "", "", fmt.Errorf("git for-each-ref: %s", result.Stderr)
	default:
		return "", "", nil
	}
}

// branchNotFound returns the error that lists the existing branches.
func (r *Repository) branchNotFound(ctx context.Context, branch string) error {
	result, err := r.git.Output(ctx, "for-each-ref", fmt.Sprintf("--count=%d", branchesInError+1), "--format=%(refname)",
		"--end-of-options", branchPrefix)
	if err != nil {
		return fmt.Errorf("%w: %q in %s; the list of branches failed: %w", ErrBranchNotFound, branch, r.path, err)
	}
	var names []string
	for ref := range strings.Lines(result.Stdout) {
		names = append(names, foreign.Short(strings.TrimPrefix(strings.TrimSpace(ref), branchPrefix)))
	}
	if len(names) == 0 {
		return fmt.Errorf("%w: %q in %s; the repository has no branches", ErrBranchNotFound, branch, r.path)
	}
	if len(names) > branchesInError {
		names[branchesInError] = "…"
	}
	return fmt.Errorf("%w: %q in %s; existing branches: %s", ErrBranchNotFound, branch, r.path, strings.Join(names, ", "))
}
