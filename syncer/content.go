// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"

	"github.com/relay-secrets/terraform-provider-relay/internal/connections"
	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// content is written at an address: the value of a secret, or the values of the fields
// of a connection.
type content struct {
	value  secrets.Value
	fields map[string]secrets.Value
}

// contents are the decrypted values of a manifest, by address.
func (s *source) contents(opened []sopsfile.Secret) map[secrets.Address]content {
	out := make(map[secrets.Address]content, len(opened))
	for _, secret := range opened {
		a := s.addressOf(secret.Leaf)
		if secret.Type == "" {
			out[a] = content{value: secret.Value}
			continue
		}
		if out[a].fields == nil {
			out[a] = content{fields: map[string]secrets.Value{}}
		}
		out[a].fields[secret.Name] = secret.Value
	}
	return out
}

// write is the request that writes the content to an address.
func (c content) write(a secrets.Address) secrets.Write {
	return secrets.Write{Address: a, Value: c.value, Fields: c.fields}
}

// put writes the content of an action that writes.
func (s *source) put(ctx context.Context, commit gitsource.Commit, r *report.Result, c content) {
	w := c.write(r.Address)
	w.Observed, w.Provenance, w.Adopt = r.Entry, r.Action.Provenance(s.client.Owner(), string(commit)), r.Kind == plan.Adopt
	if r.Kind == plan.HandOver {
		w.Former = r.Former
	}
	var written secrets.Written
	written, r.Err = s.managers[r.Address.Kind].Put(ctx, w)
	r.Version, r.Created, r.Expires = written.Version, written.Created, written.Expires
}

// relayBodies are the bodies that stay of connections that Relay's own programs wrote
// and that the sync replaced. It sends no request if there were none.
func (s *source) relayBodies(ctx context.Context, results []report.Result) ([]connections.RelayBody, error) {
	var replaced []connections.Pointer
	for _, r := range results {
		if r.Address.Kind == secrets.Connection && r.Kind.Writes() && r.Err == nil {
			replaced = append(replaced, connections.Pointer{Address: r.Address, Entry: r.Entry})
		}
	}
	return new(connections.RelayBodies).Left(ctx, s.connections, replaced...)
}

// remove deletes or releases what no file has any more: the version that the record
// named when the plan observed it.
func (s *source) remove(ctx context.Context, r *report.Result) {
	var done secrets.Deletion
	done, r.Err = s.managers[r.Address.Kind].Delete(ctx, r.Address, r.Entry.Claim(s.client.Owner()))
	r.SetRemoved(done)
}

// addressOf is the address of a leaf of a manifest: of a secret, or of the connection
// that the leaf is a field of.
func (s *source) addressOf(leaf sopsfile.Leaf) secrets.Address {
	if leaf.Type != "" {
		return connections.Address(s.vault.Root(), s.vault.Domain, leaf.Type, leaf.Connection)
	}
	return s.scope(leaf.Workflow).Secret(leaf.Name)
}
