// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/relay-secrets/terraform-provider-relay/internal/capability"
	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

// Write is one write to a secret or a connection.
type Write struct {
	Address Address
	// Value is that of a secret, Fields are all fields of a connection.
	Value  Value
	Fields map[string]Value
	// Observed is the entry from which the decision to write was made, from Describe or
	// Confirm. The write is checked against it.
	Observed Entry
	// Baseline is the owner's last write as it keeps it besides the record, nil for
	// nothing.
	Baseline *Written
	// Provenance goes into the record.
	Provenance Provenance
	// Adopt takes over a secret of another owner, or an unmanaged one. It always writes
	// the value, and leaves the record of the former owner as it is.
	Adopt bool
	// Former hands the secret over: the write is permitted, and waits, as if this owner
	// repaired its own secret. The caller makes sure that the owner gives it up.
	Former Owner
}

// Check rejects a write that no attempt could make right. The error wraps ErrInvalid.
func (c *Client) Check(w Write) error {
	return errors.Join(w.Address.Check(), w.Provenance.check(), w.longestRecord().checkSize(), c.checkValue(w.Value))
}

// checkValue rejects a value of a secret or of a field.
func (c *Client) checkValue(v Value) error {
	return errors.Join(v.checkSize(c.maxBytes), v.checkEncoding(c.encoding))
}

// longestRecord is the longest record that the write can need.
func (w Write) longestRecord() Record {
	at := time.Date(9999, 1, 1, 0, 0, 0, 123456789, time.UTC)
	r := Record{Version: math.MaxInt, Time: at, Expires: at, Undeleted: true, Provenance: w.Provenance}
	if w.Address.Kind == Connection {
		id := "ffffffff-ffff-ffff-ffff-ffffffffffff"
		r.Body = Body{ID: id, Fields: math.MaxInt16, Superseded: [maxSuperseded]string{id, id}}
	}
	return r
}

// Put writes a value by the protocol of the package comment. Errors: ErrInvalid, ErrNotOwner, ErrConflict, ErrTidying, ErrMissingCapability,
// ErrOutcomeUnknown, ErrNoRecord (the value was written), or a *kv.Error.
func (c *Client) Put(ctx context.Context, w Write) (Written, error) {
	return c.write(ctx, w, func(context.Context) (Value, Body, error) { return w.Value, Body{}, nil })
}

// write calls prepare once the write is permitted and will be sent. It returns the
// value and the bodies for the record: a connection writes its body there. Its error
// ends the write.
func (c *Client) write(ctx context.Context, w Write, prepare func(context.Context) (Value, Body, error)) (Written, error) {
	if err := c.Check(w); err != nil {
		return Written{}, err
	}
	known := w.Observed.withBaseline(c.owner, w.Baseline)
	if err := permit(c.owner, w.Former, known, w.Address, w.Adopt); err != nil {
		return Written{}, err
	}
	if err := c.require(ctx, w.Address, capability.Write); err != nil {
		return Written{}, err
	}
	if err := c.awaitSettled(ctx, w, settling(cmp.Or(w.Former, c.owner), w.Observed, w.Baseline, c.settle)); err != nil {
		return Written{}, err
	}
	unlock, err := c.changing.lock(ctx, w.Address)
	if err != nil {
		return Written{}, err
	}
	defer unlock()
	// From here on an orderly stop waits: value and record belong together.
	pair := context.WithoutCancel(ctx)
	if w.Observed, err = c.checkTidy(ctx, w.Address, w.Observed); err != nil {
		return Written{}, err
	}
	value, body, err := prepare(pair)
	if err == nil {
		err = body.check()
	}
	if err == nil { // a body of many fields takes time
		w.Observed, err = c.checkTidy(pair, w.Address, w.Observed)
	}
	if err != nil {
		return Written{}, err
	}
	w.Value = value
	written, err := c.writeValue(pair, w)
	if err != nil {
		return Written{}, err
	}
	record := Record{Version: written.Version, Time: written.Created, Expires: written.Expires, Provenance: w.Provenance.sealedBy(written.Created), Body: body}
	if err := c.writeRecord(pair, w.Address, record, c.keys); err != nil {
		return written, &noRecordError{Address: w.Address, Done: "written", Written: written, Cause: err}
	}
	return written, nil
}

// awaitSettled waits until a version without a record is so old that no record can
// follow, and checks that the entry has not changed meanwhile.
func (c *Client) awaitSettled(ctx context.Context, w Write, wait time.Duration) error {
	if wait == 0 {
		return ctx.Err()
	}
	c.waits(w.Address, wait)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(wait):
	}
	_, err := c.Confirm(ctx, w.Address, w.Observed.Seen())
	return err
}

// writeValue sends the value, and sends it once more if the answer was lost.
func (c *Client) writeValue(ctx context.Context, w Write) (Written, error) {
	send := func() (kv.Written, error) {
		return c.kv.WriteData(ctx, entryOf(w.Address), w.Value.encoded(), w.Observed.Current)
	}
	answer, err := send()
	if unanswered(err) {
		// Only a success is definite: a mismatch may come from the first request.
		if answer, err = send(); err != nil {
			return Written{}, fmt.Errorf("%s %s: %w: the answer to the write was lost (%w); plan again to see whether it happened",
				w.Address.Kind, w.Address, ErrOutcomeUnknown, err)
		}
	}
	switch {
	case errors.Is(err, kv.ErrCASMismatch):
		return Written{}, c.conflict(ctx, w)
	case err != nil:
		return Written{}, wrapSecret(w.Address, c.changeError(ctx, w.Address, capability.Write, err))
	}
	created, ok := parseTime(answer.CreatedTime)
	expires, ok2 := parseTime(answer.DeletionTime)
	if !ok || !ok2 || created.IsZero() {
		return Written{}, fmt.Errorf("%s %s: %w: Vault's answer to the write has no creation time; plan again", w.Address.Kind, w.Address, ErrOutcomeUnknown)
	}
	return Written{Version: answer.Version, Created: created, Expires: expires}, nil
}

