// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// observation is what Vault's metadata says of a source's workflows and connections.
type observation struct {
	entries map[secrets.Address]secrets.Entry
	// unseen are the workflows, and types of connections, that could not be looked at,
	// and why.
	unseen map[secrets.Scope]error
}

// observe looks at every workflow of the source. One that Vault does not show is
// unseen and stops no other; a Vault that shows nothing ends the round.
func (s *source) observe(ctx context.Context) (observation, error) {
	scopes := make([]secrets.Scope, len(s.Workflows))
	for i, workflow := range s.Workflows {
		scopes[i] = s.scope(workflow)
	}
	seen, err := s.client.Survey(ctx, scopes...)
	o := observation{entries: seen.Entries, unseen: map[secrets.Scope]error{}}
	maps.Copy(o.unseen, seen.Failed)
	if err == nil && len(scopes) > 0 && len(o.unseen) == len(scopes) && o.troubled() {
		err = o.unseen[scopes[0]]
	}
	if err == nil {
		err = s.observeConnections(ctx, &o)
	}
	return o, err
}

// troubled reports whether a workflow was not seen because Vault is in trouble.
func (o observation) troubled() bool {
	return slices.ContainsFunc(slices.Collect(maps.Values(o.unseen)), secrets.Unavailable)
}

// failures are the unseen workflows of which no wanted secret would tell.
func (o observation) failures(d Desired) []Failure {
	var out []Failure
	byName := func(a, b secrets.Scope) int { return compareAddress(a.Secret(""), b.Secret("")) }
	for _, scope := range slices.SortedFunc(maps.Keys(o.unseen), byName) {
		if !slices.ContainsFunc(d.Wants, func(w Want) bool { return w.Address.Scope == scope }) {
			out = append(out, Failure{Err: fmt.Errorf("%s was not looked at: %w", scope.Title(), o.unseen[scope])})
		}
	}
	return out
}
