// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// TestStoppedActionDoesNotHideTheCause: the cause of a stopped sync is in the report once,
// and not hidden among actions that the stop canceled.
func TestStoppedActionDoesNotHideTheCause(t *testing.T) {
	t.Parallel()
	s := &source{vault: config.Vault{Concurrency: 2}, rateLimit: newRateLimit(0)}
	var got []error
	p := s.newPool(t.Context(), func(r report.Result) { got = append(got, r.Err) })
	waiting := make(chan struct{})
	p.run(&report.Result{}, func(ctx context.Context, r *report.Result) {
		close(waiting)
		<-ctx.Done()
		r.Err = fmt.Errorf("wait: %w", ctx.Err())
	})
	<-waiting
	p.run(&report.Result{}, func(_ context.Context, r *report.Result) { r.Err = secrets.ErrMount })
	p.wait()
	if len(got) != 2 || !errors.Is(got[0], secrets.ErrMount) || !errors.Is(got[1], errNotTried) || errors.Is(got[1], context.Canceled) {
		t.Errorf("got %v", got)
	}
}
