// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"context"
	"net/http"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/relay-secrets/terraform-provider-relay/internal/person"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// sourcesView is what the template sources shows.
type sourcesView struct {
	Rows []sourceRow
	// Hidden is the number of sources of which the person may see no workflow.
	Hidden        int
	DaemonProblem string
	Standby       bool
}

// sourceRow is one source as far as the person may see it.
type sourceRow struct {
	report.Status
	Workflows []string
	// All means that the person may observe everything that the source may write, so that
	// its problems, which name secrets, are shown.
	All bool
	// AllOfPlan means that the person may observe everything that its plan changes.
	AllOfPlan bool
	// MayApprove means that the person may approve its plans, and so see them.
	MayApprove bool
	// MissingRight is the line of policy to approve.
	MissingRight string
}

// StateWord is the state of the source; Class is for its color.
func (r sourceRow) StateWord() string { return string(r.State()) }

// Class is the class of the state.
func (r sourceRow) Class() string {
	switch r.State() {
	case report.InSync:
		return "good"
	case report.Suspended, report.Elsewhere:
		return "calm"
	case report.Drifted:
		return "warn"
	case report.NotApplied, report.NotReady:
	}
	return "bad"
}

// Visible reports whether problems and numbers are shown.
func (r sourceRow) Visible() bool { return r.All || r.MayApprove }

// PlanVisible reports whether the plan is shown.
func (r sourceRow) PlanVisible() bool { return r.All && r.AllOfPlan || r.MayApprove }

func (v *visit) sources() error {
	if v.daemon == nil {
		return errNotFound
	}
	view, err := v.visibleSources(v.r.Context())
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "sources", "Sources", view)
}

// visibleSources are the sources of which the person may see a workflow, or approve plans.
func (v *visit) visibleSources(ctx context.Context) (sourcesView, error) {
	var (
		view   sourcesView
		status report.Daemon
		known  report.Inventory
	)
	work, inner := errgroup.WithContext(ctx)
	work.Go(func() (err error) {
		status, err = v.daemon.Status(inner)
		return err
	})
	work.Go(func() error {
		known, view.DaemonProblem = v.summary(inner)
		return nil
	})
	if err := work.Wait(); err != nil {
		v.log.Warn("daemon", "err", err)
		view.DaemonProblem = "The daemon does not answer, so its sources are not shown."
		return view, ctx.Err()
	}
	view.Standby = status.Standby
	access, err := v.accessTo(ctx, known)
	if err != nil {
		return view, err
	}
	approves, err := v.approves(ctx, status.Sources, known)
	if err != nil {
		return view, err
	}
	for _, s := range status.Sources {
		row := sourceRow{Status: s}
		row.Workflows, row.All = access.covers(s.Source, known)
		row.AllOfPlan = access.coversPlan(s.Plan)
		if may, valid := approves[s.Source]; valid && !may {
			row.MissingRight = person.ApprovalRule(known.Mount, known.Controller, s.Source)
		}
		row.MayApprove = approves[s.Source] && v.login.Person.MayWrite == nil
		if len(row.Workflows) == 0 && !row.All && !row.MayApprove {
			view.Hidden++
			continue
		}
		view.Rows = append(view.Rows, row)
	}
	return view, nil
}

// access is what the person may observe of what the daemon knows.
type access struct {
	workflows   map[string]bool
	connections bool
}

func (v *visit) accessTo(ctx context.Context, known report.Inventory) (access, error) {
	var names []string
	for _, w := range known.Workflows {
		names = append(names, w.Name)
	}
	sees, err := v.sees(ctx, names)
	if err != nil || v.vault.Domain == "" || known.Domain != v.vault.Domain {
		return access{workflows: sees}, err
	}
	domain, err := person.RightsInDomain(ctx, v.client, v.root(), v.vault.Domain)
	return access{sees, domain.Observe}, err
}

