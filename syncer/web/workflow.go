// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/relay-secrets/terraform-provider-relay/internal/person"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/workflowfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/manual"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// workflowView is what the template workflow shows: the settings of a workflow.
type workflowView struct {
	Workflow string
	Rights   person.Rights
	actions
	Secrets []secretRow
	Deleted []deletedRow
	// Missing are the secrets that steps need and that have no value.
	Missing []secretRow
	// Required is how many of Missing the steps cannot run without.
	Required int
	// UnusedKnown means that the steps are known, so that an unused secret is one.
	UnusedKnown bool
	// Other are names in Vault that cannot be managed.
	Other string
	// Connections are those that the workflow's steps use.
	Connections []connectionUse
	// Sources are the git sources that list the workflow.
	Sources       []string
	Problems      []string
	DaemonProblem string
}

// waiting is what a source did not do.
type waiting struct {
	report.Waiting
	Source string
	// Owner means that the source is the last owner, so that it is not another one's value that
	// its files contain.
	Owner bool
}

// deletedRow is a deleted secret that its owner can undelete.
type deletedRow struct {
	manual.Row
	// Own means that the person is its owner, or a member of that team.
	Own          bool
	WhoUndeletes string
}

// secretRow is one secret of a workflow.
type secretRow struct {
	manual.Row
	Workflow string
	Expires  time.Time
	// File, Revision and Source are where the value comes from, if the daemon knows.
	File, Revision, Source string
	// Waiting is what the last sync of a source did not do; nil if it did all.
	Waiting *waiting
	// UsedBy are the steps that use it.
	UsedBy []report.Reference
	// Open means that a step uses secrets whose names are known only at run time.
	Open bool
	// Optional means that the steps run without it.
	Optional bool
	// Drifted means that Drift is one.
	Drifted bool
}

// WaitingText is why the source of the secret did not do what Waiting is, for who has no command
// line; empty for nothing.
func (s secretRow) WaitingText() string {
	if s.Waiting == nil {
		return ""
	}
	source := s.Waiting.Source
	if source != "" && s.LastOwner != secrets.NoOwner && !s.Waiting.Owner {
		return "The git source " + source + " still contains this secret: remove it from its files."
	}
	return withoutCommand(s.Waiting.Cause)
}

// withoutCommand is a text without the command for who runs the daemon at its end.
func withoutCommand(text string) string {
	if i := strings.Index(text, "relay-sync "); i > 0 {
		text = strings.TrimRight(text[:i], ": ")
		if j := strings.LastIndexAny(text, ";."); j > 0 {
			text = text[:j]
		}
	}
	return text
}

// connectionUse is a connection that steps use.
type connectionUse struct {
	Type, Name string
	UsedBy     []report.Reference
}

func (v *visit) workflow() error {
	name, err := v.workflowName()
	if err != nil {
		return err
	}
	var (
		view   = workflowView{Workflow: name}
		found  manual.Found
		known  report.Inventory
		rights map[string]person.Rights
	)
	work, ctx := errgroup.WithContext(v.r.Context())
	work.Go(func() (err error) {
		rights, err = person.RightsIn(ctx, v.client, v.root(), name)
		return err
	})
	work.Go(func() (err error) {
		found, err = v.list(ctx, name)
		return err
	})
	work.Go(func() error {
		known, view.DaemonProblem = v.known(ctx, name)
		return nil
	})
	if err := work.Wait(); err != nil {
		return err
	}
	view.Rights = rights[name]
	view.actions = v.actions(view.Rights)
	view.fill(found, shown(known, view.Rights))
	if view.CanUndelete {
		v.markOwn(v.r.Context(), view.Deleted)
	}
	return v.show(http.StatusOK, "workflow", name+" · Settings", view)
}

// markOwn marks the deleted secrets that the person can undelete.
func (v *visit) markOwn(ctx context.Context, deleted []deletedRow) {
	owners := make([]secrets.Owner, len(deleted))
	for i, row := range deleted {
		owners[i] = row.Owner
	}
	may := v.actsFor(ctx, owners...)
	for i, row := range deleted {
		deleted[i].Own = may[row.Owner]
	}
}

// list lists the secrets of a workflow; nothing for one without any.
func (v *visit) list(ctx context.Context, workflow string) (manual.Found, error) {
	viewer, err := v.viewer()
	if err != nil {
		return manual.Found{}, err
	}
	found, err := viewer.List(ctx, workflow)
	if isEmpty(err) {
		return manual.Found{}, nil
	}
	return found, err
}

