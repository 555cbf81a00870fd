// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package step

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestHardenedProcessIsNotDumpable(t *testing.T) {
	t.Parallel()
	Harden()
	if got, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); got != 0 || err != nil {
		t.Errorf("got %d, %v", got, err)
	}
}