// covers reports which workflows of a source the person may observe, and whether these are
// all that the source may write. Pure.
func (a access) covers(source string, known report.Inventory) (workflows []string, all bool) {
	all, found := true, false
	for _, w := range known.Workflows {
		if !slices.Contains(w.Sources, source) {
			continue
		}
		found = true
		if a.workflows[w.Name] {
			workflows = append(workflows, w.Name)
		} else {
			all = false
		}
	}
	for _, c := range known.Connections {
		if slices.Contains(c.Sources, source) {
			found, all = true, all && a.connections
		}
	}
	return workflows, all && found
}

// coversPlan reports whether the person may observe all that a plan changes. The plan can
// be older than the inventory. Pure.
func (a access) coversPlan(d *plan.Document) bool {
	return d != nil && !slices.ContainsFunc(d.Actions, func(one plan.DocumentAction) bool {
		if one.Kind != "" {
			return !a.connections
		}
		return !a.workflows[one.Workflow]
	})
}

// approves reports for each source with a valid name whether Vault permits the person to
// approve its plans.
func (v *visit) approves(ctx context.Context, sources []report.Status, known report.Inventory) (map[string]bool, error) {
	var names []string
	for _, s := range sources {
		if _, err := secrets.GitOpsOwner(known.Controller, s.Source); err == nil {
			names = append(names, s.Source)
		}
	}
	if len(names) == 0 {
		return nil, nil
	}
	return person.MayApprove(ctx, v.client, secrets.CanonicalNamespace(known.Namespace), known.Mount, known.Controller, v.login.Person.EntityID, names...)
}

// sourceView is what the template source shows.
type sourceView struct {
	sourceRow
	Bars []bar
	// Plan is what waits for approval, for who may see it.
	Plan   *plan.Document
	PlanID string
	// Approved is when the person approved it here; zero for not.
	Approved time.Time
}

// bar is one sync in the chart.
type bar struct {
	report.PastSync
	// Height is in steps of 1 to 10, by the time that the sync took.
	Height int
	Class  string
}

func (v *visit) source() error {
	row, err := v.sourceInPath()
	if err != nil {
		return err
	}
	view := sourceView{sourceRow: row, Bars: barsOf(row.History)}
	if d := row.Status.Plan; d != nil && row.PlanVisible() {
		if err := v.checkPlan(*d, row.Source); err != nil {
			v.log.Warn("plan not shown", "source", row.Source, "err", err)
		} else {
			view.Plan, view.PlanID = d, d.ID()
			view.Approved = v.approved.has(v.login.Person.EntityID, view.PlanID, time.Now())
		}
	}
	return v.show(http.StatusOK, "source", row.Source, view)
}

// sourceInPath is the source in the path, if the person may see it.
func (v *visit) sourceInPath() (sourceRow, error) {
	if v.daemon == nil {
		return sourceRow{}, errNotFound
	}
	all, err := v.visibleSources(v.r.Context())
	if err != nil {
		return sourceRow{}, err
	}
	for _, row := range all.Rows {
		if row.Source == v.r.PathValue("source") {
			return row, nil
		}
	}
	if all.DaemonProblem != "" {
		return sourceRow{}, errNoDaemon
	}
	return sourceRow{}, errNotFound
}

// barsOf are the bars of the chart, oldest first. Pure.
func barsOf(history []report.PastSync) []bar {
	longest := 0.0
	for _, s := range history {
		longest = max(longest, s.Seconds)
	}
	var out []bar
	for _, s := range history {
		one := bar{PastSync: s, Height: 1, Class: "good"}
		if longest > 0 {
			one.Height = 1 + int(9*s.Seconds/longest)
		}
		switch s.Outcome {
		case report.Pending.String():
			one.Class = "warn"
		case report.Failed.String():
			one.Class = "bad"
		}
		out = append(out, one)
	}
	slices.SortStableFunc(out, func(a, b bar) int { return a.Time.Compare(b.Time) })
	return out
}

// Word is the outcome in words.
func (b bar) Word() string {
	switch b.Outcome {
	case report.Clean.String():
		return "in sync"
	case report.Pending.String():
		return "drift reported, or a hand-over pending"
	}
	return "not all applied"
}

// Took is how long a sync took.
func (b bar) Took() string {
	return time.Duration(b.Seconds * float64(time.Second)).Round(time.Millisecond).String()
}
