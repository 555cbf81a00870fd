// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package cause_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
	"github.com/relay-secrets/terraform-provider-relay/internal/person"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer"
	"github.com/relay-secrets/terraform-provider-relay/syncer/web/cause"
)

func TestEachErrorHasOneCauseAndStatus(t *testing.T) {
	t.Parallel()
	vault := func(of error) error { return fmt.Errorf("write: %w", &kv.Error{Op: "write", Path: "x", Cause: of}) }
	covered := map[cause.Cause]bool{}
	for _, c := range []struct {
		err    error
		want   cause.Cause
		status int
	}{
		{fmt.Errorf("%w: %w", secrets.ErrOutcomeUnknown, vault(kv.ErrPermissionDenied)), cause.OutcomeUnknown, 502},
		{fmt.Errorf("%w: %w", secrets.ErrNoRecord, vault(kv.ErrSealed)), cause.NoRecord, 502},
		{syncer.ErrNotRecorded, cause.NotRecorded, 500},
		{secrets.CheckName("secret", "a/b"), cause.Invalid, 422},
		{errors.Join(secrets.ErrConflict, syncer.ErrResultNotRecorded), cause.Conflict, 409},
		{&secrets.NotOwnerError{}, cause.NotOwner, 409},
		{secrets.ErrNotDeleted, cause.NotDeleted, 409},
		{secrets.ErrTidying, cause.Tidying, 409},
		{syncer.ErrResultNotRecorded, cause.ResultNotRecorded, 500},
		{secrets.ErrTokenRejected, cause.TokenRejected, 401},
		{vault(kv.ErrInvalidToken), cause.TokenRejected, 401},
		{&secrets.MissingCapabilityError{}, cause.MissingCapability, 403},
		{vault(kv.ErrPermissionDenied), cause.MissingCapability, 403},
		{person.ErrNoEntity, cause.NotPermitted, 403},
		{person.ErrBatchToken, cause.NotPermitted, 403},
		{fmt.Errorf("team: %w", person.ErrNotMember), cause.NotPermitted, 403},
		{vault(kv.ErrRateLimited), cause.RateLimited, 429},
		{vault(kv.ErrSealed), cause.Sealed, 503},
		{vault(kv.ErrUnreachable), cause.Unavailable, 503},
		{vault(kv.ErrUnavailable), cause.Unavailable, 503},
		{context.DeadlineExceeded, cause.Unavailable, 503},
		{vault(kv.ErrNoMount), cause.NoMount, 502},
		{fmt.Errorf("mount: %w", secrets.ErrMount), cause.NoMount, 502},
		{vault(kv.ErrTLSName), cause.VaultAnswer, 502},
		{vault(kv.ErrRejected), cause.VaultAnswer, 502},
		{vault(kv.ErrLoginFailed), cause.VaultAnswer, 502},
		{context.Canceled, cause.Unknown, 500},
		{errors.New("x"), cause.Unknown, 500},
	} {
		got := cause.Of(c.err)
		if got != c.want || got.Status() != c.status {
			t.Errorf("%v: cause %d, status %d", c.err, got, got.Status())
		}
		covered[got] = true
	}
	for c := cause.Unknown; c <= cause.VaultAnswer; c++ {
		if !covered[c] {
			t.Errorf("no error of cause %d", c)
		}
	}
}
