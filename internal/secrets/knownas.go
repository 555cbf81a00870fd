// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"maps"
	"slices"
)

// KnownAs is the owner me as the records of the entry name it. A person keeps the
// readable part of the first write, so that one person never has two records.
func (e Entry) KnownAs(me Owner) Owner {
	known, version := me, 0
	for _, owner := range slices.Sorted(maps.Keys(e.Records)) {
		if r := e.Records[owner]; owner.Same(me) && r.Version > version {
			known, version = owner, r.Version
		}
	}
	return known
}

// For is the client under the name that the records of the entry have for its owner.
func (c *Client) For(e Entry) *Client {
	known := e.KnownAs(c.owner)
	if known == c.owner {
		return c
	}
	as, err := NewClient(Config{
		KV: c.kv, Owner: known, Settle: c.settle, MaxValueBytes: c.maxBytes, Concurrency: c.concurrency,
		Keys: c.keys, RequireMAC: c.requireMAC, Reading: c.reading, Warn: c.warn,
	})
	if err != nil {
		return c // never: the owner was read from a record
	}
	return as
}

// Undeletable returns the owner whose record permits it to undelete the current version,
// and that record.
func Undeletable(e Entry) (Owner, Record, bool) {
	if e.Live() {
		return NoOwner, Record{}, false
	}
	for _, owner := range slices.Sorted(maps.Keys(e.Records)) {
		if r, cause := undeletable(owner, e); cause == "" {
			return owner, r, true
		}
	}
	return NoOwner, Record{}, false
}
