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

// Row is what Vault's metadata tells of one secret.
type Row struct {
	Name    string
	Version int
	Created time.Time
	// Owner is who wrote last, as far as a record says so.
	Owner secrets.Owner
	// Drift is the verdict as the owner sees it.
	Drift secrets.Verdict
}

// List tells of the secrets of a workflow, by name. What is gone and what nobody
// misses is left out. It needs no right to write. The error is about the whole list: one that left
// something out would be believed.
func List(ctx context.Context, s Settings, workflow string) ([]Row, error) {
	scope := s.scope(workflow)
	if err := scope.Check(); err != nil {
		return nil, err
	}
	// Who only looks leaves no record, so the name is of no account.
	owner, err := secrets.PersonOwner("nobody")
	if err != nil {
		return nil, err
	}
	client, err := vaultclient.Connect(s.Vault, secrets.Config{Owner: owner, Warn: s.Warn})
	if err != nil {
		return nil, err
	}
	defer func() { _ = client.Close(context.WithoutCancel(ctx)) }() // the token ends by itself
	seen, err := client.Survey(ctx, scope)
	if err == nil {
		err = seen.Failed[scope]
	}
	if err != nil {
		return nil, err
	}
	var rows []Row
	for a, e := range seen.Entries {
		if row := rowOf(a, e); row.Drift.State != secrets.Absent {
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(a, b Row) int { return cmp.Compare(a.Name, b.Name) })
	return rows, nil
}

func rowOf(a secrets.Address, e secrets.Entry) Row {
	owner, _, _ := e.LastOwner()
	return Row{Name: a.Name, Version: e.Current, Created: e.Versions[e.Current].Created, Owner: owner, Drift: secrets.JudgeAsOwner(e)}
}
