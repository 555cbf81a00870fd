// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// pasteMilliseconds is how long the rest of a pasted text may take to arrive.
const pasteMilliseconds = 50

// dropTyped drops what was typed or pasted and not read, so that the shell does not run
// it, and reports whether there was a whole line of it.
func dropTyped() bool {
	fd := int(os.Stdin.Fd())
	// An error means that the terminal is gone: then nothing is left in it either.
	_, _ = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, pasteMilliseconds) //nolint:gosec // a descriptor fits
	waiting, _ := unix.IoctlGetInt(fd, unix.TIOCINQ)
	_ = unix.IoctlSetInt(fd, unix.TCFLSH, unix.TCIFLUSH)
	return waiting > 0
}
