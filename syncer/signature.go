// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"fmt"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
	"github.com/relay-secrets/terraform-provider-relay/internal/signature"
)

// head is the commit that a source follows, and who signed it where that matters.
func (s *source) head(ctx context.Context) (commit gitsource.Commit, signer string, err error) {
	tag := gitsource.Tag{}
	if s.Tag != "" {
		tag, err = s.repo.ResolveTag(ctx, s.Tag)
		commit = tag.Commit
	} else {
		commit, err = s.repo.Resolve(ctx, s.Branch)
	}
	if err != nil || !s.Verify.Required() {
		return commit, "", err
	}
	what := "commit " + short(commit)
	if tag.Object != "" {
		what = "the tag object"
	}
	if signer, err = s.signer(ctx, commit, tag); err != nil {
		return "", "", fmt.Errorf("%s of %s is not applied: %w", what, s.ShortRef(), err)
	}
	return commit, signer, nil
}

// signer verifies the tag object, if there is one, or else the commit. The keys are
// read anew each time, and must be valid now.
func (s *source) signer(ctx context.Context, commit gitsource.Commit, tag gitsource.Tag) (string, error) {
	verifier, err := signature.Load(s.Verify.Keys())
	if err != nil {
		return "", err
	}
	if tag.Object != "" {
		raw, err := s.repo.TagObject(ctx, tag)
		if err != nil {
			return "", err
		}
		return verifier.Tag(raw, tag.Name, time.Now())
	}
	raw, err := s.repo.CommitObject(ctx, commit)
	if err != nil {
		return "", err
	}
	return verifier.Commit(raw, len(commit) == 64, time.Now())
}
