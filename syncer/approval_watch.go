// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"
	"slices"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/approval"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// approvalPoll is how often the daemon looks for approvals while a plan waits.
const approvalPoll = 10 * time.Second

// approvalWatch is what the loop of a source knows about the plan that waits.
type approvalWatch struct {
	// pending is the id of the plan that waits, empty for none; known is false before the
	// first plan.
	pending string
	known   bool
	// seen are the notes for it that a sync has judged, and due is when to look again.
	seen []approval.Note
	due  time.Time
}

// approved reports whether there are notes for the plan that waits, other than those that
// a sync has judged. It looks only where a plan waits, and at most once an interval.
func (f *follower) approved(ctx context.Context) bool {
	w := &f.approvals
	if w.pending == "" || time.Now().Before(w.due) {
		return false
	}
	w.due = time.Now().Add(f.controller.approvalPoll)
	folder, err := f.controller.approvalsOf(f.cfg)
	if err != nil {
		return false
	}
	notes, err := notesFor(ctx, folder, w.pending)
	if err != nil { // the next sync reports it
		w.due = time.Now().Add(f.cfg.DriftInterval)
		return false
	}
	if slices.Equal(notes, w.seen) {
		return false
	}
	w.seen = notes
	return len(notes) > 0
}

// settleApprovals notes which plan waits after a sync, and removes the notes for one that
// no longer does. At the start it removes all that are for no plan that waits.
func (f *follower) settleApprovals(ctx context.Context, r report.Report) {
	w := &f.approvals
	if r.Err != nil || r.Unavailable {
		return // it is not known what waits
	}
	waits := r.PlanID
	if r.Approved {
		waits = ""
	}
	switch before := w.pending; {
	case !w.known:
		f.clearApprovals(ctx, func(n approval.Note) bool { return n.Plan != waits })
	case before != "" && before != waits:
		f.clearApprovals(ctx, func(n approval.Note) bool { return n.Plan == before })
	}
	if w.pending != waits {
		w.pending, w.seen, w.due = waits, nil, time.Now().Add(f.controller.approvalPoll)
	}
	w.known = true
}

func (f *follower) clearApprovals(ctx context.Context, end func(approval.Note) bool) {
	folder, err := f.controller.approvalsOf(f.cfg)
	if err == nil {
		err = clearApprovals(ctx, folder, end)
	}
	f.controller.warnOf(err)
}
