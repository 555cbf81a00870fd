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
	"github.com/relay-secrets/terraform-provider-relay/syncer/render"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// maxActivity is how many changes the page shows.
const maxActivity = 200

// activityView is what the template activity shows.
type activityView struct {
	Lines []activityLine
	// Workflow is the filter.
	Workflow      string
	DaemonProblem string
	// More means that older changes are not shown.
	More bool
}

// activityLine is one change.
type activityLine struct{ report.AuditLine }

// Link is the page of the secret, connection or source.
func (l activityLine) Link() string {
	if l.Kind == report.OfSource {
		return link("sources", l.Name)
	}
	if l.Kind != "" {
		return link("connections", l.Workflow, l.Name)
	}
	return link("workflows", l.Workflow, "secrets", l.Name)
}

// Label is the name of what was changed.
func (l activityLine) Label() string {
	switch l.Kind {
	case report.OfSource:
		return "the plan of " + l.Name
	case "":
		return l.Workflow + "/" + l.Name
	}
	return l.Kind + " " + l.Workflow + "/" + l.Name
}

// Who is the owner, and for a team the person.
func (l activityLine) Who() string {
	who := render.Owner(secrets.Owner(l.Owner))
	if l.Person != "" {
		who = render.Owner(secrets.Owner(l.Person)) + ", for " + who
	}
	return who
}

// Former is another owner, from whom the change took the secret; empty for none.
func (l activityLine) Former() string {
	if l.FormerOwner == "" {
		return ""
	}
	return render.Owner(secrets.Owner(l.FormerOwner))
}

func (v *visit) activity() error {
	view := activityView{Workflow: strings.TrimSpace(v.r.URL.Query().Get("workflow"))}
	lines := v.settings.Audit.Activity()
	if v.daemon != nil {
		of, err := v.daemonLines(v.r.Context())
		if err != nil {
			v.log.Warn("daemon", "err", err)
			view.DaemonProblem = "The daemon does not answer, so its changes are not shown."
		}
		lines = slices.Concat(lines, of)
	}
	visible, err := v.visibleLines(v.r.Context(), lines)
	if err != nil {
		return err
	}
	for _, line := range visible {
		if view.Workflow == "" || line.Workflow == view.Workflow && line.Kind == "" {
			view.Lines = append(view.Lines, activityLine{line})
		}
	}
	if view.More = len(view.Lines) > maxActivity; view.More {
		view.Lines = view.Lines[:maxActivity]
	}
	return v.show(http.StatusOK, "activity", "Activity", view)
}

// daemonLines are the changes of the daemon in the location of this page: the lines do not
// have it.
func (v *visit) daemonLines(ctx context.Context) (lines []report.AuditLine, err error) {
	var known report.Inventory
	work, ctx := errgroup.WithContext(ctx)
	work.Go(func() (err error) {
		known, err = v.daemon.Summary(ctx)
		return err
	})
	work.Go(func() error {
		of, err := v.daemon.Activity(ctx)
		lines = of.Lines
		return err
	})
	if err := work.Wait(); err != nil || !v.sameLocation(known) {
		return nil, err
	}
	return slices.DeleteFunc(lines, func(line report.AuditLine) bool { return line.Kind != "" && known.Domain != v.vault.Domain }), nil
}

// visibleLines are the changes in workflows and of connections that the person may observe,
// newest first.
func (v *visit) visibleLines(ctx context.Context, lines []report.AuditLine) ([]report.AuditLine, error) {
	var names []string
	for _, line := range lines {
		if line.Kind == "" {
			names = append(names, line.Workflow)
		}
	}
	sees, err := v.sees(ctx, names)
	if err != nil {
		return nil, err
	}
	domain := person.Rights{}
	if v.vault.Domain != "" {
		if domain, err = person.RightsInDomain(ctx, v.client, v.root(), v.vault.Domain); err != nil {
			return nil, err
		}
	}
	sources, err := v.sourcesSeen(ctx, lines)
	if err != nil {
		return nil, err
	}
	visible := slices.DeleteFunc(slices.Clone(lines), func(line report.AuditLine) bool {
		switch line.Kind {
		case "":
			return !sees[line.Workflow]
		case report.OfSource:
			return !sources[line.Name]
		}
		return !domain.Observe
	})
	slices.SortStableFunc(visible, func(a, b report.AuditLine) int { return b.Time.Compare(a.Time) })
	return visible, nil
}

// sourcesSeen are the sources of lines whose plans the person may see.
func (v *visit) sourcesSeen(ctx context.Context, lines []report.AuditLine) (map[string]bool, error) {
	seen := map[string]bool{}
	if v.daemon == nil || !slices.ContainsFunc(lines, func(l report.AuditLine) bool { return l.Kind == report.OfSource }) {
		return seen, nil
	}
	all, err := v.visibleSources(ctx)
	for _, row := range all.Rows {
		seen[row.Source] = row.Visible()
	}
	return seen, err
}
