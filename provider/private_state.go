// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"cmp"
	"context"
	"encoding/json"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// privateStateKey is the key of all data in Terraform's private state.
const privateStateKey = "state"

// clockSkew is the accepted difference between the clocks of this machine and of
// Vault when a version is matched with an unconfirmed write.
const clockSkew = time.Minute

// privateState is what a resource keeps between runs besides its attributes. The
// state file holds it in clear text; it never contains a value.
type privateState struct {
	// Namespace, Mount and Prefix are where the secret was written. Earlier versions did
	// not store the namespace: nil is that of the provider.
	Namespace *string `json:"namespace,omitempty"`
	Mount     string  `json:"mount,omitempty"`
	Prefix    string  `json:"prefix,omitempty"`
	// MountUUID is the id of the mount; empty if Vault did not return it.
	MountUUID string `json:"mount_uuid,omitempty"`
	// Owner is the owner of the last write; empty if the provider's owner was not
	// stored.
	Owner secrets.Owner `json:"owner,omitempty"`
	// HMAC1 is the fingerprint of the value written last; empty without one.
	HMAC1 string `json:"hmac1,omitempty"`
	// MovedFrom is the path in the state of another provider's resource, until a
	// refresh has checked it.
	MovedFrom string `json:"moved_from,omitempty"`
	// Observed is what the last refresh or write observed. The next write is checked
	// against it.
	Observed secrets.Seen `json:"observed"`
	// Expires is when the last write was to expire; zero for never.
	Expires time.Time `json:"expires,omitzero"`
	// Repair is what repairs the drift that the last refresh found.
	Repair repair `json:"repair,omitempty"`
	// Unfinished: a write was interrupted. It is repaired whatever on_drift is.
	Unfinished bool `json:"unfinished,omitempty"`
	// Unconfirmed is a create whose answer was lost.
	Unconfirmed *unconfirmedWrite `json:"unconfirmed,omitempty"`
	// Imported: nothing was written since the import, so there is no baseline.
	Imported bool `json:"imported,omitempty"`
	// AddressUnknown: the last refresh did not know the provider's part of the address.
	AddressUnknown bool `json:"address_unknown,omitempty"`
	// Replaces is of the plan only; see replacedObject.
	Replaces *replacedObject `json:"replaces,omitempty"`
}

func newPrivateState(a secrets.Address) privateState {
	return privateState{Namespace: &a.Namespace, Mount: a.Mount, Prefix: a.Prefix}
}

// in returns the scope where the object was written, else the one of the provider block.
func (p privateState) in(scope secrets.Scope) secrets.Scope {
	if p.Mount != "" {
		scope.Mount, scope.Prefix = p.Mount, p.Prefix
	}
	if p.Namespace != nil {
		scope.Namespace = *p.Namespace
	}
	return scope
}

// unconfirmedWrite is a create whose answer was lost. There is no earlier version
// of this owner to compare with.
type unconfirmedWrite struct {
	// Version is the version that the write creates.
	Version int `json:"version"`
	// From and To are when the request ran, by this machine's clock.
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// find returns the version that the write created, or nil: the expected version,
// created while the request ran, which no other owner has recorded.
func (w *unconfirmedWrite) find(e secrets.Entry) *secrets.Written {
	if w == nil {
		return nil
	}
	v, exists := e.Versions[w.Version]
	if !exists || v.Created.Before(w.From.Add(-clockSkew)) || v.Created.After(w.To.Add(clockSkew)) {
		return nil
	}
	if _, record, found := e.LastOwner(); found && record.Version >= w.Version {
		return nil
	}
	return &secrets.Written{Version: w.Version, Created: v.Created}
}

// lastWrite returns the last write of this resource, from which drift is judged;
// nil for none. After a change of the provider's owner nothing counts.
func (b *backend) lastWrite(c computedAttributes, private privateState, e secrets.Entry) *secrets.Written {
	if private.Owner != secrets.NoOwner && private.Owner != b.client.Owner() {
		return nil
	}
	return lastWrite(c, private, e)
}

func lastWrite(c computedAttributes, private privateState, e secrets.Entry) *secrets.Written {
	if wrote := baseline(c, private); wrote != nil {
		return wrote
	}
	return private.Unconfirmed.find(e)
}

// claim returns the version that a destroy of this resource may delete: the last write
// that Vault confirmed, by the owner that wrote it. An unconfirmed write may be the write
// of another writer.
func (b *backend) claim(c computedAttributes, private privateState) secrets.Claim {
	return baseline(c, private).Claim(cmp.Or(private.Owner, b.client.Owner()))
}

// baseline returns the last write that Vault confirmed; nil for none.
func baseline(c computedAttributes, private privateState) *secrets.Written {
	created, err := time.Parse(time.RFC3339Nano, c.CreatedTime.ValueString())
	if c.Version.ValueInt64() < 1 || err != nil {
		return nil
	}
	return &secrets.Written{Version: int(c.Version.ValueInt64()), Created: created, Expires: private.Expires}
}

// privateReader and privateWriter are Terraform's private state. The framework's
// own type is internal.
type (
	privateReader interface {
		GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
	}
	privateWriter interface {
		SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
	}
)

// loadPrivateState reads the private state of a resource; the zero value if it has
// none.
func loadPrivateState[P privateState | setPrivateState](ctx context.Context, private privateReader, diagnostics *diag.Diagnostics) P {
	var out P
	data, problems := private.GetKey(ctx, privateStateKey)
	diagnostics.Append(problems...)
	if len(data) == 0 {
		return out
	}
	if err := json.Unmarshal(data, &out); err != nil {
		diagnostics.AddError("Cannot read the private state of the resource",
			"Invalid data: this provider did not write it. Remove the resource from the state with \"terraform state rm\" and import it again.")
	}
	return out
}

func (p privateState) save(ctx context.Context, private privateWriter) diag.Diagnostics {
	return savePrivateState(ctx, private, p)
}

func savePrivateState[P privateState | setPrivateState](ctx context.Context, private privateWriter, p P) diag.Diagnostics {
	data, err := json.Marshal(p)
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Cannot write the private state of the resource", err.Error())}
	}
	return private.SetKey(ctx, privateStateKey, data)
}
