// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// defaultTimeout bounds an operation on one secret that sets no timeout. It is
// far more than requests to Vault take with their retries.
const defaultTimeout = 20 * time.Minute

func timeoutsOptions() timeouts.Opts {
	text := func(what string) string {
		return fmt.Sprintf("How long %s may take, such as `90s`. Default: `20m`.", what)
	}
	return timeouts.Opts{
		Create: true, Read: true, Update: true, Delete: true,
		CreateDescription: text("creating") + " It has to be longer than the provider's `settle`.",
		ReadDescription:   text("looking for drift"),
		UpdateDescription: text("updating") + " It has to be longer than the provider's `settle`.",
		DeleteDescription: text("deleting"),
	}
}

// noTimeouts is the timeouts of a resource that sets none.
func noTimeouts() timeouts.Value {
	text := types.StringType
	return timeouts.Value{Object: types.ObjectNull(map[string]attr.Type{"create": text, "read": text, "update": text, "delete": text})}
}

// withTimeout bounds an operation by what limit, a method of timeouts.Value, says.
func withTimeout(
	ctx context.Context,
	limit func(context.Context, time.Duration) (time.Duration, diag.Diagnostics),
	diagnostics *diag.Diagnostics,
) (context.Context, context.CancelFunc) {
	duration, problems := limit(ctx, defaultTimeout)
	diagnostics.Append(problems...)
	return context.WithTimeoutCause(ctx, duration, fmt.Errorf("not done within the %s that the resource's timeouts allow", duration))
}

// withInterruption is what ended an operation before its time, else the error itself.
// Value and record are one: neither is left without the other.
func withInterruption(ctx context.Context, err error) error {
	switch {
	case err == nil || ctx.Err() == nil:
		return err
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("%w: %w", context.Cause(ctx), err)
	}
	return fmt.Errorf("interrupted: %w", err)
}
