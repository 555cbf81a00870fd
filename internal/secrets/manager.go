// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import "context"

// Manager checks, judges and writes addresses of one kind for one owner. A *Client
// manages secrets, package connections has the manager of connections. A caller
// with addresses of both kinds keeps one manager for each, and does not ask for the kind.
type Manager interface {
	// Check rejects a write that no attempt could make right. It sends nothing.
	Check(w Write) error
	// Describe observes an address.
	Describe(ctx context.Context, a Address) (Entry, error)
	// Judge compares what was observed with the owner's last write. It sends nothing.
	Judge(e Entry, baseline *Written) Verdict
	// Put writes.
	Put(ctx context.Context, w Write) (Written, error)
	// Delete soft-deletes the claimed version if it is current, and releases its record.
	Delete(ctx context.Context, a Address, claim Claim) (Deletion, error)
	// Purge is Delete that destroys all versions.
	Purge(ctx context.Context, a Address, claim Claim) (Deletion, error)
	// Fingerprint are the keyed fingerprints of the content of a write.
	Fingerprint(keys FingerprintKeys, w Write) ValueFingerprints
}

var _ Manager = (*Client)(nil)

// Judge is the function Judge for the client's owner.
func (c *Client) Judge(e Entry, baseline *Written) Verdict { return Judge(c.owner, e, baseline) }

// Fingerprint is HMAC1 of the value.
func (c *Client) Fingerprint(keys FingerprintKeys, w Write) ValueFingerprints {
	return keys.HMAC1(w.Address, w.Value)
}
