// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package connections

import (
	"context"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// DeleteSuperseded deletes the bodies that a connection's record names as superseded, once
// nobody reads them, and takes them out of the record. It is for what a round finds
// unchanged; a write tidies by itself.
func (c *Client) DeleteSuperseded(ctx context.Context, a Address, pointer secrets.Entry) error {
	record := pointer.Records[c.Owner()]
	old := named(record.Superseded[:])
	if len(old) == 0 || !settled(c.Owner(), pointer, c.grace) {
		return nil
	}
	for _, id := range old {
		c.drop(ctx, a.body(id), false)
	}
	note := record.Provenance
	clear(note.Superseded[:])
	return c.UpdateRecord(ctx, a.Pointer(), pointer, note)
}

// DeleteOrphaned deletes the bodies in a domain that this owner wrote and that no pointer
// names: what a crash between body and pointer leaves, and what was superseded too
// often for a record to name. It returns how many it deleted. done are bodies that
// need no second look; Sweep adds to it.
func (c *Client) DeleteOrphaned(ctx context.Context, mount, domain string, done map[string]bool) (int, error) {
	folders, err := c.Folders(ctx, mount, prefix(domain))
	if err != nil {
		return 0, err
	}
	swept := 0
	for _, id := range folders {
		if !isID(id) || done[id] {
			continue
		}
		body := Address{Mount: mount, Domain: domain}.body(id)
		gone, final, err := c.sweep(ctx, body)
		if err != nil {
			return swept, err
		}
		if gone {
			swept++
		}
		done[id] = final
	}
	return swept, nil
}

// sweep deletes one body if it is abandoned. final says that looking again would
// find nothing else.
func (c *Client) sweep(ctx context.Context, body secrets.Scope) (gone, final bool, err error) {
	fields, err := c.fields(ctx, body)
	if err != nil {
		return false, false, err
	}
	var (
		pointer   string
		born, now time.Time
		live      bool
	)
	for _, field := range fields {
		if marked := c.MarkedFor(field); marked != "" {
			pointer = marked
		}
		if made := field.Versions[field.Current].Created; made.After(born) {
			born = made
		}
		now, live = field.Date, live || field.Live()
	}
	if pointer == "" || !live {
		return false, true, nil
	}
	a, err := secrets.ParseAddress(body.Mount, body.Prefix, pointer)
	if err != nil {
		return false, true, nil //nolint:nilerr // a mark that is none of ours
	}
	entry, err := c.Client.Describe(ctx, a)
	if err != nil || !abandoned(entry, body.Workflow, now.Sub(born), c.grace) {
		return false, false, err
	}
	c.drop(ctx, body, false)
	return true, true, nil
}
