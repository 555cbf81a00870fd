// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"

	"golang.org/x/time/rate"
)

// pace bounds how many secrets are changed in a second, by all sources of a
// controller. It counts secrets and not requests: a record that waited behind
// other values would leave its own without an owner for so long.
type pace struct{ limiter *rate.Limiter }

// newPace makes a pace; 0 is none.
func newPace(perSecond float64) *pace {
	if perSecond == 0 {
		return &pace{rate.NewLimiter(rate.Inf, 0)}
	}
	return &pace{rate.NewLimiter(rate.Limit(perSecond), 1)}
}

// wait returns when the next change may begin. Its error is the context's.
func (p *pace) wait(ctx context.Context) error { return p.limiter.Wait(ctx) }
