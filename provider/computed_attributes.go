// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// findings are the attributes of one secret that only the provider sets: what
// the last write became, and what the last refresh saw.
type findings struct {
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
func (f *findings) markUnknown() {
	f.Version, f.CreatedTime = types.Int64Unknown(), types.StringUnknown()
	f.ObservedVersion, f.ExpiresAt = types.Int64Unknown(), types.StringUnknown()
	f.Drift = types.StringUnknown()
}

// writePlanned reports whether the approved plan sends the value.
func (f findings) writePlanned() bool { return f.Version.IsUnknown() }

// observe puts what Vault says of the secret into findings and memory. It never
// touches version and created_time: drift is judged from them.
func (c *connection) observe(ctx context.Context, address secrets.Address, f *findings, remembered *memory) error {
	_, err := c.describe(ctx, address, f, remembered)
	return err
}

// describe is observe, and hands on what it saw.
func (c *connection) describe(ctx context.Context, address secrets.Address, f *findings, remembered *memory) (secrets.Entry, error) {
	entry, err := c.client.Describe(ctx, address)
	if err != nil {
		return secrets.Entry{}, err
	}
	wrote := c.lastWrite(*f, *remembered, entry)
	verdict := secrets.Judge(c.client.Owner(), entry, wrote)
	f.saw(remembered, entry, verdict.String(), remedyFor(verdict, secrets.NeedsAdopt(c.client.Owner(), entry, wrote)))
	// A record that is lost says nothing of the value; what the write noted does.
	if record, noted := entry.Records[c.client.Owner()]; noted && !record.Released {
		remembered.HMAC1 = record.HMAC1
	}
	return entry, nil
}

// noted takes in what the owner's own record says of its last write, where there is
// no memory of it.
func (f *findings) noted(remembered *memory, me secrets.Owner, entry secrets.Entry) {
	if owner, record, found := entry.LastOwner(); found && owner == me {
		f.Version = types.Int64Value(int64(record.Version))
		f.CreatedTime = timeValue(record.Time)
		remembered.Expires, remembered.Owner = record.Expires, owner
	}
}

// saw notes an observation and what was made of it.
func (f *findings) saw(remembered *memory, entry secrets.Entry, drift string, calls remedy) {
	f.Drift = types.StringValue(drift)
	f.ObservedVersion = types.Int64Value(int64(entry.Current))
	f.ExpiresAt = timeValue(entry.Expires())
	remembered.Seen = entry.Seen()
	remembered.Remedy = calls
	if f.Drift.Equal(inSync) {
		remembered.Unfinished = false
	}
}

// finish is the state after a write that succeeded.
func (f *findings) finish(remembered *memory, me secrets.Owner, wrote secrets.Written) {
	f.wrote(remembered, wrote)
	f.Drift = inSync
	remembered.Seen.Owner, remembered.Owner = me, me
}

// finishWithoutRecord is the state after a write whose record did not follow.
func (f *findings) finishWithoutRecord(remembered *memory, wrote secrets.Written) {
	f.wrote(remembered, wrote)
	f.Drift = types.StringValue(secrets.Verdict{State: secrets.RecordLost}.String())
	remembered.Remedy, remembered.Unfinished = remedyWrite, true
}

// finishUnknown is the state after a first write whose answer was lost.
func (f *findings) finishUnknown(remembered *memory, observed secrets.Entry) {
	f.Version, f.CreatedTime = types.Int64Null(), types.StringNull()
	f.ObservedVersion, f.ExpiresAt = types.Int64Value(int64(observed.Current)), types.StringNull()
	remembered.Seen, remembered.Unfinished = observed.Seen(), true
	f.notChecked(remembered, "the answer to the write was lost")
}

func (f *findings) wrote(remembered *memory, wrote secrets.Written) {
	f.Version = types.Int64Value(int64(wrote.Version))
	f.CreatedTime = timeValue(wrote.Created)
	f.ObservedVersion = f.Version
	f.ExpiresAt = timeValue(wrote.Expires)
	*remembered = memory{
		Mount: remembered.Mount, Prefix: remembered.Prefix, Expires: wrote.Expires,
		Seen: secrets.Seen{Version: wrote.Version, Created: wrote.Created},
	}
}

// notChecked says that Vault could not be asked. What was seen before stays: a
// write is still checked against it.
func (f *findings) notChecked(remembered *memory, reason string) {
	f.Drift = types.StringValue(secrets.Verdict{State: secrets.NotChecked, Cause: reason}.String())
	remembered.Remedy = remedyNone
}

func timeValue(t time.Time) types.String {
	if t.IsZero() {
		return types.StringNull()
	}
	return types.StringValue(t.UTC().Format(time.RFC3339Nano))
}
