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

	"github.com/relay-secrets/terraform-provider-relay/syncer/notify"
	"github.com/relay-secrets/terraform-provider-relay/syncer/webhook"
)

// OpenHooks opens what connects the daemon with the world beside git and Vault: Run
// takes part in the election and sends notifications from then on, and the handler
// takes POST /webhook/<source>, of which authentic ones are hints. Unlike Handler
// it tells nothing, so it may be reachable from outside. Call it once, before Run.
func (c *Controller) OpenHooks() (webhooks http.Handler, err error) {
	if c.notifier, err = notify.New(c.cfg.Notifications(), c.registry); err != nil {
		return nil, err
	}
	if c.candidate, err = candidate(c.cfg); err != nil {
		return nil, err
	}
	return webhook.New(c.cfg.Webhooks(), c.Hint, c.registry)
}

// startNotifying sends what notify is given until stop is called, and then what
// still waits, for some seconds.
func (c *Controller) startNotifying(ctx context.Context, log *slog.Logger) (stop func()) {
	if c.notifier == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var sender sync.WaitGroup
	sender.Go(func() { c.notifier.Run(ctx, log) })
	return func() {
		cancel()
		sender.Wait()
	}
}

// notify tells of a round that carried out its plan, or did not come so far.
func (c *Controller) notify(r Report) {
	if c.notifier != nil {
		c.notifier.Send(r.event(c.cfg.Controller))
	}
}

// event is what others are told of a round. Drift that is left as configured is
// not the revision's failure.
func (r Report) event(controller string) notify.Event {
	s := r.Summary()
	return notify.Event{
		Controller: controller, Source: r.Source, Branch: strings.TrimPrefix(r.Branch, "tag "), Commit: string(r.Commit),
		Applied: r.Outcome() != Failed, Problems: r.problems(), Time: time.Now(),
		Counts: notify.Counts{
			Written: s.Add + s.Change + s.Repair + s.Adopt, Deleted: s.Delete + s.Release, Unchanged: s.Unchanged,
			Blocked: s.Blocked, Drifted: s.Drifted, Failed: s.Failed,
		},
	}
}
