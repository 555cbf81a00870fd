// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"errors"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/capability"
	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

const (
	// TidyPause is how long the two reads of a tidy are apart at least, by Vault's clock. A
	// writer that observed the entry before the mark has read it again by then.
	TidyPause = 10 * time.Minute
	// tidyMargin is what the requests for a removal may take at most.
	tidyMargin = time.Minute
)

// TidyStep is what a tidy may do with an entry: a closed set.
type TidyStep int

const (
	// TidyKeep: the entry is live, or has a record that is not released or not for long.
	TidyKeep TidyStep = iota
	// TidyMark: the entry may be marked.
	TidyMark
	// TidyWait: it was marked less than TidyPause ago.
	TidyWait
	// TidyRemove: it was marked at least TidyPause ago, has not changed since, and no
	// writer writes to it yet.
	TidyRemove
)

// TidyStep decides what a tidy may do with an entry that is dead, and that every owner
// with a record has released, both for at least that long. Pure.
func (e Entry) TidyStep(after time.Duration) TidyStep {
	since, released := e.ReleasedSince()
	since = since.Truncate(time.Second) // as the clock of Vault in answers
	age := e.Date.Sub(e.tidyMark)
	switch {
	case !released || e.Date.Sub(since) < after:
		return TidyKeep
	case e.tidyMark.IsZero(), e.tidyVersion != e.Current, since.After(e.tidyMark), age < 0, age >= tidyMarkAge-2*tidyMargin:
		return TidyMark
	case age < TidyPause:
		return TidyWait
	}
	return TidyRemove
}

// TidyMarked is when the entry was marked, by Vault's clock; zero if it was not.
func (e Entry) TidyMarked() time.Time { return e.tidyMark }

// ReleasedSince is the time of the latest release of a dead entry, or of its deletion if
// that was later; false if the entry is live, was never released, or has a record that
// stands, that cannot be read, or that was released at an unknown time. Pure.
func (e Entry) ReleasedSince() (since time.Time, released bool) {
	if e.Live() || len(e.Malformed) > 0 || e.Rejected != nil {
		return time.Time{}, false
	}
	highest := 0
	for _, r := range e.Records {
		if r.Released && e.counts(r) {
			if r.ReleasedAt.IsZero() {
				return time.Time{}, false
			}
			highest = max(highest, r.Version)
			if r.ReleasedAt.After(since) {
				since = r.ReleasedAt
			}
		}
	}
	for _, r := range e.Records {
		if !r.Released && e.counts(r) && r.Version >= highest {
			return time.Time{}, false
		}
	}
	if deleted := e.Versions[e.Current].Deleted; deleted.After(since) {
		since = deleted
	}
	return since, highest > 0
}

// Releaser is the owner of the newest released record that counts; NoOwner for none.
func (e Entry) Releaser() Owner {
	owner, version := NoOwner, 0
	for o, r := range e.Records {
		if r.Released && e.counts(r) && r.Version > version {
			owner, version = o, r.Version
		}
	}
	return owner
}

// MarkTidy announces the removal of an entry whose step is TidyMark: from now on no writer
// writes to it for some time. Errors: ErrMissingCapability, *kv.Error.
func (c *Client) MarkTidy(ctx context.Context, a Address, e Entry) error {
	if err := c.require(ctx, a, capability.Tidy); err != nil {
		return err
	}
	return wrapSecret(a, c.patchMetadata(ctx, a, map[string]any{"custom_metadata": map[string]any{tidyKey: tidyMarkOf(e)}}))
}

// RemoveTidied reads an entry again, and removes its metadata, with all versions, if the
// step is TidyRemove still. It calls first before that, with the entry, for what has to
// be removed before; nil for nothing. It returns the step, which is another one if the
// entry stays. A removal cannot be undone. Errors: as of Describe, *kv.Error.
func (c *Client) RemoveTidied(ctx context.Context, a Address, after time.Duration, first func(context.Context, Entry) error) (TidyStep, error) {
	if err := c.require(ctx, a, capability.Tidy); err != nil {
		return TidyKeep, err
	}
	e, err := c.Describe(ctx, a)
	if err != nil {
		return TidyKeep, err
	}
	step := e.TidyStep(after)
	if step != TidyRemove {
		return step, nil
	}
	ctx, cancel := context.WithTimeout(ctx, tidyMargin)
	defer cancel()
	if first != nil {
		if err := first(ctx, e); err != nil {
			return step, err
		}
	}
	return step, wrapSecret(a, c.kv.DeleteMetadata(ctx, entryOf(a)))
}

// removeMetadata removes an entry that is a part of another one. An absent one is not an error.
func (c *Client) removeMetadata(ctx context.Context, a Address) error {
	err := c.kv.DeleteMetadata(ctx, entryOf(a))
	if errors.Is(err, kv.ErrNotFound) {
		return nil
	}
	return wrapSecret(a, err)
}
