// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package manual

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
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
	// Deleted is when it was deleted. Only in a list of deleted secrets.
	Deleted time.Time
}

// ErrNoSecrets: Vault has no name in the workflow, so the name may be wrong.
var ErrNoSecrets = errors.New("not found: no secret was ever written there")

// Query is what List lists.
type Query struct {
	// Workflow is one workflow; empty for every workflow.
	Workflow string
	// Deleted lists the secrets that their owners can undelete, and no others.
	Deleted bool
}

// Listing is what a workflow contains.
type Listing struct {
	Scope secrets.Scope
	Rows  []Row
	// Other are the keys that cannot be managed (secrets.Names.Other).
	Other []string
	// Err is why a workflow of a list of all workflows could not be listed.
	Err error
}

// Found is the result of List.
type Found struct {
	// Workflows are in order of their names.
	Workflows []Listing
	// Folders are the folders beside the workflows whose names no workflow can have,
	// quoted.
	Folders []string
}

// Remarks are what a list must not leave out: names that cannot be managed, and
// workflows that could not be listed.
func (f Found) Remarks() []string {
	var out []string
	for _, l := range f.Workflows {
		if text := l.Scope.DescribeOther(l.Other); text != "" {
			out = append(out, text)
		}
	}
	for _, l := range f.Workflows {
		if l.Err != nil {
			out = append(out, "not listed: "+l.Err.Error())
		}
	}
	if len(f.Folders) > 0 {
		out = append(out, "not listed, because no workflow can have the name: "+strings.Join(f.Folders, ", "))
	}
	return out
}

// List returns the secrets of workflows, sorted by name, without deleted secrets that no
// record claims. It needs no permission to write. Of one workflow, List returns an error
// if a part cannot be read, because an incomplete list would mislead. Of all, it names
// the workflows that the token may not list.
func List(ctx context.Context, s Settings, q Query) (Found, error) {
	scope := s.scope(q.Workflow)
	if q.Workflow != "" {
		if err := scope.Check(); err != nil {
			return Found{}, err
		}
	}
	// List writes no record, so the owner does not matter.
	owner, err := secrets.TeamOwner("list")
	if err != nil {
		return Found{}, err
	}
	client, err := vaultclient.Connect(s.Vault, secrets.Config{
		Owner: owner, Keys: s.Records.Keys, RequireMAC: s.Records.Required, Signers: s.Records.Owners,
		Role: policy.Viewer.String(), Warn: s.Warn,
	})
	if err != nil {
		return Found{}, err
	}
	defer func() { _ = client.Close(context.WithoutCancel(ctx)) }() // the token expires
	scopes, found := []secrets.Scope{scope}, Found{}
	if q.Workflow == "" {
		if scopes, found.Folders, err = workflows(ctx, client, scope); err != nil {
			return Found{}, err
		}
	}
	seen, err := client.Survey(ctx, scopes...)
	if err != nil {
		return Found{}, err
	}
	found.Workflows = listings(scopes, seen, q.Deleted)
	return found, found.err(q, seen)
}

// err is why the result must not be shown.
func (f Found) err(q Query, seen secrets.Survey) error {
	for _, l := range f.Workflows {
		denied := errors.Is(l.Err, secrets.ErrMissingCapability) || errors.Is(l.Err, secrets.ErrPermissionDenied)
		if l.Err != nil && (q.Workflow != "" || !denied) {
			return l.Err
		}
	}
	if q.Workflow != "" && len(seen.Entries) == 0 && len(seen.Other) == 0 {
		return fmt.Errorf("list %s: %w", f.Workflows[0].Scope.Title(), ErrNoSecrets)
	}
	return nil
}

// workflows are the scopes of all workflows, and the other folders.
func workflows(ctx context.Context, client *secrets.Client, root secrets.Scope) ([]secrets.Scope, []string, error) {
	names, err := client.Groups(ctx, root)
	if err != nil {
		return nil, nil, fmt.Errorf("list the workflows: %w", err)
	}
	var (
		scopes  []secrets.Scope
		folders []string
	)
	for _, name := range names.Manageable {
		scopes = append(scopes, root.In(name))
	}
	for _, key := range names.Other {
		folders = append(folders, root.Other(key).Name)
	}
	return scopes, folders, nil
}

// listings divides a survey by workflow, in the order of the scopes. Pure.
func listings(scopes []secrets.Scope, seen secrets.Survey, deleted bool) []Listing {
	out := make([]Listing, len(scopes))
	at := map[secrets.Scope]*Listing{}
	for i, scope := range scopes {
		out[i] = Listing{Scope: scope, Other: seen.Other[scope], Err: seen.Failed[scope]}
		at[scope] = &out[i]
	}
	byAddress := func(a, b secrets.Address) int { return cmp.Compare(a.String(), b.String()) }
	for _, a := range slices.SortedFunc(maps.Keys(seen.Entries), byAddress) {
		e, l := seen.Entries[a], at[a.Scope]
		row, listed := rowOf(a, e), false
		if deleted {
			row.Owner, _, listed = secrets.Undeletable(e)
			row.Ownership, row.Deleted = string(row.Owner), e.Versions[e.Current].Deleted
		} else {
			listed = row.Drift.State != secrets.Absent
		}
		if listed {
			l.Rows = append(l.Rows, row)
		}
	}
	return out
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