// known is what the daemon knows of a workflow, or why it is not known.
func (v *visit) known(ctx context.Context, workflow string) (known report.Inventory, problem string) {
	if v.daemon == nil {
		return report.Inventory{}, ""
	}
	known, err := v.daemon.Workflow(ctx, workflow)
	if err != nil {
		v.log.Warn("daemon", "err", err)
		return report.Inventory{}, "The daemon does not answer, so files, steps and what waits are not shown."
	}
	if !v.sameLocation(known) {
		return report.Inventory{}, ""
	}
	return known, ""
}

// shown is what the daemon knows of a workflow, for who may view it in Vault; nothing for
// others. Pure.
func shown(known report.Inventory, rights person.Rights) report.Inventory {
	if !rights.List || !rights.Observe {
		return report.Inventory{}
	}
	return known
}

// actions are what a person may do: what the policies permit, unless the person may not write
// by hand at all.
type actions struct{ CanWrite, CanDelete, CanUndelete bool }

func (v *visit) actions(rights person.Rights) actions {
	mayWrite := v.login.Person.MayWrite == nil
	return actions{mayWrite && rights.Write, mayWrite && rights.Delete, mayWrite && rights.Undelete}
}

// fill joins what Vault and the daemon know. Pure.
func (w *workflowView) fill(found manual.Found, known report.Inventory) {
	of := known.Workflow(w.Workflow)
	w.Sources, w.Problems, w.UnusedKnown = of.Sources, of.Problems, of.MissingKnown
	live := map[string]bool{}
	for _, listing := range found.Workflows {
		for _, row := range listing.Deleted {
			w.Deleted = append(w.Deleted, deletedRow{Row: row, WhoUndeletes: whoUndeletes(row.Owner)})
		}
		w.Other = listing.Scope.DescribeOther(listing.Other)
		for _, row := range listing.Rows {
			one := rowWith(known.Controller, of, row)
			live[row.Name] = live[row.Name] || row.Entry.Live()
			w.Secrets = append(w.Secrets, one)
		}
	}
	for _, missing := range of.MissingSecrets {
		if !live[missing.Name] && secrets.CheckName("secret", missing.Name) == nil {
			one := rowWith(known.Controller, of, manual.Row{Name: missing.Name})
			one.Optional = missing.Optional
			w.Missing = append(w.Missing, one)
			if !one.Optional {
				w.Required++
			}
		}
	}
	w.Connections = connectionsUsed(of.References)
}

// rowWith is a secret with what the daemon of a controller knows of it. Pure.
func rowWith(controller string, of report.Workflow, row manual.Row) secretRow {
	one := secretRow{Row: row, Workflow: of.Name, Expires: row.Entry.Expires(), Drifted: row.Drift.Drifted()}
	for _, s := range of.Secrets {
		if s.Name != row.Name {
			continue
		}
		// Owners of another kind may end in the same name, such as a workspace of Terraform.
		owner, err := secrets.GitOpsOwner(controller, s.Source)
		owns := err == nil && owner == row.LastOwner
		if s.Waiting != nil {
			one.Waiting = &waiting{*s.Waiting, s.Source, owns}
		}
		// The file is that of the version only while the source is its owner.
		if owns || row.LastOwner == secrets.NoOwner {
			one.File, one.Revision, one.Source = s.File, s.Revision, s.Source
		}
	}
	for _, r := range of.References {
		switch {
		case r.Kind != workflowfile.Secret:
		case r.Name == row.Name:
			one.UsedBy = append(one.UsedBy, r)
		case r.All || r.Dynamic:
			one.Open = true
		}
	}
	return one
}

// connectionsUsed are the connections of references, in their order, each once. Pure.
func connectionsUsed(references []report.Reference) []connectionUse {
	var out []connectionUse
	for _, r := range references {
		if r.Kind != workflowfile.Connection || r.Type == "" || r.Name == "" {
			continue
		}
		i := slices.IndexFunc(out, func(u connectionUse) bool { return u.Type == r.Type && u.Name == r.Name })
		if i < 0 {
			i, out = len(out), append(out, connectionUse{Type: r.Type, Name: r.Name})
		}
		out[i].UsedBy = append(out[i].UsedBy, r)
	}
	return out
}
