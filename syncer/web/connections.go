// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/relay-secrets/terraform-provider-relay/internal/person"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/manual"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// connectionsView is what the template connections shows.
type connectionsView struct {
	Domain string
	Rights person.Rights
	actions
	Rows          []connectionRow
	DaemonProblem string
}

// connectionRow is one connection.
type connectionRow struct {
	Type string
	manual.Row
	Drifted bool
	// UsedBy are the workflows that use it and that the person may see.
	UsedBy []string
}

// connectionView is what the template connection shows.
type connectionView struct {
	connectionRow
	Rights person.Rights
	actions
	Live          bool
	Fields        []string
	Versions      []versionRow
	Records       []recordRow
	DaemonProblem string
}

// needsDomain is an error if the configuration has no domain of connections.
func (v *visit) needsDomain() error {
	if v.vault.Domain == "" {
		return errNotFound
	}
	return nil
}

func (v *visit) connections() error {
	if err := v.needsDomain(); err != nil {
		return err
	}
	view := connectionsView{Domain: v.vault.Domain}
	var (
		found []manual.Listing
		known report.Inventory
	)
	work, ctx := errgroup.WithContext(v.r.Context())
	work.Go(func() (err error) {
		view.Rights, err = person.RightsInDomain(ctx, v.client, v.root(), v.vault.Domain)
		return err
	})
	work.Go(func() error {
		viewer, err := v.viewer()
		if err == nil {
			found, err = viewer.Connections(ctx, v.vault.Domain)
		}
		return err
	})
	work.Go(func() error {
		known, view.DaemonProblem = v.summary(ctx)
		return nil
	})
	if err := work.Wait(); err != nil {
		return err
	}
	uses, err := v.visibleUses(v.r.Context(), known)
	if err != nil {
		return err
	}
	view.actions = v.actions(view.Rights)
	for _, listing := range found {
		for _, row := range listing.Rows {
			view.Rows = append(view.Rows, connectionRow{
				Type: listing.Scope.Group, Row: row, Drifted: row.Drift.Drifted(), UsedBy: uses[listing.Scope.Group+"/"+row.Name],
			})
		}
	}
	return v.show(http.StatusOK, "connections", "Connections", view)
}

// visibleUses are the workflows that use each connection, by "type/name", of those that the
// person may observe.
func (v *visit) visibleUses(ctx context.Context, known report.Inventory) (map[string][]string, error) {
	uses := map[string][]string{}
	if known.Domain != v.vault.Domain {
		return uses, nil
	}
	var all []string
	for _, c := range known.Connections {
		all = append(all, c.UsedBy...)
	}
	sees, err := v.sees(ctx, all)
	if err != nil {
		return nil, err
	}
	for _, c := range known.Connections {
		for _, workflow := range c.UsedBy {
			if sees[workflow] {
				uses[c.Type+"/"+c.Name] = append(uses[c.Type+"/"+c.Name], workflow)
			}
		}
	}
	return uses, nil
}

// connectionAddress is the connection in the path. The error wraps secrets.ErrInvalid.
func (v *visit) connectionAddress() (secrets.Address, error) {
	if err := v.needsDomain(); err != nil {
		return secrets.Address{}, err
	}
	return v.settings.Connection(v.vault.Domain, v.r.PathValue("type"), v.r.PathValue("name"))
}

func (v *visit) connection() error {
	view, _, err := v.describeConnection()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "connection", view.Type+" "+view.Name, view)
}

func (v *visit) describeConnection() (view connectionView, entry secrets.Entry, err error) {
	a, err := v.connectionAddress()
	if err != nil {
		return view, entry, err
	}
	var known report.Inventory
	work, ctx := errgroup.WithContext(v.r.Context())
	work.Go(func() (err error) {
		view.Rights, err = person.RightsInDomain(ctx, v.client, v.root(), v.vault.Domain)
		return err
	})
	work.Go(func() (err error) {
		viewer, err := v.viewer()
		if err == nil {
			entry, err = viewer.Describe(ctx, a)
		}
		return err
	})
	work.Go(func() error {
		known, view.DaemonProblem = v.summary(ctx)
		return nil
	})
	if err := work.Wait(); err != nil {
		return view, entry, err
	}
	if entry.Current == 0 {
		return view, entry, errNotFound
	}
	uses, err := v.visibleUses(v.r.Context(), known)
	if err != nil {
		return view, entry, err
	}
	row := manual.RowOf(a, entry)
	view.connectionRow = connectionRow{Type: a.Group, Row: row, Drifted: row.Drift.Drifted(), UsedBy: uses[a.Group+"/"+a.Name]}
	view.actions = v.actions(view.Rights)
	view.Live = entry.Live()
	view.Fields, view.Versions, view.Records = fieldsOf(entry), versionsOf(entry), recordsOf(entry)
	return view, entry, nil
}

// fieldsOf are the names of the fields of the live body. Pure.
func fieldsOf(e secrets.Entry) []string {
	var out []string
	for name, field := range e.Fields {
		if field.Live() {
			out = append(out, name)
		}
	}
	slices.SortFunc(out, strings.Compare)
	return out
}
