// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
)

// TestSettingsOfMemoryApplyFromTheFirstCollection: a large commit must not need more
// memory than with Go's settings. It changes the settings of this process, so no other
// test runs at the same time.
func TestSettingsOfMemoryApplyFromTheFirstCollection(t *testing.T) {
	percent, limit := debug.SetGCPercent(77), debug.SetMemoryLimit(1<<40)
	defer func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	}()
	delayCollection()
	if now := debug.SetMemoryLimit(-1); now != firstCollection {
		t.Errorf("the limit is %d", now)
	}
	if !await.Until(time.Minute, func() bool {
		runtime.GC()
		return debug.SetMemoryLimit(-1) == 1<<40
	}) {
		t.Error("the limit stays")
	}
	if now := debug.SetGCPercent(77); now != 77 {
		t.Errorf("the percentage is %d", now)
	}
	debug.SetMemoryLimit(firstCollection - 1)
	delayCollection()
	if now := debug.SetMemoryLimit(-1); now != firstCollection-1 {
		t.Errorf("a smaller limit became %d", now)
	}
}
