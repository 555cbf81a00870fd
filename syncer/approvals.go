// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/approval"
	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// approve sets what waits for approval, and whether it is approved: by the request, or by
// notes in Vault. Notes that approve the plan are removed before this returns, so that
// they approve nothing twice. A failure to read or remove them approves nothing.
func (s *source) approve(ctx context.Context, r *report.Report, ask Request, d desired, actions []plan.Action) error {
	doc, err := s.pending(ctx, d, actions)
	if doc == nil || err != nil {
		return err
	}
	r.Plan, r.PlanID, r.FourEyes = doc, doc.ID(), s.Approvals.FourEyes
	switch {
	case ask.Approve == r.PlanID && r.FourEyes:
		r.NotApproved = append(r.NotApproved, "approvals.four_eyes is set, so apply --approve does not approve: use "+s.flag.ApproveAs(s.Name))
	case ask.Approve != "":
		r.Approved = r.PlanID == ask.Approve
	case ask.Apply:
		if err := s.takeApprovals(ctx, r, d, actions); err != nil {
			r.NotApproved = append(r.NotApproved, err.Error())
		}
	}
	return nil
}

// pending is the document of what waits for approval.
func (s *source) pending(ctx context.Context, d desired, actions []plan.Action) (*plan.Document, error) {
	doc := plan.Pending(s.planLocation(), string(d.Commit), actions)
	if doc == nil {
		return nil, nil
	}
	last, err := s.ancestry.lastChange(ctx, s.repo, d.Commit, s.Patterns())
	doc.Commit = string(last)
	return doc, err
}

func (s *source) planLocation() plan.Location {
	in := s.approvals
	return plan.Location{Namespace: in.Namespace, Mount: in.Mount, Controller: in.Controller, Source: in.Source}
}

// leftPending sets what still waits after a sync that applied the rest: the next sync has
// the same plan, so its id is the one to approve.
func (s *source) leftPending(r *report.Report, actions []plan.Action) {
	if r.Plan == nil || r.Approved {
		return
	}
	var left []plan.Action
	for i, a := range actions {
		if done := r.Results[i]; !a.Kind.Changes() || done.Err != nil || !done.Kind.Changes() {
			left = append(left, a)
		}
	}
	r.Plan = plan.Pending(s.planLocation(), r.Plan.Commit, left) // something waits still
	r.PlanID = r.Plan.ID()
}

// takeApprovals sets whether notes approve the plan of a report, and removes them then.
func (s *source) takeApprovals(ctx context.Context, r *report.Report, d desired, actions []plan.Action) error {
	folder := s.approvals
	notes, err := notesFor(ctx, folder, r.PlanID)
	if err != nil || len(notes) == 0 {
		return err
	}
	rules := s.Approvals.Rules()
	if rules.FourEyes {
		rules.Authors, rules.Unknown = s.authors(ctx, d, actions)
	}
	decision := approval.Decide(rules, r.PlanID, notes, time.Now())
	r.NotApproved = decision.Refused
	if len(decision.Approved) == 0 {
		// A longer lifetime, set later, must not revive it.
		return remove(ctx, folder, decision.Expired)
	}
	if err := remove(ctx, folder, notes); err != nil {
		return fmt.Errorf("the plan is approved, but not applied: %w", err)
	}
	r.Approved, r.Approvals = true, decision.Approved
	return nil
}

// clearApprovals removes the notes that end selects, because they approve no plan any more:
// the same plan can be made again. A token without the right to read approvals uses none.
func clearApprovals(ctx context.Context, folder approval.Folder, end func(approval.Note) bool) error {
	notes, err := folder.Notes(ctx)
	if errors.Is(err, kv.ErrPermissionDenied) {
		return nil
	}
	for _, n := range notes {
		if end(n) {
			err = errors.Join(err, folder.Remove(ctx, n))
		}
	}
	if err != nil {
		return fmt.Errorf("remove approvals that no longer count: %w", err)
	}
	return nil
}

// approvalsOf is where the approvals of a source are.
func (c *Controller) approvalsOf(cfg config.Source) (approval.Folder, error) {
	client, err := c.connect(cfg, false)
	if err != nil {
		return approval.Folder{}, err
	}
	return c.approvalsIn(cfg, client), nil
}

func (c *Controller) approvalsIn(cfg config.Source, client *secrets.Client) approval.Folder {
	return approval.Folder{
		Store: client.Metadata(), Namespace: c.cfg.Vault.Root().Namespace, Mount: c.cfg.Vault.Mount,
		Controller: c.cfg.Controller, Source: cfg.Name,
	}
}

// notesFor are the notes for one plan.
func notesFor(ctx context.Context, folder approval.Folder, planID string) ([]approval.Note, error) {
	notes, err := folder.Notes(ctx)
	return slices.DeleteFunc(notes, func(n approval.Note) bool { return n.Plan != planID }), err
}

// remove removes notes; the first failure ends it.
func remove(ctx context.Context, folder approval.Folder, notes []approval.Note) error {
	for _, n := range notes {
		if err := folder.Remove(ctx, n); err != nil {
			return fmt.Errorf("remove the approval of entity %s: %w", n.Entity, err)
		}
	}
	return nil
}

// maxRevisions limits the walks of git for the authors of a plan.
const maxRevisions = 64

// authors are the entities of those who made the commits of a plan, and of who signed the
// last one. unknown means that they are not all known.
func (s *source) authors(ctx context.Context, d desired, actions []plan.Action) (entities []string, unknown bool) {
	changed, whole := plan.ChangedFiles(actions, s.client.Owner())
	if !whole || len(changed) > maxRevisions {
		return nil, true
	}
	var names []string
	if d.Signer != "" {
		names = append(names, d.Signer)
	}
	for revision, files := range changed {
		made, err := s.repo.Identities(ctx, d.Commit, gitsource.Commit(revision), files)
		if err != nil || len(made) == 0 { // not in the repository, or the history was rewritten
			return nil, true
		}
		for _, one := range made {
			names = append(names, one.Author, one.Committer)
		}
	}
	return s.Approvals.Entities(names)
}
