// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// setPrivateState is what relay_workflow_secrets remembers between runs besides its
// attributes. A secret that is in sync and never expires takes no room in it: its
// attributes say all.
type setPrivateState struct {
	// Mount and Prefix are where the secrets were written.
	Mount  string `json:"mount"`
	Prefix string `json:"prefix"`
	// Owner is who wrote the secrets that take no room, and holds them.
	Owner secrets.Owner `json:"owner"`
	// Secrets are the memories of the others, without what stands here for all.
	Secrets map[string]privateState `json:"secrets,omitempty"`
	// HMAC1 are the fingerprints of what was written last, where there are any.
	HMAC1 map[string]string `json:"hmac1,omitempty"`
	// Undeclared are the undeclared secrets that this owner holds.
	Undeclared map[string]secrets.Seen `json:"undeclared,omitempty"`
}

// scope is where the secrets lie.
func (m setPrivateState) scope(workflow string) secrets.Scope {
	return secrets.Scope{Mount: m.Mount, Prefix: m.Prefix, Workflow: workflow}
}

// of is what is private of one secret.
func (m setPrivateState) of(name string, f computedAttributes) privateState {
	one, stored := m.Secrets[name]
	if !stored {
		one = privateState{Owner: m.Owner, Observed: m.observed(f)}
	}
	one.HMAC1 = m.HMAC1[name]
	return one
}

// observed is what was seen of a secret that is in sync.
func (m setPrivateState) observed(f computedAttributes) secrets.Seen {
	created, err := time.Parse(time.RFC3339Nano, f.CreatedTime.ValueString())
	if err != nil {
		return secrets.Seen{}
	}
	return secrets.Seen{Version: int(f.Version.ValueInt64()), Created: created, Owner: m.Owner}
}

// trackClient remembers one secret.
func (m *setPrivateState) put(name string, f computedAttributes, one privateState) {
	if one.HMAC1 != "" {
		if m.HMAC1 == nil {
			m.HMAC1 = map[string]string{}
		}
		m.HMAC1[name] = one.HMAC1
	}
	plain := f.Drift.Equal(inSync) && one.Observed.Same(m.observed(f)) && one.Expires.IsZero() && !one.Unfinished
	if plain {
		return
	}
	one.Mount, one.Prefix, one.HMAC1 = "", "", ""
	if m.Secrets == nil {
		m.Secrets = map[string]privateState{}
	}
	m.Secrets[name] = one
}

func (m setPrivateState) save(ctx context.Context, private privateWriter) diag.Diagnostics {
	return savePrivateState(ctx, private, m)
}
