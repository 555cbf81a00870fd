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
	// Deleted is when it was deleted. Only in Listing.Deleted.
	Deleted time.Time
	// Entry is what was observed.
	Entry secrets.Entry
}

// ErrNoSecrets: Vault has no name in the workflow, so the name may be wrong.
var ErrNoSecrets = errors.New("not found: no secret was ever written there")

// Listing is what a workflow contains.
type Listing struct {
	Scope secrets.Scope
	// Rows are without deleted secrets that no record claims.
	Rows []Row
	// Deleted are the secrets that their owners can undelete, with those owners.
	Deleted []Row
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

// List is Viewer.List with the token or login of the settings. Errors also as of
// vaultclient.Connect.
func List(ctx context.Context, s Settings, workflow string) (Found, error) {
	client, err := vaultclient.Connect(s.Vault, s.viewing())
	if err != nil {
		return Found{}, err
	}
	v := &Viewer{s, client}
	defer func() { _ = client.Close(context.WithoutCancel(ctx)) }() // the token expires
	return v.List(ctx, workflow)
}

// List returns the secrets of a workflow, or of every workflow if workflow is empty, sorted
// by name. It needs no permission to write. Of one workflow, List returns an error if a
// part cannot be read, because an incomplete list would mislead. Of all, it names the
// workflows that the token may not list.
func (v *Viewer) List(ctx context.Context, workflow string) (found Found, err error) {
	scope := v.scope(workflow)
	scopes := []secrets.Scope{scope}
	if workflow != "" {
		err = scope.Check()
	} else {
		scopes, found.Folders, err = workflows(ctx, v.client, scope)
	}
	if err != nil {
		return Found{}, err
	}
	seen, err := v.client.Survey(ctx, scopes...)
	if err != nil {
		return Found{}, err
	}
	found.Workflows = listings(scopes, seen)
	return found, found.err(workflow, seen)
}

// err is why the result must not be shown.
func (f Found) err(workflow string, seen secrets.Survey) error {
	for _, l := range f.Workflows {
		denied := errors.Is(l.Err, secrets.ErrMissingCapability) || errors.Is(l.Err, secrets.ErrPermissionDenied)
		if l.Err != nil && (workflow != "" || !denied) {
			return l.Err
		}
	}
	if workflow != "" && len(seen.Entries) == 0 && len(seen.Other) == 0 {
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

// listings are the rows of each scope.
func listings(scopes []secrets.Scope, seen secrets.Survey) []Listing {
	out := make([]Listing, len(scopes))
	at := map[secrets.Scope]*Listing{}
	for i, scope := range scopes {
		out[i] = Listing{Scope: scope, Other: seen.Other[scope], Err: seen.Failed[scope]}
		at[scope] = &out[i]
	}
	for _, a := range byName(seen.Entries) {
		row, l := RowOf(a, seen.Entries[a]), at[a.Scope]
		if row.Drift.State != secrets.Absent {
			l.Rows = append(l.Rows, row)
		}
		if row, deleted := row.deleted(); deleted {
			l.Deleted = append(l.Deleted, row)
		}
	}
	return out
}

func byName(entries map[secrets.Address]secrets.Entry) []secrets.Address {
	return slices.SortedFunc(maps.Keys(entries), func(a, b secrets.Address) int { return cmp.Compare(a.String(), b.String()) })
}

// RowOf describes an entry. Pure.
func RowOf(a secrets.Address, e secrets.Entry) Row {
	row := Row{
		Name: a.Name, Version: e.Current, Created: e.Versions[e.Current].Created,
		Ownership: e.Ownership(), Drift: secrets.JudgeAsOwner(e), Entry: e,
	}
	row.LastOwner, _, _ = e.LastOwner()
	if owner, owned := e.Owner(); owned {
		row.Owner = owner
	}
	return row
}

// deleted is the row in a list of what can be undeleted.
func (r Row) deleted() (Row, bool) {
	owner, _, is := secrets.Undeletable(r.Entry)
	r.Owner, r.Ownership, r.Deleted = owner, string(owner), r.Entry.Versions[r.Version].Deleted
	return r, is
}
