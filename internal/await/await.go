// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package await

import "time"

// Until polls until reached returns true. It returns false if that does not happen
// within the given time. Inside a synctest bubble it uses the bubble's time.
func Until(within time.Duration, reached func() bool) bool {
	if reached() {
		return true
	}
	ticker := time.NewTicker(max(within/5000, time.Millisecond))
	defer ticker.Stop()
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	for {
		select {
		case <-ticker.C:
			if reached() {
				return true
			}
		case <-deadline.C:
			return reached()
		}
	}
}
