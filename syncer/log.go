// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// repeats recognizes the report of a retry that changed nothing, so that the log has its
// problems once in a drift interval, and not at every retry.
type repeats struct {
	last string
	at   time.Time
}

// repeated reports whether the report is the last one again, within an interval.
func (p *repeats) repeated(r report.Report, now time.Time, interval time.Duration) bool {
	s := r.Summary()
	problems := r.Problems()
	text := string(r.Commit) + "\n" + strings.Join(problems, "\n")
	if len(problems) > 0 && text == p.last && now.Sub(p.at) < interval && s.Written()+s.Delete+s.Release+s.UpdateRecord+s.Signed == 0 {
		return true
	}
	p.last, p.at = text, now
	return false
}

// logSync logs what a sync changed and what it refused, and a line that sums it up. No
// line holds a value.
func logSync(log *slog.Logger, r report.Report) {
	log = log.With("commit", string(r.Commit))
	if r.Signer != "" {
		log = log.With("signed_by", r.Signer)
	}
	if r.Err != nil {
		log.Error("sync ended before its plan", "err", r.Err)
		return
	}
	for _, f := range r.Failures {
		log.Error("refused", "file", f.File, "err", f.Err)
	}
	for _, result := range slices.Concat(r.Results, r.Signatures) {
		entry := log.With("workflow", result.Address.Group, "secret", result.Address.Name, "action", string(result.Kind))
		switch {
		case result.Err != nil:
			entry.Error("failed", "err", result.Err)
		case result.Kind.Waits() || result.Kind == plan.Drift:
			entry.Warn("left as it is", "cause", result.Cause)
		case result.Kind != plan.Unchanged:
			entry.Info("applied", "version", cmp.Or(result.Version, result.Entry.Current), "cause", result.Cause)
		}
	}
	for _, b := range r.RelayBodies {
		log.Warn("body of Relay stays live", "path", b.Path(), "fields", b.Names(), "was_of", b.WasOf(), "used_by", b.InUseBy(), "checks", b.Checks(), "commands", b.Commands())
	}
	if r.RelayBodiesErr != nil {
		log.Warn("bodies of Relay not checked", "err", r.RelayBodiesErr)
	}
	s := r.Summary()
	level := map[report.Outcome]slog.Level{report.Pending: slog.LevelWarn, report.Failed: slog.LevelError}[r.Outcome()] // Info for a clean one
	log.Log(context.Background(), level, "sync done", "written", s.Written(), "deleted", s.Delete+s.Release, "unchanged", s.Unchanged, "records_updated", s.UpdateRecord, "signed", s.Signed,
		"pending_approval", s.PendingApproval, "blocked", s.Blocked, "drifted", s.Drift, "failed", s.Failed, "plan_id", r.PlanID, "approved_by", approvers(r))
}

// approvers are the entities of those who approved the plan in Vault.
func approvers(r report.Report) []string {
	var out []string
	for _, n := range r.Approvals {
		out = append(out, n.Entity)
	}
	return out
}
