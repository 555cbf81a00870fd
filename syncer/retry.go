// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"errors"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

const (
	// firstRetry and lastRetry bound the wait after a sync that failed or was blocked.
	firstRetry = 750 * time.Millisecond
	lastRetry  = time.Minute
	// costs is how many times longer than a sync the wait for the next one becomes at
	// least: thousands of secrets are not observed all the time.
	costs = 20
)

// chase are the waits between the polls after a hint: some git hosts send a delivery
// before they show the commit.
var chase = []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second}

func newRetry() *backoff.ExponentialBackOff {
	retry := backoff.NewExponentialBackOff()
	retry.InitialInterval, retry.MaxInterval, retry.RandomizationFactor = firstRetry, time.Hour, 0.5
	return retry
}

// longestRetry is how long to wait at the most for the next sync of a commit after one
// that took some time. A sync that could not observe Vault costs little.
func longestRetry(r report.Report, took, driftInterval time.Duration) time.Duration {
	longest := lastRetry
	if r.Err == nil && !r.Unavailable {
		longest = max(longest, costs*took)
	}
	return min(longest, driftInterval)
}

// retryable reports whether the same sync may succeed without a new commit: everything
// but the content of the commit may change by itself, by a command or by a person, from
// Vault, git and key services to another owner, a policy or an approval.
func retryable(r report.Report) bool {
	mayPass := slices.ContainsFunc(r.Failures, func(f report.Failure) bool { return !ofContent(f.Err) })
	waits := func(result report.Result) bool {
		byFailures := result.Kind == plan.Blocked && result.Want == nil && len(r.Failures) > 0
		return result.Kind.Waits() && !byFailures
	}
	return r.Err != nil && !ofContent(r.Err) || r.Unavailable || mayPass || report.AnyFailed(r.Results) || slices.ContainsFunc(r.Results, waits)
}

// ofContent reports whether the content of the commit is the cause of an error.
func ofContent(err error) bool {
	_, invalid := errors.AsType[*sopsfile.Problems](err)
	_, claimed := errors.AsType[*claimError](err)
	return invalid || claimed || tooLarge(err)
}
