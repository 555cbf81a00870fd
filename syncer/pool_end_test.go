// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"errors"
	"testing"

	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// TestPoolEndsWhatCannotGoOn: a stop has its own words, and an audit file that cannot be
// written is waited for once.
func TestPoolEndsWhatCannotGoOn(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		fail        func(ctx context.Context, stop func()) error
		first, next string
	}{
		"a stopped command": {
			fail:  func(ctx context.Context, stop func()) error { stop(); return ctx.Err() },
			first: "canceled", next: errNotTried.Error(),
		},
		"an audit file that cannot be written": {
			fail:  func(context.Context, func()) error { return &notRecordedError{errors.New("write the audit file")} },
			first: "not done: write the audit file", next: errNotTried.Error(),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, stop := context.WithCancel(t.Context())
			s := &source{vault: config.Vault{Concurrency: 1}, rateLimit: newRateLimit(0)}
			p := s.newPool(ctx, func(report.Result) {})
			var first, next report.Result
			p.run(&first, func(ctx context.Context, r *report.Result) { r.Err = row.fail(ctx, stop) })
			p.run(&next, func(context.Context, *report.Result) {})
			p.wait()
			stop()
			if got := report.ErrorText(first.Err); got != row.first {
				t.Errorf("the first: %q", got)
			}
			if got := report.ErrorText(next.Err); got != row.next {
				t.Errorf("the next: %q", got)
			}
		})
	}
}
