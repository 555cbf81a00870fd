// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"runtime"
	"runtime/debug"
)

// firstCollection is the memory of Go's runtime at which a command that ends soon collects
// garbage first. By default it would from 4 MB on, again and again while it reads its files.
const firstCollection = 48 << 20

// delayCollection delays the first collection. The settings of the process, also those of
// its environment, apply from then on, and instead if they set less memory.
func delayCollection() {
	percent := debug.SetGCPercent(-1)
	limit := debug.SetMemoryLimit(firstCollection)
	restore := func(struct{}) {
		debug.SetMemoryLimit(limit)
		debug.SetGCPercent(percent)
	}
	if limit < firstCollection || percent < 0 {
		restore(struct{}{})
		return
	}
	runtime.AddCleanup(new(*int), restore, struct{}{}) // the first collection finds that it is unused
}
