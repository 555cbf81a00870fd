// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package step

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// endsWithParent lets the system end a process when this one is killed.
func endsWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
}

// memoryFolder is a folder in memory that every user may write to; empty for none.
func memoryFolder() string {
	const folder = "/dev/shm"
	if inMemory(folder) && unix.Access(folder, unix.W_OK|unix.X_OK) == nil {
		return folder
	}
	return ""
}

// inMemory reports whether a folder is on tmpfs.
func inMemory(folder string) bool {
	var system unix.Statfs_t
	return unix.Statfs(folder, &system) == nil && system.Type == unix.TMPFS_MAGIC
}

// Harden keeps other processes of the same user from reading the memory and the environment of
// this one, and the system from writing a core of it. The command has neither limit.
func Harden() {
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) // never fails for 0
}
