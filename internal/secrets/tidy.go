// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// tidyKey is the custom_metadata key that announces the removal of an entry's metadata.
// Its value is "version=<number> time=<time>".
const tidyKey = recordPrefix + "tidy"

const (
	// tidyMarkAge is how long after the mark no writer writes, and so the metadata may be
	// removed.
	tidyMarkAge = 20 * time.Minute
	// maxUnreadAge bounds the age of the observation that a write to an entry without a
	// live value is made from. A write after the removal would be lost: check-and-set
	// cannot distinguish an entry that was removed from one that never existed.
	maxUnreadAge = 15 * time.Second
)

// tidyMarkOf is the mark of an entry as it was observed.
func tidyMarkOf(e Entry) string {
	return fmt.Sprintf("version=%d time=%s", e.Current, formatTime(e.Date))
}

// parseTidyMark returns version and time of a mark; zero for a text that is not one.
func parseTidyMark(text string) (version int, at time.Time) {
	first, second, _ := strings.Cut(text, " time=")
	at, ok := parseTime(second)
	if !ok {
		return 0, time.Time{}
	}
	version, _ = strconv.Atoi(strings.TrimPrefix(first, "version=")) // not a number is version 0, which never exists
	return version, at
}

// tidying reports until when the metadata of the entry may be removed; zero for not at
// all. A live value ends a removal.
func (e Entry) tidying() time.Time {
	until := e.tidyMark.Add(tidyMarkAge)
	if e.tidyMark.IsZero() || e.Live() || !e.Date.Before(until) {
		return time.Time{}
	}
	return until
}

// stale reports whether an entry without a live value has to be read again before a
// write: its observation is older than half of settle.
func (e Entry) stale(now time.Time, settle time.Duration) bool {
	return !e.Live() && now.Sub(e.observedAt) > min(settle/2, maxUnreadAge)
}

// checkTidy makes sure that no program removes the metadata of the entry before or while
// the write creates a version. It returns the entry, read again if it was stale.
// Errors: ErrTidying, or as of Confirm.
func (c *Client) checkTidy(ctx context.Context, a Address, observed Entry) (Entry, error) {
	if observed.stale(time.Now(), c.settle) {
		var err error
		if observed, err = c.Confirm(ctx, a, observed.Seen()); err != nil {
			return Entry{}, err
		}
	}
	if until := observed.tidying(); !until.IsZero() {
		return Entry{}, &tidyingError{Address: a, Until: until}
	}
	return observed, nil
}

// tidyingError is an entry whose metadata may be removed at any moment.
type tidyingError struct {
	Address Address
	Until   time.Time
}

func (e *tidyingError) Error() string {
	return fmt.Sprintf("%s %s: %s: a tidy removes its metadata; write it again after %s",
		e.Address.Kind, e.Address, ErrTidying, e.Until.UTC().Format(time.RFC3339))
}

// Unwrap gives ErrTidying.
func (e *tidyingError) Unwrap() error { return ErrTidying }
