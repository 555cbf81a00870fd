// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/syncer/election"
	"github.com/relay-secrets/terraform-provider-relay/syncer/notify"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
	"github.com/relay-secrets/terraform-provider-relay/syncer/webhook"
)

// OpenHooks opens what connects the daemon with more than git and Vault: Run takes part
// in the election and sends notifications from then on, and the handler accepts POST
// /webhook/<source>; an authentic delivery is a hint. Unlike Handler it publishes
// nothing, so it may be reachable from outside. Call it once, before Run.
func (c *Controller) OpenHooks() (webhooks http.Handler, err error) {
	if c.notifier, err = notify.New(c.cfg.Notifications(), c.registry); err != nil {
		return nil, err
	}
	if c.cfg.Election != nil {
		if c.candidate, err = election.New(*c.cfg.Election); err != nil {
			return nil, err
		}
	}
	handler, err := webhook.New(c.cfg.Webhooks(), c.Hint, c.registry)
	if err != nil {
		return nil, err
	}
	handler.Warn = c.Warn
	return handler, nil
}

// startNotifying sends the notifications of a source until stop is called, and then those
// that still wait, for some seconds.
func (c *Controller) startNotifying(ctx context.Context, log *slog.Logger, source string) (stop func()) {
	if c.notifier == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var sender sync.WaitGroup
	sender.Go(func() { c.notifier.Run(ctx, log, source) })
	return func() {
		cancel()
		sender.Wait()
	}
}

// Continue goes on from the controller before a reload of the configuration, so that its
// notifications are not sent again, and what it knows is not lost. Call it after that one's
// Run, and before Run.
func (c *Controller) Continue(former *Controller) {
	c.pending.continueFrom(former.pending)
	c.board.continueFrom(former.board)
	c.inventory.continueFrom(former.inventory)
	c.Audit.continueFrom(former.Audit)
	if c.notifier != nil && former.notifier != nil {
		c.notifier.Continue(former.notifier)
	}
}

// notify sends the outcome of a sync, and the plan that waits for approval after it.
func (c *Controller) notify(r report.Report, pending *notify.Pending) {
	if c.notifier != nil {
		e := event(r, c.cfg.Controller)
		e.Pending = pending
		c.notifier.Send(e)
	}
}

// event is the outcome of a sync for notifications. Drift that is only reported, as
// configured, is not the revision's failure.
func event(r report.Report, controller string) notify.Event {
	s := r.Summary()
	approved := ""
	if r.Approved {
		approved = r.PlanID
	}
	return notify.Event{
		Controller: controller, Source: r.Source, Branch: strings.TrimPrefix(r.Branch, "tag "), Commit: string(r.Commit),
		Applied: r.Outcome() != report.Failed, Approved: approved, Problems: r.Problems(), Time: time.Now(),
		Counts: notify.Counts{
			Written: s.Written(), Deleted: s.Delete + s.Release, Unchanged: s.Unchanged,
			PendingApproval: s.PendingApproval, Blocked: s.Blocked, Drifted: s.Drifted, Failed: s.Failed,
		},
	}
}
