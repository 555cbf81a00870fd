// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"testing"
	"time"
)

func TestAgeInWords(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for d, want := range map[time.Duration]string{
		0:                             "just now",
		-9 * time.Second:              "just now",
		-40 * time.Second:             "40 seconds ago",
		-time.Minute:                  "1 minute ago",
		-89 * time.Minute:             "1 hour ago",
		-47 * time.Hour:               "47 hours ago",
		-50 * time.Hour:               "2 days ago",
		-100 * 24 * time.Hour:         "3 months ago",
		5 * time.Second:               "in a moment",
		30 * time.Second:              "in 30 seconds",
		10*time.Minute - time.Second:  "in 10 minutes",
		8*time.Hour - 20*time.Second:  "in 8 hours",
		8*time.Hour - 40*time.Second:  "in 7 hours",
		30*24*time.Hour - time.Second: "in 30 days",
	} {
		if got := age(now, now.Add(d)); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
	if got := age(now, time.Time{}); got != "never" {
		t.Errorf("no time: %q", got)
	}
}
