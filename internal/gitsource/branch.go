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

	"github.com/relay-secrets/terraform-provider-relay/internal/gitcommand"
)

const (
	branchPrefix    = "refs/heads/"
	maxBranch       = 200 // bytes
	branchesInError = 5
)

// ErrBranchNotFound is wrapped by the error of Resolve for a branch that the repository does not have.
var ErrBranchNotFound = errors.New("no such branch")

// ValidateBranch checks that name is the short name of a branch, by the rules of git-check-ref-format(1) and a few of
// our own: UTF-8 that prints, at most 200 bytes, and no full ref name.
func ValidateBranch(name string) error {
	if problem := refProblem(name, "refs/heads/main", "main"); problem != "" {
		return fmt.Errorf("branch %q: %s", gitcommand.Truncate(name), problem)
	}
	return nil
}

// refProblem says what is wrong with the short name of a ref, or "".
func refProblem(name, full, short string) string {
	switch {
	case name == "":
		return "expected a name"
	case len(name) > maxBranch:
		return fmt.Sprintf("expected at most %d bytes", maxBranch)
	case strings.HasPrefix(name, "-"):
		return "a name must not begin with '-'"
	case name == "HEAD" || name == "@":
		return "expected a name that stays the same, such as " + short
	case strings.HasPrefix(name, "refs/"):
		return "expected the short name, such as " + short + " for " + full
	case strings.Contains(name, "..") || strings.Contains(name, "@{"):
		return "a name must not contain '..' or '@{'"
	case strings.HasSuffix(name, "."):
		return "a name must not end with '.'"
	}
	for _, r := range name {
		if r == utf8.RuneError || !unicode.IsGraphic(r) || unicode.IsSpace(r) || strings.ContainsRune(`~^:?*[\`, r) {
			return fmt.Sprintf("a name must not contain %q", r)
		}
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || strings.HasPrefix(part, ".") || strings.HasSuffix(part, ".lock") {
			return "no part between slashes may be empty, begin with '.' or end with '.lock'"
		}
	}
	return ""
}

// Resolve returns the commit that a branch points to now. Its error wraps ErrBranchNotFound, and names branches that exist, if
// there is no such branch.
func (r *Repository) Resolve(ctx context.Context, branch string) (Commit, error) {
	if err := ValidateBranch(branch); err != nil {
		return "", err
	}
	kind, id, err := r.ref(ctx, branchPrefix+branch)
	switch {
	case err != nil:
		return "", fmt.Errorf("resolving branch %q of %s: %w", branch, r.path, err)
	case id == "":
		return "", r.noBranch(ctx, branch)
	case kind != "commit":
		return "", fmt.Errorf("resolving branch %q of %s: expected it to point to a commit, not a %s", branch, r.path, kind)
	}
	return Commit(id), nil
}

// ref looks a ref up by its full name: what it points to, and nothing where there is no such ref.
func (r *Repository) ref(ctx context.Context, name string) (kind, id string, err error) {
	a, err := r.git.Output(ctx, "for-each-ref", "--count=1", "--format=%(objecttype) %(objectname) %(refname)",
		"--end-of-options", name)
	if err != nil {
		return "", "", err
	}
	// The name is also a pattern for everything below it, so another one may come back.
	fields := strings.Fields(a.Stdout)
	switch {
	case len(fields) == 3 && fields[2] == name && r.isID(fields[1]):
		return gitcommand.Printable(fields[0]), fields[1], nil
	case a.Stderr != "":
		return "", "", fmt.Errorf("git for-each-ref: %s", a.Stderr)
	default:
		return "", "", nil
	}
}

// noBranch says which branches there are instead.
func (r *Repository) noBranch(ctx context.Context, branch string) error {
	a, err := r.git.Output(ctx, "for-each-ref", fmt.Sprintf("--count=%d", branchesInError+1), "--format=%(refname)",
		"--end-of-options", branchPrefix)
	if err != nil {
		return fmt.Errorf("%w: %q in %s; listing the branches: %w", ErrBranchNotFound, branch, r.path, err)
	}
	var names []string
	for ref := range strings.Lines(a.Stdout) {
		names = append(names, gitcommand.Truncate(gitcommand.Printable(strings.TrimPrefix(strings.TrimSpace(ref), branchPrefix))))
	}
	if len(names) == 0 {
		return fmt.Errorf("%w: %q in %s, which has no branches yet", ErrBranchNotFound, branch, r.path)
	}
	if len(names) > branchesInError {
		names[branchesInError] = "…"
	}
	return fmt.Errorf("%w: %q in %s, which has: %s", ErrBranchNotFound, branch, r.path, strings.Join(names, ", "))
}
