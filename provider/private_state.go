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

// memoryKey is where the memory lies in the resource's private state.
const memoryKey = "memory"

// clockSkew is how far this machine's clock and Vault's may be apart for a
// version to count as that of an attempt.
const clockSkew = time.Minute

// memory is what the resource remembers between runs besides its attributes. It
// lies in the state in plain sight and never holds a value.
type memory struct {
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
	// Seen is what the last refresh or write saw; the next write is checked
	// against it.
	Seen secrets.Seen `json:"seen"`
	// Expires is when the last write was to expire, zero for never.
	Expires time.Time `json:"expires,omitzero"`
	// Remedy is what the drift that the last refresh found calls for.
	Remedy remedy `json:"remedy,omitempty"`
	// Unfinished says that a write of our own broke off; on_drift does not hold
	// back its repair.
	Unfinished bool `json:"unfinished,omitempty"`
	// Attempt is a first write whose answer was lost.
	Attempt *attempt `json:"attempt,omitempty"`
}

// remedy is what would bring a secret back in sync.
type remedy string

const (
	// remedyNone: it is in sync, or could not be asked.
	remedyNone remedy = ""
	// remedyWrite: a write.
	remedyWrite remedy = "write"
	// remedyAdopt: a write that takes over what is not ours.
	remedyAdopt remedy = "adopt"
)

// attempt is a first write of which nobody knows whether it happened: its answer
// was lost. There is no older version of ours to tell by.
type attempt struct {
	// Version is what the write would have become.
	Version int `json:"version"`
	// From and To are when it was under way, by this machine's clock.
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// landed finds the version that the attempt made: the one it would have become,
// from the time when it was under way.
func (a *attempt) landed(e secrets.Entry) *secrets.Written {
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
func lastWrite(f findings, remembered memory, e secrets.Entry) *secrets.Written {
	if wrote := baseline(f, remembered); wrote != nil {
		return wrote
	}
	return remembered.Attempt.landed(e)
}

// lastWrite is the plain lastWrite, except that what was written as another owner
// is not this one's: the provider's owner was changed.
func (c *connection) lastWrite(f findings, remembered memory, e secrets.Entry) *secrets.Written {
	if remembered.Owner != secrets.NoOwner && remembered.Owner != c.client.Owner() {
		return nil
	}
	return lastWrite(f, remembered, e)
}

// baseline is the last write that Vault confirmed; nil for none.
func baseline(f findings, remembered memory) *secrets.Written {
	created, err := time.Parse(time.RFC3339Nano, f.CreatedTime.ValueString())
	if f.Version.ValueInt64() < 1 || err != nil {
		return nil
	}
	return &secrets.Written{Version: int(f.Version.ValueInt64()), Created: created, Expires: remembered.Expires}
}

// privateReader and privateWriter are the framework's private state, whose type
// is internal to it.
type privateReader interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}

type privateWriter interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// recall reads the memory of a resource; the zero memory where there is none.
func recall[M memory | setMemory](ctx context.Context, private privateReader, diagnostics *diag.Diagnostics) M {
	var m M
	data, problems := private.GetKey(ctx, memoryKey)
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

func (m memory) save(ctx context.Context, private privateWriter) diag.Diagnostics {
	return remember(ctx, private, m)
}

func remember[M memory | setMemory](ctx context.Context, private privateWriter, m M) diag.Diagnostics {
	data, err := json.Marshal(m)
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Writing the private state of the resource", err.Error())}
	}
	return private.SetKey(ctx, memoryKey, data)
}
