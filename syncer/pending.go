// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/notify"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// pendingPlans are the plans that wait for approval, by source, for the status, the
// metrics and the notifications. It is safe for concurrent use.
type pendingPlans struct {
	mu  sync.Mutex
	all map[string]*notify.Pending
}

func newPendingPlans() *pendingPlans { return &pendingPlans{all: map[string]*notify.Pending{}} }

// after notes the end of a sync and returns the plan that waits since then; nil for none.
func (p *pendingPlans) after(r report.Report, cfg config.Source, now time.Time) *notify.Pending {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all[r.Source] = pendingAfter(p.all[r.Source], r, cfg.Approvals, now)
	return p.all[r.Source]
}

// continueFrom copies the plans of the configuration before a reload.
func (p *pendingPlans) continueFrom(former *pendingPlans) {
	former.mu.Lock()
	defer former.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	maps.Copy(p.all, former.all)
}

// pendingAfter is the plan that waits for approval after a sync, if before waited until
// then. A sync that ended before its plan, or that could not observe everything, does not
// show that a plan is obsolete.
func pendingAfter(before *notify.Pending, r report.Report, settings config.Approvals, now time.Time) *notify.Pending {
	switch {
	case r.Approved:
		return nil
	case r.Err != nil, r.Unavailable && before != nil:
		return before
	case r.PlanID == "":
		return nil
	}
	out := &notify.Pending{
		PlanID: r.PlanID, Since: now, Actions: map[string]int{},
		Command: plan.ConfigFlag("").ApproveAs(r.Source),
		Link:    settings.LinkTo(r.Source, r.PlanID), Remind: settings.RemindInterval(),
	}
	if before != nil && before.PlanID == r.PlanID {
		out.Since = before.Since
	}
	for _, result := range r.Results {
		if result.Kind == plan.PendingApproval {
			out.Actions[string(result.Action.Approved)]++
			out.Causes = append(out.Causes, fmt.Sprintf("%s: %s", result.Address, result.Cause))
		}
	}
	return out
}
