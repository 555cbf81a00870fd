// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package await

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestUntilSeesWhatComesTrueAndGivesUpInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		if !Until(time.Minute, func() bool { return time.Since(begun) >= 10*time.Second }) {
			t.Error("it did not see what came true")
		}
		if took := time.Since(begun); took > 11*time.Second {
			t.Errorf("it saw it only after %s", took)
		}
		begun = time.Now()
		if Until(time.Minute, func() bool { return false }) {
			t.Error("it saw what never came true")
		}
		if took := time.Since(begun); took != time.Minute {
			t.Errorf("it gave up after %s", took)
		}
	})
}
