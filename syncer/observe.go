// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// observation is what Vault's metadata says of a source's workflows.
type observation struct {
	entries map[secrets.Address]secrets.Entry
	// unseen are the workflows that could not be looked at, and why.
	unseen map[string]error
}

// observe looks at every workflow of the source. One that Vault does not show is
// unseen and stops no other; a Vault that shows nothing ends the round.
func (s *source) observe(ctx context.Context) (observation, error) {
	scopes := make([]secrets.Scope, len(s.Workflows))
	for i, workflow := range s.Workflows {
		scopes[i] = s.scope(workflow)
	}
	seen, err := s.client.Survey(ctx, scopes...)
	o := observation{entries: seen.Entries, unseen: map[string]error{}}
	for scope, err := range seen.Unseen {
		o.unseen[scope.Workflow] = err
	}
	return o, err
}
