// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"encoding/json"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// privateStateKey is where the memory lies in the resource's private state.
const privateStateKey = "state"

// clockSkew is how far this machine's clock and Vault's may be apart for a
// version to count as that of an attempt.
const clockSkew = time.Minute

// privateState is what the resource remembers between runs besides its attributes. It
// lies in the state in plain sight and never holds a value.
type privateState struct {
	// Mount and Prefix are where the secret was written.
	Mount  string `json:"mount,omitempty"`
	Prefix string `json:"prefix,omitempty"`
	// Owner is who wrote last as the state has it; empty in states of the first
	// releases, whose owner never changed.
	Owner secrets.Owner `json:"owner,omitempty"`
	// HMAC1 is the fingerprint of what was written last, empty for none.
	HMAC1 string `json:"hmac1,omitempty"`
	// MovedFrom is where another provider's resource had its secret, until a
	// refresh has found out whether that is one of a workflow.
	MovedFrom string `json:"moved_from,omitempty"`
	// Observed is what the last refresh or write saw; the next write is checked
	// against it.
	Observed secrets.Seen `json:"observed"`
	// Expires is when the last write was to expire, zero for never.
	Expires time.Time `json:"expires,omitzero"`
	// Repair is what the drift that the last refresh found calls for.
	Repair repair `json:"repair,omitempty"`
	// Unfinished says that a write of our own broke off; on_drift does not hold
	// back its repair.
	Unfinished bool `json:"unfinished,omitempty"`
	// Unconfirmed is a first write whose answer was lost.
	Unconfirmed *unconfirmedWrite `json:"unconfirmed,omitempty"`
}

// repair is what would bring a secret back in sync.
type repair string

const (
	// repairNone: it is in sync, or could not be asked.
	repairNone repair = ""
	// repairWrite: a write.
	repairWrite repair = "write"
	// repairAdopt: a write that takes over what is not ours.
	repairAdopt repair = "adopt"
)

// unconfirmedWrite is a first write of which nobody knows whether it happened: its answer
// was lost. There is no older version of ours to tell by.
type unconfirmedWrite struct {
	// Version is what the write would have become.
	Version int `json:"version"`
	// From and To are when it was under way, by this machine's clock.
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// find finds the version that the attempt made: the one it would have become,
// from the time when it was under way.
func (a *unconfirmedWrite) find(e secrets.Entry) *secrets.Written {
	if a == nil {
		return nil
	}
	v, known := e.Versions[a.Version]
	if !known || v.Created.Before(a.From.Add(-clockSkew)) || v.Created.After(a.To.Add(clockSkew)) {
		return nil
	}
	if _, record, noted := e.LastOwner(); noted && record.Version >= a.Version {
		return nil // it is what somebody else has noted as theirs
	}
	return &secrets.Written{Version: a.Version, Created: v.Created}
}

// lastWrite is what this resource wrote last, for the client to judge by; nil
// for nothing.
func lastWrite(f computedAttributes, private privateState, e secrets.Entry) *secrets.Written {
	if wrote := baseline(f, private); wrote != nil {
		return wrote
	}
	return private.Unconfirmed.find(e)
}

// lastWrite is the plain lastWrite, except that what was written as another owner
// is not this one's: the provider's owner was changed.
func (b *backend) lastWrite(f computedAttributes, private privateState, e secrets.Entry) *secrets.Written {
	if private.Owner != secrets.NoOwner && private.Owner != b.client.Owner() {
		return nil
	}
	return lastWrite(f, private, e)
}

// baseline is the last write that Vault confirmed; nil for none.
func baseline(f computedAttributes, private privateState) *secrets.Written {
	created, err := time.Parse(time.RFC3339Nano, f.CreatedTime.ValueString())
	if f.Version.ValueInt64() < 1 || err != nil {
		return nil
	}
	return &secrets.Written{Version: int(f.Version.ValueInt64()), Created: created, Expires: private.Expires}
}

// privateReader and privateWriter are the framework's private state, whose type
// is internal to it.
type privateReader interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}

type privateWriter interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// loadPrivateState reads the memory of a resource; the zero memory where there is none.
func loadPrivateState[M privateState | setPrivateState](ctx context.Context, private privateReader, diagnostics *diag.Diagnostics) M {
	var m M
	data, problems := private.GetKey(ctx, privateStateKey)
	diagnostics.Append(problems...)
	if len(data) == 0 {
		return m
	}
	if err := json.Unmarshal(data, &m); err != nil {
		diagnostics.AddError("Reading the private state of the resource",
			"It is not what this provider wrote. Remove the resource from the state and import it again.")
	}
	return m
}

func (m privateState) save(ctx context.Context, private privateWriter) diag.Diagnostics {
	return savePrivateState(ctx, private, m)
}

func savePrivateState[M privateState | setPrivateState](ctx context.Context, private privateWriter, m M) diag.Diagnostics {
	data, err := json.Marshal(m)
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Writing the private state of the resource", err.Error())}
	}
	return private.SetKey(ctx, privateStateKey, data)
}
