// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/relay-secrets/terraform-provider-relay/internal/connections"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// observation is what the metadata in Vault has of a source's workflows and connections.
type observation struct {
	entries map[secrets.Address]secrets.Entry
	// other are the names that cannot be managed, by workflow.
	other map[secrets.Scope][]string
	// absent is the observation of the names that a workflow does not have.
	absent func(secrets.Scope) secrets.Entry
	// unseen are the workflows, and types of connections, that could not be observed,
	// and why.
	unseen map[secrets.Scope]error
}

// observe reads the metadata of every workflow and connection of the source. A workflow
// that Vault does not list is unseen and stops no other; if Vault lists none, the sync
// ends.
func (s *source) observe(ctx context.Context) (observation, error) {
	scopes := make([]secrets.Scope, len(s.Workflows))
	for i, workflow := range s.Workflows {
		scopes[i] = s.scope(workflow)
	}
	seen, err := s.client.Survey(ctx, scopes...)
	o := observation{entries: seen.Entries, other: seen.Other, absent: seen.Absent, unseen: map[secrets.Scope]error{}}
	maps.Copy(o.unseen, seen.Failed)
	if err == nil && len(scopes) > 0 && len(o.unseen) == len(scopes) && o.unavailable() {
		err = o.unseen[scopes[0]]
	}
	if err == nil {
		err = s.observeConnections(ctx, &o)
	}
	return o, err
}

// observeConnections reads the metadata of every connection of the source.
func (s *source) observeConnections(ctx context.Context, o *observation) error {
	for _, id := range s.Connections {
		a, err := connections.ParseAddress(s.vault.Root(), s.vault.Domain, id)
		if err != nil {
			return err
		}
		seen, err := s.connections.Describe(ctx, a)
		switch {
		case secrets.AffectsAll(err) || ctx.Err() != nil:
			return err
		case err != nil:
			o.unseen[a.Scope] = err
			continue
		}
		o.entries[a] = seen
	}
	return nil
}

// noteAbsent sets the observation of new secrets: without one, each write would read the
// metadata first.
func (o observation) noteAbsent(results []report.Result) {
	for i := range results {
		r := &results[i]
		if _, exists := o.entries[r.Address]; !exists && r.Address.Kind == secrets.Secret && r.Kind.Writes() {
			r.Entry = o.absent(r.Address.Scope)
		}
	}
}

// unavailable reports whether a workflow is unseen because Vault was unavailable.
func (o observation) unavailable() bool {
	return slices.ContainsFunc(slices.Collect(maps.Values(o.unseen)), secrets.Unavailable)
}

// hasRecordOf reports whether the owner has a record here, released or not.
func (o observation) hasRecordOf(owner secrets.Owner) bool {
	for _, entry := range o.entries {
		if _, found := entry.Records[owner]; found || entry.Rejected != nil {
			return true
		}
	}
	return false
}

// invalidNames are the names that cannot be managed, in order of workflow.
func (o observation) invalidNames() []report.InvalidNames {
	var out []report.InvalidNames
	for scope, keys := range o.other {
		out = append(out, report.InvalidNames{Scope: scope, Keys: keys})
	}
	slices.SortFunc(out, func(a, b report.InvalidNames) int { return cmp.Compare(a.Scope.Group, b.Scope.Group) })
	return out
}

// failures are the unseen workflows that no wanted secret reports.
func (o observation) failures(d desired) []report.Failure {
	var out []report.Failure
	byName := func(a, b secrets.Scope) int { return plan.Compare(a.Secret(""), b.Secret("")) }
	for _, scope := range slices.SortedFunc(maps.Keys(o.unseen), byName) {
		if !slices.ContainsFunc(d.Wants, func(w plan.Want) bool { return w.Address.Scope == scope }) {
			out = append(out, report.Failure{Err: fmt.Errorf("observe %s: %w", scope.Title(), o.unseen[scope])})
		}
	}
	return out
}
