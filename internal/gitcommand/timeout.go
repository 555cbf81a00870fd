// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitcommand

import (
	"context"
	"fmt"
	"time"
)

// DefaultTimeout is far more than git needs to read from a slow disk: the sizes of 100,000 files take seconds. A git that
// takes longer waits for something that does not come, such as a file system of the network.
const DefaultTimeout = 5 * time.Minute

// TimeoutError is a command that did not answer in time.
type TimeoutError struct {
	Command string
	Timeout time.Duration
}

// Error names the command and what to check.
func (e *TimeoutError) Error() string {
	check := "check the disk or network file system of the repository, and run git fsck there"
	if e.Command == "version" {
		check = "run git version, and check the git that PATH finds first"
	}
	return fmt.Sprintf("git %s: timed out: no answer within %s, so it was killed. Hint: %s", e.Command, e.Timeout, check)
}

// Bound returns a context for one command, or for one answer of a command that is read while it runs. After the timeout it
// ends with a *TimeoutError as its cause.
func (g Git) Bound(ctx context.Context, command string) (context.Context, context.CancelFunc) {
	if g.Timeout == 0 {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, g.Timeout, &TimeoutError{command, g.Timeout})
}
