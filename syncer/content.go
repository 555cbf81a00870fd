// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"

	"github.com/relay-secrets/terraform-provider-relay/internal/connections"
	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile"
)

// content is what is written at an address: a secret's value, or the values of a
// connection's fields.
type content struct {
	value  secrets.Value
	fields map[string]secrets.Value
}

// contents sorts what a manifest opened to by address.
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

func (c content) hmac1(key secrets.FingerprintKey, a secrets.Address) string {
	if c.fields != nil {
		return key.HMAC1Fields(a, c.fields)
	}
	return key.HMAC1(a, c.value)
}

// check refuses what Vault should never see.
func (s *source) check(w Want, c content) error {
	if c.fields != nil {
		return s.connections.Check(connections.Write{Address: s.connection(w.Address), Fields: c.fields, Provenance: w.note("")})
	}
	return s.client.Check(secrets.Write{Address: w.Address, Value: c.value, Provenance: w.note("")})
}

// put writes the content of an action that writes.
func (s *source) put(ctx context.Context, commit gitsource.Commit, r *Result, c content) {
	note := r.note(s.client.Owner(), commit)
	var written secrets.Written
	if c.fields != nil {
		put := s.connections.Put
		if r.Kind == Adopt {
			put = s.connections.Adopt
		}
		written, r.Err = put(ctx, connections.Write{
			Address: s.connection(r.Address), Fields: c.fields, Observed: r.Entry, Provenance: note,
		})
	} else {
		put := s.client.Put
		if r.Kind == Adopt {
			put = s.client.Adopt
		}
		written, r.Err = put(ctx, secrets.Write{Address: r.Address, Value: c.value, Observed: r.Entry, Provenance: note})
	}
	r.Version = written.Version
}

// remove lets go of what no file wants any more.
func (s *source) remove(ctx context.Context, r *Result) {
	if isConnection(r.Address) {
		_, r.Err = s.connections.Delete(ctx, s.connection(r.Address), nil)
		return
	}
	_, r.Err = s.client.Delete(ctx, r.Address, nil)
}
