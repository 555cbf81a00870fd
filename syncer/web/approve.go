// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer"
	"github.com/relay-secrets/terraform-provider-relay/syncer/manual"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
)

// approveView is what the template approve shows: the plan in full, and the form.
type approveView struct {
	Source string
	Plan   *plan.Document
	// PlanID is computed from Plan, so that an approval is for nothing else.
	PlanID   string
	FourEyes bool
	Reason   string
	Errors   map[string]string
}

// pendingPlan is the plan of the source in the path, for who may approve it.
func (v *visit) pendingPlan() (approveView, error) {
	row, err := v.sourceInPath()
	if err != nil {
		return approveView{}, err
	}
	if !row.MayApprove {
		if v.login.Person.MayWrite != nil {
			return approveView{}, v.login.Person.MayWrite
		}
		return approveView{}, &missingRightError{row.MissingRight, true}
	}
	if row.Status.Plan == nil {
		return approveView{}, errNothingPending
	}
	if err := v.checkPlan(*row.Status.Plan, row.Source); err != nil {
		return approveView{}, err
	}
	return approveView{Source: row.Source, Plan: row.Status.Plan, PlanID: row.Status.Plan.ID(), FourEyes: row.FourEyes}, nil
}

// checkPlan refuses a plan of the daemon that is not for this page's location.
func (v *visit) checkPlan(d plan.Document, source string) error {
	if err := d.Check(); err != nil {
		return err
	}
	if root := v.root(); d.Source != source || d.Mount != root.Mount || secrets.CanonicalNamespace(d.Namespace) != root.Namespace {
		return fmt.Errorf("%w: it is for another source or mount", plan.ErrDocument)
	}
	return nil
}

func (v *visit) approvePage() error {
	view, err := v.pendingPlan()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "approve", "Approve the plan of "+view.Source, view)
}

// approve stores the approval of the plan that the page showed.
func (v *visit) approve() error {
	f, err := v.form()
	if err != nil {
		return err
	}
	view, err := v.pendingPlan()
	if err != nil {
		return err
	}
	if f.Text("plan") != view.PlanID {
		return errPlanChanged
	}
	view.Reason = f.Text("reason")
	if view.Reason == "" || len(view.Reason) > maxReason {
		view.Errors = map[string]string{"reason": fmt.Sprintf("a reason of at most %d bytes is required", maxReason)}
		return v.show(http.StatusUnprocessableEntity, "approve", "Approve the plan of "+view.Source, view)
	}
	approver, err := manual.NewApprover(v.client, v.login.Person)
	if err != nil {
		return err
	}
	by := syncer.ManualChange{Owner: v.login.Person.Owner, Person: v.login.Person.Owner, Reason: view.Reason}
	err = v.settings.Audit.Approved(by, view.Source, view.PlanID, func() error {
		_, err := approver.Approve(v.r.Context(), *view.Plan, view.Reason)
		return err
	})
	if err != nil {
		return err
	}
	v.approved.remember(v.login.Person.EntityID, view.PlanID, time.Now())
	v.log.Info("plan approved", "source", view.Source, "plan", view.PlanID, "person", string(v.login.Person.Owner))
	v.wakeDaemon()
	v.sessions.Leave(v.ticket, "Approved. The daemon applies the plan at its next sync, within a few seconds.")
	v.redirect(link("sources", view.Source))
	return nil
}

// approvals remembers for a short time who approved which plan here: the daemon needs some
// seconds to notice. It is safe for concurrent use.
type approvals struct {
	mu sync.Mutex
	at map[[2]string]time.Time
}

// approvalShown is how long the page shows an approval that the daemon has not used yet.
const approvalShown = 10 * time.Minute

func (a *approvals) remember(entity, planID string, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for key, at := range a.at {
		if now.Sub(at) >= approvalShown {
			delete(a.at, key)
		}
	}
	a.at[[2]string{entity, planID}] = now
}

// has returns when a person approved a plan here; zero for not.
func (a *approvals) has(entity, planID string, now time.Time) time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	if at := a.at[[2]string{entity, planID}]; now.Sub(at) < approvalShown {
		return at
	}
	return time.Time{}
}
