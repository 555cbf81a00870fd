// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// computedAttributes are set by the provider only: the result of the last write,
// and what the last refresh observed.
type computedAttributes struct {
	Version         types.Int64  `tfsdk:"version"`
	CreatedTime     types.String `tfsdk:"created_time"`
	ObservedVersion types.Int64  `tfsdk:"observed_version"`
	Drift           types.String `tfsdk:"drift"`
	ExpiresAt       types.String `tfsdk:"expires_at"`
}

// inSync is the value of drift after every successful apply.
var inSync = types.StringValue(secrets.Verdict{State: secrets.InSync}.String())

// markUnknown plans a write. writePlanned finds the decision in the apply.
func (c *computedAttributes) markUnknown() {
	c.Version, c.CreatedTime = types.Int64Unknown(), types.StringUnknown()
	c.ObservedVersion, c.ExpiresAt = types.Int64Unknown(), types.StringUnknown()
	c.Drift = types.StringUnknown()
}

// writePlanned reports whether the approved plan sends the value.
func (c computedAttributes) writePlanned() bool { return c.Version.IsUnknown() }

// observe reads the metadata of a secret or connection, and sets attributes and private
// state. It never changes version and created_time: drift is judged from them.
func (b *backend) observe(ctx context.Context, m secrets.Manager, address secrets.Address, c *computedAttributes, private *privateState) (secrets.Entry, error) {
	entry, err := m.Describe(ctx, address)
	if err != nil {
		return secrets.Entry{}, err
	}
	wrote := b.lastWrite(*c, *private, entry)
	verdict := m.Judge(entry, wrote)
	c.Drift = types.StringValue(verdict.String())
	c.ObservedVersion = types.Int64Value(int64(entry.Current))
	c.ExpiresAt = timeValue(entry.Expires())
	private.Observed = entry.Seen()
	private.Repair = repairFor(verdict, secrets.NeedsAdopt(b.client.Owner(), entry, wrote))
	if verdict.State == secrets.InSync && wrote == nil && private.Unfinished {
		// The record is of another resource with this owner: the create of this one was
		// refused, or its answer was lost.
		c.Drift = types.StringValue(secrets.OwnedBy(b.client.Owner()))
		private.Repair = repairAdopt
		return entry, nil
	}
	if verdict.State == secrets.InSync {
		private.Unfinished = false
		if entry.Rejected != nil {
			b.warnings.add(notAuthenticWarning(address))
		}
	}
	// Without a record, the fingerprint in the private state remains.
	if record, found := entry.Records[b.client.Owner()]; found && !record.Released {
		private.HMAC1 = record.HMAC1
	}
	return entry, nil
}

// notAuthenticWarning is about a record that is not authentic, of a version that the
// state has: the state outranks the record.
func notAuthenticWarning(address secrets.Address) string {
	return fmt.Sprintf("%s %s: record not authentic: its MAC is invalid, but the state confirms the current version; "+
		"another writer changed the record, or fingerprint_key does not contain the key of the last write. The next write signs the record",
		address.Kind, address)
}

// setWritten sets the result of a successful write.
func (c *computedAttributes) setWritten(private *privateState, owner secrets.Owner, wrote secrets.Written) {
	c.setVersion(private, owner, wrote)
	c.Drift = inSync
	private.Observed.Owner = owner
}

// setRecordMissing sets the result of a write whose record could not be written.
func (c *computedAttributes) setRecordMissing(private *privateState, owner secrets.Owner, wrote secrets.Written) {
	c.setVersion(private, owner, wrote)
	c.Drift = types.StringValue(secrets.Verdict{State: secrets.RecordLost}.String())
	private.Repair, private.Unfinished = repairWrite, true
}

// setResultUnknown sets the result of a create whose answer was lost.
func (c *computedAttributes) setResultUnknown(private *privateState, owner secrets.Owner, observed secrets.Entry, started time.Time) {
	c.Version, c.CreatedTime = types.Int64Null(), types.StringNull()
	c.ObservedVersion, c.ExpiresAt = types.Int64Value(int64(observed.Current)), types.StringNull()
	private.Observed, private.Unfinished, private.Owner = observed.Seen(), true, owner
	private.Unconfirmed = &unconfirmedWrite{Version: observed.Current + 1, From: started, To: time.Now()}
	c.setNotChecked(private, "the answer to the write was lost")
}

// setVersion sets the version that owner wrote, which is what a destroy may delete.
func (c *computedAttributes) setVersion(private *privateState, owner secrets.Owner, wrote secrets.Written) {
	c.Version = types.Int64Value(int64(wrote.Version))
	c.CreatedTime = timeValue(wrote.Created)
	c.ObservedVersion = c.Version
	c.ExpiresAt = timeValue(wrote.Expires)
	*private = privateState{
		Namespace: private.Namespace, Mount: private.Mount, Prefix: private.Prefix, MountUUID: private.MountUUID, Expires: wrote.Expires,
		Owner: owner, Observed: secrets.Seen{Version: wrote.Version, Created: wrote.Created},
	}
}

// setNotChecked sets that drift was not checked. The last observation remains: a
// write is still checked against it.
func (c *computedAttributes) setNotChecked(private *privateState, cause string) {
	c.Drift = types.StringValue(secrets.Verdict{State: secrets.NotChecked, Cause: cause}.String())
	private.Repair = repairNone
}

func timeValue(t time.Time) types.String {
	if t.IsZero() {
		return types.StringNull()
	}
	return types.StringValue(t.UTC().Format(time.RFC3339Nano))
}

// computedAttributeSchemas describes the computed attributes of a kind of object,
// such as "secret". version is what its versions are of.
func computedAttributeSchemas(version, drift string) map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"version": schema.Int64Attribute{
			Computed:            true,
			MarkdownDescription: "Version " + version + " that this resource wrote last. Drift is judged from it; a refresh does not change it.",
		},
		"created_time": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "When Vault created that version, in RFC 3339.",
		},
		"observed_version": schema.Int64Attribute{
			Computed:            true,
			MarkdownDescription: "Current version " + version + " at the last refresh; `0` if there is no version.",
		},
		"drift": schema.StringAttribute{Computed: true, MarkdownDescription: drift},
		"expires_at": schema.StringAttribute{
			Computed: true,
			MarkdownDescription: "When Vault will delete the current version by itself (`delete_version_after` of the secret or the mount), in " +
				"RFC 3339. Null for never. A future expiry is not drift.",
		},
	}
}
