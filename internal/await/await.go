// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package await waits in tests for what becomes true: never for a while.
package await

import "time"

// Until looks again and again whether something has become true. It returns false
// if that is not so within the given time. Inside a synctest bubble the time is the
// bubble's.
func Until(within time.Duration, reached func() bool) bool {
	if reached() {
		return true
	}
	again := time.NewTicker(max(within/5000, time.Millisecond))
	defer again.Stop()
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	for {
		select {
		case <-again.C:
			if reached() {
				return true
			}
		case <-deadline.C:
			return reached()
		}
	}
}
