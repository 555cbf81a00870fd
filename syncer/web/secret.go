// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/relay-secrets/terraform-provider-relay/internal/person"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/manual"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// isEmpty reports whether a list failed only because nothing was ever written.
func isEmpty(err error) bool { return errors.Is(err, manual.ErrNoSecrets) }

// secretView is what the template secret shows: one secret over time.
type secretView struct {
	Workflow string
	secretRow
	Rights person.Rights
	actions
	Live, Exists bool
	// Undeletable means that the newest version can be undeleted by Owner of it.
	Undeletable bool
	// WhoUndeletes is who can undelete it.
	WhoUndeletes  string
	Versions      []versionRow
	Records       []recordRow
	DaemonProblem string
}

// versionRow is one version, newest first.
type versionRow struct {
	Number  int
	Created time.Time
	// State is "current", "replaced", "deleted", "destroyed" or "expires".
	State string
	// At is the time of the state, if it has one.
	At time.Time
	// By are the owners whose records name the version.
	By []secrets.Owner
}

// recordRow is the last record of an owner.
type recordRow struct {
	Owner   secrets.Owner
	Version int
	Time    time.Time
	// Released is when the owner gave the secret up; zero for not.
	Released time.Time
	// Origin and Revision are the file and the commit of a git source.
	Origin, Revision string
	// Valid means that its version exists.
	Valid bool
}

// address is the secret in the path. The error wraps secrets.ErrInvalid.
func (v *visit) address() (secrets.Address, error) {
	return v.settings.Address(v.r.PathValue("workflow"), v.r.PathValue("name"))
}

func (v *visit) secret() error {
	view, _, err := v.describe()
	if err != nil {
		return err
	}
	if !view.Exists {
		return errNotFound
	}
	return v.show(http.StatusOK, "secret", view.Name, view)
}

// describe is the secret in the path, from Vault and from the daemon.
func (v *visit) describe() (view secretView, entry secrets.Entry, err error) {
	a, err := v.address()
	if err != nil {
		return view, entry, err
	}
	var (
		known  report.Inventory
		rights map[string]person.Rights
	)
	view.Workflow = a.Group
	work, ctx := errgroup.WithContext(v.r.Context())
	work.Go(func() (err error) {
		rights, err = person.RightsIn(ctx, v.client, v.root(), a.Group)
		return err
	})
	work.Go(func() error {
		viewer, err := v.viewer()
		if err == nil {
			entry, err = viewer.Describe(ctx, a)
		}
		return err
	})
	work.Go(func() error {
		known, view.DaemonProblem = v.known(ctx, a.Group)
		return nil
	})
	if err := work.Wait(); err != nil {
		return view, entry, err
	}
	view.Rights = rights[a.Group]
	view.actions = v.actions(view.Rights)
	view.fill(a, entry, shown(known, view.Rights))
	if owner, _, is := secrets.Undeletable(entry); is {
		view.CanUndelete, view.WhoUndeletes = view.CanUndelete && v.actsFor(v.r.Context(), owner)[owner], whoUndeletes(owner)
	}
	return view, entry, nil
}

// actsFor reports for each of the owners whether it is the person, or a team of the person: one
// request to Vault for all teams. If that fails, the person acts for no team.
func (v *visit) actsFor(ctx context.Context, owners ...secrets.Owner) map[secrets.Owner]bool {
	may := map[secrets.Owner]bool{}
	var teams []string
	for _, owner := range owners {
		team, is := strings.CutPrefix(string(owner), "team/")
		if _, err := secrets.TeamOwner(team); is && err == nil { // a record can name any team
			teams = append(teams, team)
		}
		may[owner] = owner.Same(v.login.Person.Owner)
	}
	slices.Sort(teams)
	members, err := person.MayActFor(ctx, v.client, v.root().Namespace, v.vault.Mount, slices.Compact(teams)...)
	if err == nil {
		for team, member := range members {
			may[secrets.Owner("team/"+team)] = member
		}
	}
	return may
}

// fill sets what Vault and the daemon know. Pure.
func (w *secretView) fill(a secrets.Address, e secrets.Entry, known report.Inventory) {
	w.secretRow = rowWith(known.Controller, known.Workflow(a.Group), manual.RowOf(a, e))
	w.Live, w.Exists = e.Live(), e.Current > 0
	_, _, w.Undeletable = secrets.Undeletable(e)
	w.Versions, w.Records = versionsOf(e), recordsOf(e)
}

// versionsOf are the versions of an entry, newest first. Pure.
func versionsOf(e secrets.Entry) []versionRow {
	var out []versionRow
	for _, number := range slices.Backward(slices.Sorted(maps.Keys(e.Versions))) {
		version := e.Versions[number]
		row := versionRow{Number: number, Created: version.Created, State: "replaced"}
		switch dead := !version.Deleted.IsZero() && !version.Deleted.After(e.Date.Add(time.Second)); {
		case version.Destroyed:
			row.State = "destroyed"
		case dead:
			row.State, row.At = "deleted", version.Deleted
		case number == e.Current && !version.Deleted.IsZero():
			row.State, row.At = "expires", version.Deleted
		case number == e.Current:
			row.State = "current"
		}
		for _, owner := range slices.Sorted(maps.Keys(e.Records)) {
			if r := e.Records[owner]; r.Version == number && r.Time.Equal(version.Created) {
				row.By = append(row.By, owner)
			}
		}
		out = append(out, row)
	}
	return out
}

// recordsOf are the last records of all owners, newest first. Pure.
func recordsOf(e secrets.Entry) []recordRow {
	var out []recordRow
	for owner, r := range e.Records {
		version, exists := e.Versions[r.Version]
		out = append(out, recordRow{
			Owner: owner, Version: r.Version, Time: r.Time, Released: r.ReleasedAt, Origin: r.Origin, Revision: r.Revision,
			Valid: exists && version.Created.Equal(r.Time) || r.Version < e.Oldest,
		})
	}
	slices.SortFunc(out, func(a, b recordRow) int {
		if a.Version != b.Version {
			return b.Version - a.Version
		}
		return strings.Compare(string(a.Owner), string(b.Owner))
	})
	return out
}
