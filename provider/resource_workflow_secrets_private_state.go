// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// setPrivateState is the private state of relay_workflow_secrets. It has no entry for
// a secret that is in sync and never expires: the attributes are enough.
type setPrivateState struct {
	// Namespace, Mount and Prefix are where the secrets were written. Earlier versions did
	// not store the namespace: nil is that of the provider.
	Namespace *string `json:"namespace,omitempty"`
	Mount     string  `json:"mount"`
	Prefix    string  `json:"prefix"`
	// MountUUID is the id of the mount; empty if Vault did not return it.
	MountUUID string `json:"mount_uuid,omitempty"`
	// Owner is the owner of all secrets without an entry.
	Owner secrets.Owner `json:"owner"`
	// Secrets are the entries, without what is the same for all.
	Secrets map[string]privateState `json:"secrets,omitempty"`
	// HMAC1 are the fingerprints of the values written last.
	HMAC1 map[string]string `json:"hmac1,omitempty"`
	// Imported: the set was imported and has not written all its secrets yet.
	Imported bool `json:"imported,omitempty"`
	// AddressUnknown: the last refresh did not know the provider's part of the address.
	AddressUnknown bool `json:"address_unknown,omitempty"`
	// Replaces is of the plan only; see replacedSet.
	Replaces *replacedSet `json:"replaces,omitempty"`
	// Undeclared are the undeclared secrets that this owner has.
	Undeclared map[string]secrets.Seen `json:"undeclared,omitempty"`
}

// newSetPrivateState returns the private state of a set that the provider block puts
// below root.
func newSetPrivateState(root secrets.Scope) setPrivateState {
	return setPrivateState{Namespace: &root.Namespace, Mount: root.Mount, Prefix: root.Prefix}
}

// withoutSecrets returns the private state of the set as a whole, without its secrets and
// without what belongs to a plan.
func (p setPrivateState) withoutSecrets() setPrivateState {
	p.Secrets, p.HMAC1, p.Undeclared, p.Replaces = nil, nil, nil, nil
	return p
}

// checkMount compares the mount with the one where the secrets were written.
func (p *setPrivateState) checkMount(ctx context.Context, b *backend, workflow string) error {
	uuid, err := b.mountUUID(ctx, p.scope(b.root(), workflow), p.MountUUID)
	if err == nil {
		p.MountUUID = uuid
	}
	return err
}

// scope returns where the secrets are; root is where the provider block puts them.
func (p setPrivateState) scope(root secrets.Scope, workflow string) secrets.Scope {
	return privateState{Namespace: p.Namespace, Mount: p.Mount, Prefix: p.Prefix}.in(root).In(workflow)
}

// of returns the private state of one secret.
func (p setPrivateState) of(name string, c computedAttributes) privateState {
	one, stored := p.Secrets[name]
	if !stored {
		one = privateState{Owner: p.Owner, Observed: p.observed(c)}
	}
	one.HMAC1 = p.HMAC1[name]
	return one
}

// observed returns what was observed of a secret that is in sync.
func (p setPrivateState) observed(c computedAttributes) secrets.Seen {
	created, err := time.Parse(time.RFC3339Nano, c.CreatedTime.ValueString())
	if err != nil {
		return secrets.Seen{}
	}
	return secrets.Seen{Version: int(c.Version.ValueInt64()), Created: created, Owner: p.Owner}
}

// put stores the private state of one secret.
func (p *setPrivateState) put(name string, c computedAttributes, one privateState) {
	if one.HMAC1 != "" {
		if p.HMAC1 == nil {
			p.HMAC1 = map[string]string{}
		}
		p.HMAC1[name] = one.HMAC1
	}
	if c.Drift.Equal(inSync) && one.Observed.Same(p.observed(c)) && one.Expires.IsZero() && !one.Unfinished {
		return
	}
	one.Mount, one.Prefix, one.HMAC1 = "", "", ""
	if p.Secrets == nil {
		p.Secrets = map[string]privateState{}
	}
	p.Secrets[name] = one
}

func (p setPrivateState) save(ctx context.Context, private privateWriter) diag.Diagnostics {
	return savePrivateState(ctx, private, p)
}
