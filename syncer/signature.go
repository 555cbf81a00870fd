// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"fmt"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/signature"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
)

// verifySignature returns who signed the commit or the tag object, if the source
// requires a signature.
func (s *source) verifySignature(ctx context.Context) (signer string, err error) {
	if !s.Verify.Required() {
		return "", nil
	}
	what := "commit " + plan.Short(string(s.commit))
	if s.tag.Object != "" {
		what = "the tag object"
	}
	if signer, err = s.signer(ctx); err != nil {
		return "", fmt.Errorf("%s of %s is not applied: %w", what, s.ShortRef(), err)
	}
	return signer, nil
}

// signer verifies the tag object, if there is one, or else the commit. The keys are
// read again each time, and must be valid now.
func (s *source) signer(ctx context.Context) (string, error) {
	verifier, err := signature.Load(s.Verify.Keys())
	if err != nil {
		return "", err
	}
	if s.tag.Object != "" {
		raw, err := s.repo.TagObject(ctx, s.tag)
		if err != nil {
			return "", err
		}
		return verifier.Tag(raw, s.tag.Name, time.Now())
	}
	raw, err := s.repo.CommitObject(ctx, s.commit)
	if err != nil {
		return "", err
	}
	return verifier.Commit(raw, len(s.commit) == 64, time.Now())
}
