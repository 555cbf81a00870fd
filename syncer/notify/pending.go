// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package notify

import (
	"strings"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
)

// Pending is a plan that waits for approval.
type Pending struct {
	PlanID string
	// Since is when the daemon first made this plan.
	Since time.Time
	// Actions are the numbers of what an approval carries out, by kind of action.
	Actions map[string]int
	// Causes are why they wait, without values, one sentence each.
	Causes []string
	// Command approves the plan. Link is empty if none is configured.
	Command, Link string
	// Remind is the interval of reminders; 0 for none.
	Remind time.Duration
}

// maxCauses limits the causes in a message.
const maxCauses = 20

// causes are those in a message: one printable line each, which commit and file names
// cannot disguise, and how many more there are.
func (p Pending) causes() (lines []string, more int) {
	shown := p.Causes[:min(len(p.Causes), maxCauses)]
	lines = make([]string, len(shown))
	for i, cause := range shown {
		lines[i] = foreign.Short(strings.Join(strings.Fields(cause), " "))
	}
	return lines, len(p.Causes) - len(shown)
}

// notified is what a webhook was notified of about the plan that waits for approval.
type notified struct {
	// last is the last event with the plan; without a plan if none waits.
	last Event
	// known means that a message about the plan was queued and has not failed, at was
	// when.
	known bool
	at    time.Time
	// confirmed means that a sync of this run of the notifier made the plan. Before the
	// first sync of a newly elected replica, another one may have decided it.
	confirmed bool
}

// next returns the messages that an event causes.
func (p *notified) next(e Event, now time.Time) (out []notice) {
	if former := p.last.Pending; former != nil && !e.waitsFor(former.PlanID) {
		out = append(out, notice{approvalClosed, e, former})
		*p = notified{}
	}
	if e.Pending == nil {
		return out
	}
	p.last, p.confirmed = e, true
	if !p.known {
		p.known, p.at = true, now
		out = append(out, notice{approvalPending, e, e.Pending})
	}
	return out
}

// remindAt is when a reminder is due; zero for never.
func (p *notified) remindAt() time.Time {
	if !p.confirmed || p.last.Pending == nil || p.last.Pending.Remind == 0 {
		return time.Time{}
	}
	return p.at.Add(p.last.Pending.Remind)
}

// reminder is the message that is due now, if one is.
func (p *notified) reminder(now time.Time) (n notice, due bool) {
	if at := p.remindAt(); at.IsZero() || now.Before(at) {
		return notice{}, false
	}
	p.at = now
	e := p.last
	e.Time = now
	return notice{approvalReminder, e, e.Pending}, true
}

// failed lets the next sync send the message about the plan again.
func (p *notified) failed(planID string) {
	if p.last.waitsFor(planID) {
		p.known = false
	}
}
