// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"

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

// write is the content on its way to an address.
func (c content) write(a secrets.Address) secrets.Write {
	return secrets.Write{Address: a, Value: c.value, Fields: c.fields}
}

// put writes the content of an action that writes.
func (s *source) put(ctx context.Context, commit gitsource.Commit, r *Result, c content) {
	w := c.write(r.Address)
	w.Observed, w.Provenance, w.Adopt = r.Entry, r.note(s.client.Owner(), commit), r.Kind == Adopt
	var written secrets.Written
	written, r.Err = s.managers[r.Address.Kind].Put(ctx, w)
	r.Version = written.Version
}

// remove lets go of what no file wants any more.
func (s *source) remove(ctx context.Context, r *Result) {
	_, r.Err = s.managers[r.Address.Kind].Delete(ctx, r.Address, nil)
}
