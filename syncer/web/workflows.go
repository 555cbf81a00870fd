// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
	"github.com/relay-secrets/terraform-provider-relay/internal/person"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// workflowsView is what the template workflows shows.
type workflowsView struct {
	Rows []workflowRow
	// Total is the number of workflows, Found of those whose names contain Filter.
	Total, Found int
	Filter       string
	// Page is the page that Rows are of, of Pages.
	Page, Pages int
	// Partly means that the person may see more workflows than this list has: Vault does
	// not list the rules with "+".
	Partly bool
	// DaemonProblem is why the counts are missing.
	DaemonProblem string
}

// workflowRow is one workflow of the list.
type workflowRow struct {
	Name string
	// Counted means that the daemon has observed it. Otherwise the numbers are unknown.
	Counted      bool
	Live         int
	Drifted      int
	MissingKnown bool
	Missing      int
	LastChange   time.Time
	Sources      []string
}

// home sends the person to the workflows.
func (v *visit) home() error {
	v.redirect("/workflows")
	return nil
}

// open opens a workflow by its name.
func (v *visit) open() error {
	name := strings.TrimSpace(v.r.URL.Query().Get("workflow"))
	if err := secrets.CheckName("workflow", name); err != nil {
		return err
	}
	v.redirect(link("workflows", name))
	return nil
}

// perPage is how many workflows a page shows: Vault is asked about each one.
const perPage = 100

func (v *visit) workflows() error {
	var (
		acl     vaultclient.ACL
		own     []string
		list    bool
		known   report.Inventory
		problem string
	)
	work, ctx := errgroup.WithContext(v.r.Context())
	work.Go(func() (err error) {
		acl, own, list, err = v.ownWorkflows(ctx)
		return err
	})
	work.Go(func() error {
		known, problem = v.summary(ctx)
		return nil
	})
	if err := work.Wait(); err != nil {
		return err
	}
	view := workflowsView{Partly: !list, DaemonProblem: problem, Filter: strings.TrimSpace(v.r.URL.Query().Get("filter"))}
	names, err := v.visibleWorkflows(acl, own, known)
	if err != nil {
		return err
	}
	view.Total = len(names)
	names = slices.DeleteFunc(names, func(name string) bool { return !strings.Contains(strings.ToLower(name), strings.ToLower(view.Filter)) })
	view.Found = len(names)
	names = view.turnTo(v.r.URL.Query().Get("page"), names)
	sees, err := v.sees(v.r.Context(), names)
	if err != nil {
		return err
	}
	byName := map[string]report.Workflow{}
	for _, w := range known.Workflows {
		byName[w.Name] = w
	}
	for _, name := range names {
		view.Rows = append(view.Rows, rowOf(name, byName[name], sees[name]))
	}
	return v.show(http.StatusOK, "workflows", "Workflows", view)
}

// turnTo sets the page, and returns its part of the names.
func (w *workflowsView) turnTo(page string, names []string) []string {
	w.Pages = max(1, (len(names)+perPage-1)/perPage)
	number, err := strconv.Atoi(page)
	if err != nil {
		number = 1
	}
	w.Page = min(max(number, 1), w.Pages)
	from := (w.Page - 1) * perPage
	return names[from:min(from+perPage, len(names))]
}

// ownWorkflows are the person's rules, the workflows that they name, and those in Vault if the
// person may list them all.
func (v *visit) ownWorkflows(ctx context.Context) (acl vaultclient.ACL, names []string, listable bool, err error) {
	acl, err = v.client.ResultantACL(ctx)
	if errors.Is(err, kv.ErrPermissionDenied) {
		_, err = person.Identify(ctx, v.client) // a token that has ended is denied everything
	}
	if err != nil {
		return acl, nil, false, err
	}
	names, listable = person.Workflows(acl, v.vault.Mount, v.vault.Prefix)
	if !listable {
		return acl, names, false, nil
	}
	viewer, err := v.viewer()
	if err != nil {
		return acl, nil, false, err
	}
	all, err := viewer.Workflows(ctx)
	if errors.Is(err, kv.ErrPermissionDenied) || errors.Is(err, secrets.ErrMissingCapability) {
		return acl, names, false, nil // a rule with "+" takes the right away
	}
	return acl, slices.Concat(names, all), true, err
}

// summary is what the daemon knows of all workflows, or why it is not known.
func (v *visit) summary(ctx context.Context) (known report.Inventory, problem string) {
	if v.daemon == nil {
		return report.Inventory{}, ""
	}
	known, err := v.daemon.Summary(ctx)
	if err != nil {
		v.log.Warn("daemon", "err", err)
		return report.Inventory{}, "The daemon does not answer, so secrets are not counted."
	}
	if !v.sameLocation(known) {
		return report.Inventory{}, "The daemon writes to another mount or prefix of Vault, so secrets are not counted."
	}
	return known, ""
}

// sameLocation reports whether the daemon's workflows are those of this page.
func (v *visit) sameLocation(known report.Inventory) bool {
	root := v.root()
	return secrets.CanonicalNamespace(known.Namespace) == root.Namespace && known.Mount == root.Mount && known.Prefix == root.Prefix
}

// anyWorkflow is a workflow that only a rule for all of them covers, in practice.
const anyWorkflow = "any-workflow.of-relay-sync-web"

// visibleWorkflows are the person's own workflows, and those of the daemon that the person may
// view. Vault needs a millisecond for each of the others, so the page asks only about those
// that the person's rules let expect it: by their names, or by a "+" for all workflows, which
// the rules do not show.
func (v *visit) visibleWorkflows(acl vaultclient.ACL, own []string, known report.Inventory) ([]string, error) {
	is := map[string]bool{}
	for _, name := range own {
		is[name] = true
	}
	every, err := v.sees(v.r.Context(), []string{anyWorkflow})
	if err != nil {
		return nil, err
	}
	ask := every[anyWorkflow] || len(acl.Exact)+len(acl.Glob) == 0 // Vault may deny the rules
	var others []string
	for _, w := range known.Workflows {
		if !is[w.Name] && (ask || person.Lists(acl, v.vault.Mount, v.vault.Prefix, w.Name)) {
			others = append(others, w.Name)
		}
	}
	sees, err := v.sees(v.r.Context(), others)
	if err != nil {
		return nil, err
	}
	for name, may := range sees {
		if may {
			is[name] = true
		}
	}
	return slices.Sorted(maps.Keys(is)), nil
}

// rowOf is the row of a workflow. What the daemon knows is shown to who may view it in Vault.
func rowOf(name string, known report.Workflow, sees bool) workflowRow {
	row := workflowRow{Name: name}
	if sees && !known.Observed.IsZero() {
		row.Counted, row.Live, row.Drifted, row.LastChange = true, known.Live, known.Drifted, known.LastChange
		row.MissingKnown, row.Missing = known.MissingKnown, known.Missing
	}
	if sees {
		row.Sources = known.Sources
	}
	return row
}
