// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

//go:build !linux

package step

import "syscall"

// endsWithParent does nothing: only Linux ends a process with another one.
func endsWithParent() *syscall.SysProcAttr { return nil }

// memoryFolder is empty: this system has no folder in memory.
func memoryFolder() string { return "" }

func inMemory(string) bool { return false }

// Harden has no effect on this system.
func Harden() {}
