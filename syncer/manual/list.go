// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package manual

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
)

// Row describes one secret, from metadata in Vault.
type Row struct {
	Name    string
	Version int
	Created time.Time
	// Owner is the owner of the current version, LastOwner that of the newest record.
	// Either is secrets.NoOwner for none.
	Owner, LastOwner secrets.Owner
	// Ownership describes both.
	Ownership string
	// Drift is the state of the secret compared with the record of its owner.
	Drift secrets.Verdict
}

// Listing is what a workflow contains.
type Listing struct {
	Scope secrets.Scope
	Rows  []Row
	// Other are the keys that cannot be managed (secrets.Names.Other).
	Other []string
}

// List returns the secrets of a workflow, sorted by name, without deleted secrets that
// no record claims. It needs no permission to write. If a part of the list cannot be
// read, List returns an error and no list, because an incomplete list would mislead.
func List(ctx context.Context, s Settings, workflow string) (Listing, error) {
	scope := s.scope(workflow)
	if err := scope.Check(); err != nil {
		return Listing{}, err
	}
	// List writes no record, so the name of the owner does not matter.
	owner, err := secrets.PersonOwner("list")
	if err != nil {
		return Listing{}, err
	}
	client, err := vaultclient.Connect(s.Vault, secrets.Config{Owner: owner, Warn: s.Warn})
	if err != nil {
		return Listing{}, err
	}
	defer func() { _ = client.Close(context.WithoutCancel(ctx)) }() // the token expires
	seen, err := client.Survey(ctx, scope)
	if err == nil {
		err = seen.Failed[scope]
	}
	if err != nil {
		return Listing{}, err
	}
	out := Listing{Scope: scope, Other: seen.Other[scope]}
	for a, e := range seen.Entries {
		if row := rowOf(a, e); row.Drift.State != secrets.Absent {
			out.Rows = append(out.Rows, row)
		}
	}
	slices.SortFunc(out.Rows, func(a, b Row) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

func rowOf(a secrets.Address, e secrets.Entry) Row {
	row := Row{
		Name: a.Name, Version: e.Current, Created: e.Versions[e.Current].Created,
		Ownership: e.Ownership(), Drift: secrets.JudgeAsOwner(e),
	}
	row.LastOwner, _, _ = e.LastOwner()
	if owner, owned := e.Owner(); owned {
		row.Owner = owner
	}
	return row
}