func unanswered(err error) bool {
	failed, ok := errors.AsType[*kv.Error](err)
	return ok && failed.OutcomeUnknown()
}

// conflict describes a mismatch, with what can still be observed.
func (c *Client) conflict(ctx context.Context, w Write) error {
	was := w.Observed.Seen()
	now, err := c.Describe(ctx, w.Address)
	if err != nil {
		return &conflictError{Address: w.Address, Was: was}
	}
	seen := now.Seen()
	return &conflictError{Address: w.Address, Was: was, Now: &seen}
}

// writeRecord writes the owner's record. keys sign it.
func (c *Client) writeRecord(ctx context.Context, a Address, r Record, keys FingerprintKeys) error {
	err := c.untilWritten(ctx, func() error { return c.patchRecord(ctx, a, c.owner, r, keys) })
	return c.changeError(ctx, a, capability.Write, err)
}

func (c *Client) patchRecord(ctx context.Context, a Address, owner Owner, r Record, keys FingerprintKeys) error {
	text := keys.sign(owner, a, r.String())
	return c.patchOnce(ctx, a, map[string]any{"custom_metadata": map[string]any{owner.recordKey(): text}})
}

// untilWritten retries the request for a record, which is idempotent, for as long as
// others wait for it. The value was sent with the same address and token a moment ago, so only
// a refusal of Vault is final.
func (c *Client) untilWritten(ctx context.Context, send func() error) error {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval = 50 * time.Millisecond
	wait.MaxInterval = 2 * time.Second
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		err := send()
		if failed, ok := errors.AsType[*kv.Error](err); ok && failed.Refused() {
			return struct{}{}, backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(wait), backoff.WithMaxElapsedTime(c.settle))
	return err
}

// UpdateRecord changes the provenance in this owner's record, for the version that the
// record is about: one PATCH, no value. A write of the same owner
// between the observation and this request ends with the older record on the newer
// version, which shows as overwritten and is repaired, as after any record that comes
// late. Errors: ErrNotOwner where the record is not the current version's, ErrInvalid,
// *kv.Error.
func (c *Client) UpdateRecord(ctx context.Context, a Address, observed Entry, p Provenance) error {
	if err := p.check(); err != nil {
		return err
	}
	return c.updateRecord(ctx, a, observed, func(r *Record) { r.Provenance = p })
}

func (c *Client) updateRecord(ctx context.Context, a Address, observed Entry, change func(*Record)) error {
	record := observed.Records[c.owner]
	if owner, is := observed.Owner(); !is || owner != c.owner {
		return &NotOwnerError{Address: a, Owner: owner}
	}
	change(&record)
	record.Provenance = record.sealedBy(observed.Date)
	if err := record.checkSize(); err != nil {
		return err
	}
	return c.writeRecord(context.WithoutCancel(ctx), a, record, c.keysFor(observed))
}

// keysFor are the keys for a record that is made from an observed one. One without a MAC
// stays without: a signature would confirm what anyone may have written.
func (c *Client) keysFor(observed Entry) FingerprintKeys {
	if observed.MAC == MACMissing {
		return FingerprintKeys{}
	}
	return c.keys
}

// SignRecord writes the MAC of this owner's record, which has none or one that is not
// valid, under the newest key: one PATCH, no value. It is for a person who has checked
// that the owner wrote the record. Errors: ErrInvalid if there is no key, ErrNotOwner if
// the owner has no record of a version of the entry, *kv.Error.
func (c *Client) SignRecord(ctx context.Context, a Address, observed Entry) error {
	if !c.keys.Set() {
		return invalidf("sign the record of %s %s: a fingerprint key is required", a.Kind, a)
	}
	record, found := observed.ownRecord(c.owner)
	if !found || !observed.counts(record) {
		return &NotOwnerError{Address: a}
	}
	if err := c.require(ctx, a, capability.Write); err != nil {
		return err
	}
	return c.writeRecord(context.WithoutCancel(ctx), a, record, c.keys)
}

// RenewMAC writes the MAC of this owner's record under the newest key if it is valid under
// an older one: one PATCH of the same record, released or not, and no value. Each attempt
// reads the record first, so that one that the owner wrote meanwhile stays. Errors:
// ErrMissingCapability, *kv.Error.
func (c *Client) RenewMAC(ctx context.Context, a Address) error {
	if err := c.require(ctx, a, capability.Write); err != nil {
		return err
	}
	unlock, err := c.changing.lock(ctx, a)
	if err != nil {
		return err
	}
	defer unlock()
	ctx = context.WithoutCancel(ctx)
	return c.untilWritten(ctx, func() error {
		now, err := c.describe(ctx, a)
		if err != nil || now.MAC != MACOlderKey {
			return err
		}
		return c.patchRecord(ctx, a, c.owner, now.Records[c.owner], c.keys)
	})
}

// UnsignedRecord is the observer's own record if it has no MAC or one that is not
// valid: what SignRecord is for.
func (e Entry) UnsignedRecord(me Owner) (Record, bool) {
	record, found := e.ownRecord(me)
	return record, found && (e.MAC == MACMissing || e.MAC == MACInvalid)
}

// Has reports whether a record is about a version of the entry.
func (e Entry) Has(r Record) bool { return e.counts(r) }

// ownRecord is the record of the observer, also if it is not authentic.
func (e Entry) ownRecord(me Owner) (Record, bool) {
	if e.Rejected != nil {
		return *e.Rejected, true
	}
	record, found := e.Records[me]
	return record, found
}
