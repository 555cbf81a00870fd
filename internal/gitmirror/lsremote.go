// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitmirror

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitcommand"
)

// head is the object that a ref of the remote points to, which may be a tag object.
type head struct {
	id string
	// format is the remote's object format, "sha1" or "sha256".
	format string
}

// listRef asks the remote for the ref, with git ls-remote. What the remote lists is bounded by maxListing.
func (m *Mirror) listRef(ctx context.Context, git gitcommand.Git, remote transport) (head, error) {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	// Of a remote with protocol 2, this saves the listing of everything else, such as the refs of pull requests. Git cannot
	// ask for one ref only, so a remote lists all branches or all tags.
	kind := "--heads"
	if strings.HasPrefix(m.cfg.Ref, "refs/tags/") {
		kind = "--tags"
	}
	result, err := run(ctx, git.ForFetch(m.tools()), remote, maxListing,
		"ls-remote", "--quiet", "--refs", kind, "--end-of-options", remoteURL, m.cfg.Ref)
	if failed, is := errors.AsType[*commandError](err); is {
		return head{}, listError(failed)
	}
	if err != nil {
		return head{}, err
	}
	return m.parseListing(result.Stdout)
}

// listError distinguishes a remote that reports an error from one that does not follow git's protocol.
func listError(failed *commandError) error {
	if reported, is := strings.CutPrefix(failed.result.Stderr, "remote error: "); is {
		return fmt.Errorf("%w: %s", ErrRejected, reported)
	}
	return fmt.Errorf("%w: %w", errProtocol, failed)
}

// parseListing finds the ref in lines of an id, a tab and a name. Git also lists refs whose name only ends like the one
// that is asked for.
func (m *Mirror) parseListing(listing string) (head, error) {
	for line := range strings.Lines(listing) {
		id, ref, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if ref != m.cfg.Ref {
			continue
		}
		format, known := map[int]string{40: "sha1", 64: "sha256"}[len(id)]
		if !known || strings.Trim(id, "0123456789abcdef") != "" {
			return head{}, errProtocol
		}
		return head{id: id, format: format}, nil
	}
	return head{}, fmt.Errorf("%w: %s. Hint: check whether it was deleted or renamed", ErrRefNotFound, strings.TrimPrefix(m.cfg.Ref, "refs/"))
}
