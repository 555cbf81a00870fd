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
	if err == nil && len(o.unseen) == len(scopes) && o.troubled() {
		err = o.unseen[s.Workflows[0]]
	}
	return o, err
}

// troubled reports whether a workflow was not seen because Vault is in trouble.
func (o observation) troubled() bool {
	return slices.ContainsFunc(slices.Collect(maps.Values(o.unseen)), secrets.Troubled)
}

// failures are the unseen workflows of which no wanted secret would tell.
func (o observation) failures(d Desired) []Failure {
	var out []Failure
	for _, workflow := range slices.Sorted(maps.Keys(o.unseen)) {
		if !slices.ContainsFunc(d.Wants, func(w Want) bool { return w.Address.Workflow == workflow }) {
			out = append(out, Failure{Err: fmt.Errorf("workflow %q was not looked at: %w", workflow, o.unseen[workflow])})
		}
	}
	return out
}
