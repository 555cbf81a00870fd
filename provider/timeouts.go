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

// defaultTimeout limits an operation on one resource that sets no timeout. It is
// much longer than requests to Vault take with all their retries.
const defaultTimeout = 20 * time.Minute

func timeoutsOptions() timeouts.Opts {
	text := func(operation string) string {
		return fmt.Sprintf("Time limit for %s, such as `90s`. Default: `20m`.", operation)
	}
	return timeouts.Opts{
		Create: true, Read: true, Update: true, Delete: true,
		CreateDescription: text("create") + " It must be longer than the provider's `settle`.",
		ReadDescription:   text("refresh"),
		UpdateDescription: text("update") + " It must be longer than the provider's `settle`.",
		DeleteDescription: text("delete"),
	}
}

// noTimeouts is the timeouts attribute of a resource that sets none.
func noTimeouts() timeouts.Value {
	text := types.StringType
	return timeouts.Value{Object: types.ObjectNull(map[string]attr.Type{"create": text, "read": text, "update": text, "delete": text})}
}

// timeLimit is a method of timeouts.Value, such as Create.
type timeLimit func(ctx context.Context, fallback time.Duration) (time.Duration, diag.Diagnostics)

// withTimeout returns a context that ends when the time limit is reached.
func withTimeout(ctx context.Context, limit timeLimit, diagnostics *diag.Diagnostics) (context.Context, context.CancelFunc) {
	duration, problems := limit(ctx, defaultTimeout)
	diagnostics.Append(problems...)
	return context.WithTimeoutCause(ctx, duration, fmt.Errorf("timed out after %s, the limit in the resource's timeouts", duration))
}

// withInterruption adds to an error that the operation was interrupted or timed
// out. A write that has started is finished with its record, or not at all.
func withInterruption(ctx context.Context, err error) error {
	switch {
	case err == nil || ctx.Err() == nil:
		return err
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("%w: %w", context.Cause(ctx), err)
	}
	return fmt.Errorf("interrupted: %w", err)
}
