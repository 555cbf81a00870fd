// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package connections

import (
	"context"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// DeleteSuperseded deletes the bodies that a connection's record names as superseded,
// once no reader uses them, and removes them from the record. It is for connections
// that a sync leaves unchanged; Put does the same itself.
func (c *Client) DeleteSuperseded(ctx context.Context, a secrets.Address, e secrets.Entry) error {
	body := e.Records[c.Owner()].Body
	old := nonEmpty(body.Superseded[:])
	if len(old) == 0 || !settled(c.Owner(), e, c.grace) {
		return nil
	}
	for _, id := range old {
		c.deleteBody(ctx, bodyOf(a, id), false)
	}
	clear(body.Superseded[:])
	return c.bodies.Update(ctx, a, e, body)
}

// DeleteOrphaned deletes the bodies in a domain that this owner wrote and that no
// pointer names: what a crash between body and pointer leaves, and what was superseded
// too often for a record to name. It returns how many it deleted. done are bodies that
// need no second observation; DeleteOrphaned adds to it.
func (c *Client) DeleteOrphaned(ctx context.Context, root secrets.Scope, domain string, done map[string]bool) (int, error) {
	folders, err := c.bodies.Folders(ctx, Address(root, domain, "", "").Scope)
	if err != nil {
		return 0, err
	}
	deleted := 0
	for _, id := range folders {
		if !isID(id) || done[id] {
			continue
		}
		gone, final, err := c.deleteIfOrphaned(ctx, root, domain, id)
		if err != nil {
			return deleted, err
		}
		if gone {
			deleted++
		}
		done[id] = final
	}
	return deleted, nil
}

// deleteIfOrphaned deletes one body that no pointer names. final reports that a second
// observation would find nothing else.
func (c *Client) deleteIfOrphaned(ctx context.Context, root secrets.Scope, domain, id string) (gone, final bool, err error) {
	body := bodyOf(Address(root, domain, "", ""), id)
	fields, err := c.fields(ctx, body)
	if err != nil {
		return false, false, err
	}
	var (
		marked       string
		created, now time.Time
		live         bool
	)
	for _, field := range fields {
		if mark := c.bodies.MarkOf(field); mark != "" {
			marked = mark
		}
		if at := field.Versions[field.Current].Created; at.After(created) {
			created = at
		}
		now, live = field.Date, live || field.Live()
	}
	if marked == "" || !live {
		return false, true, nil
	}
	a, err := ParseAddress(root, domain, marked)
	if err != nil {
		return false, true, nil //nolint:nilerr // not a mark of this product
	}
	e, err := c.Client.Describe(ctx, a)
	if err != nil || !abandoned(e, id, now.Sub(created), c.grace) {
		return false, false, err
	}
	c.deleteBody(ctx, body, false)
	return true, true, nil
}
