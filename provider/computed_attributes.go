// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// computedAttributes are the attributes of one secret that only the provider sets: what
// the last write became, and what the last refresh saw.
type computedAttributes struct {
	Version         types.Int64  `tfsdk:"version"`
	CreatedTime     types.String `tfsdk:"created_time"`
	ObservedVersion types.Int64  `tfsdk:"observed_version"`
	Drift           types.String `tfsdk:"drift"`
	ExpiresAt       types.String `tfsdk:"expires_at"`
}

// inSync is what drift says after every apply that succeeded.
var inSync = types.StringValue(secrets.Verdict{State: secrets.InSync}.String())

// markUnknown is the decision to write, in the plan: writePlanned reads it
// in the apply.
func (c *computedAttributes) markUnknown() {
	c.Version, c.CreatedTime = types.Int64Unknown(), types.StringUnknown()
	c.ObservedVersion, c.ExpiresAt = types.Int64Unknown(), types.StringUnknown()
	c.Drift = types.StringUnknown()
}

// writePlanned reports whether the approved plan sends the value.
func (c computedAttributes) writePlanned() bool { return c.Version.IsUnknown() }

// observe puts what Vault says of the secret into findings and memory. It never
// touches version and created_time: drift is judged from them.
func (b *backend) observe(ctx context.Context, address secrets.Address, f *computedAttributes, private *privateState) error {
	_, err := b.describe(ctx, address, f, private)
	return err
}

// describe is observe, and hands on what it saw.
func (b *backend) describe(ctx context.Context, address secrets.Address, f *computedAttributes, private *privateState) (secrets.Entry, error) {
	entry, err := b.client.Describe(ctx, address)
	if err != nil {
		return secrets.Entry{}, err
	}
	wrote := b.lastWrite(*f, *private, entry)
	verdict := secrets.Judge(b.client.Owner(), entry, wrote)
	f.setObserved(private, entry, verdict.String(), repairFor(verdict, secrets.NeedsAdopt(b.client.Owner(), entry, wrote)))
	// A record that is lost says nothing of the value; what the write noted does.
	if record, noted := entry.Records[b.client.Owner()]; noted && !record.Released {
		private.HMAC1 = record.HMAC1
	}
	return entry, nil
}

// setFromRecord takes in what the owner's own record says of its last write, where there is
// no memory of it.
func (c *computedAttributes) setFromRecord(private *privateState, me secrets.Owner, entry secrets.Entry) {
	if owner, record, found := entry.LastOwner(); found && owner == me {
		c.Version = types.Int64Value(int64(record.Version))
		c.CreatedTime = timeValue(record.Time)
		private.Expires, private.Owner = record.Expires, owner
	}
}

// setObserved notes an observation and what was made of it.
func (c *computedAttributes) setObserved(private *privateState, entry secrets.Entry, drift string, calls repair) {
	c.Drift = types.StringValue(drift)
	c.ObservedVersion = types.Int64Value(int64(entry.Current))
	c.ExpiresAt = timeValue(entry.Expires())
	private.Observed = entry.Seen()
	private.Repair = calls
	if c.Drift.Equal(inSync) {
		private.Unfinished = false
	}
}

// setWritten is the state after a write that succeeded.
func (c *computedAttributes) setWritten(private *privateState, me secrets.Owner, wrote secrets.Written) {
	c.setVersion(private, wrote)
	c.Drift = inSync
	private.Observed.Owner, private.Owner = me, me
}

// setRecordMissing is the state after a write whose record did not follow.
func (c *computedAttributes) setRecordMissing(private *privateState, wrote secrets.Written) {
	c.setVersion(private, wrote)
	c.Drift = types.StringValue(secrets.Verdict{State: secrets.RecordLost}.String())
	private.Repair, private.Unfinished = repairWrite, true
}

// setResultUnknown is the state after a first write whose answer was lost.
func (c *computedAttributes) setResultUnknown(private *privateState, observed secrets.Entry) {
	c.Version, c.CreatedTime = types.Int64Null(), types.StringNull()
	c.ObservedVersion, c.ExpiresAt = types.Int64Value(int64(observed.Current)), types.StringNull()
	private.Observed, private.Unfinished = observed.Seen(), true
	c.setNotChecked(private, "the answer to the write was lost")
}

func (c *computedAttributes) setVersion(private *privateState, wrote secrets.Written) {
	c.Version = types.Int64Value(int64(wrote.Version))
	c.CreatedTime = timeValue(wrote.Created)
	c.ObservedVersion = c.Version
	c.ExpiresAt = timeValue(wrote.Expires)
	*private = privateState{
		Mount: private.Mount, Prefix: private.Prefix, Expires: wrote.Expires,
		Observed: secrets.Seen{Version: wrote.Version, Created: wrote.Created},
	}
}

// setNotChecked says that Vault could not be asked. What was seen before stays: a
// setPolicy is still checked against it.
func (c *computedAttributes) setNotChecked(private *privateState, reason string) {
	c.Drift = types.StringValue(secrets.Verdict{State: secrets.NotChecked, Cause: reason}.String())
	private.Repair = repairNone
}

func timeValue(t time.Time) types.String {
	if t.IsZero() {
		return types.StringNull()
	}
	return types.StringValue(t.UTC().Format(time.RFC3339Nano))
}
