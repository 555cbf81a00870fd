// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"

	"golang.org/x/time/rate"
)

// rateLimit limits how many secrets all sources of a controller change in a second. It
// counts secrets and not requests: a record that waited behind other values would leave
// its own value unmanaged for so long.
type rateLimit struct{ limiter *rate.Limiter }

// newRateLimit makes a rate limit; 0 is none.
func newRateLimit(perSecond float64) *rateLimit {
	if perSecond == 0 {
		return &rateLimit{rate.NewLimiter(rate.Inf, 0)}
	}
	return &rateLimit{rate.NewLimiter(rate.Limit(perSecond), 1)}
}

// wait returns when the next change may begin. Its error is the context's.
func (p *rateLimit) wait(ctx context.Context) error { return p.limiter.Wait(ctx) }
