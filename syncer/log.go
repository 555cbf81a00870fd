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
	text := string(r.Commit) + "\n" + strings.Join(slices.Concat(problems, r.NotApproved), "\n")
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
	failures, more := r.ListedFailures()
	for _, f := range failures {
		log.Error("refused", "file", f.File, "err", f.Err)
	}
	if more > 0 {
		log.Error("refused", "more", more)
	}
	logResults(log, r.Results, r.Signatures)
	for _, b := range r.RelayBodies {
		log.Warn("body of Relay stays live", "path", b.Path(), "fields", b.Names(), "was_of", b.WasOf(), "used_by", b.InUseBy(), "checks", b.Checks(), "commands", b.Commands())
	}
	if r.RelayBodiesErr != nil {
		log.Warn("bodies of Relay not checked", "err", r.RelayBodiesErr)
	}
	for _, cause := range r.NotApproved {
		log.Warn("not approved", "plan_id", r.PlanID, "cause", cause)
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

// maxLogged limits the lines about what failed or was left as it is in one sync. Each
// change of Vault has its line.
const maxLogged = 100

func logResults(log *slog.Logger, kinds ...[]report.Result) {
	logged := 0
	for _, results := range kinds {
		for i := range results {
			result := &results[i]
			left := result.Kind.Waits() || result.Kind == plan.Drift
			if result.Err == nil && !left && result.Kind == plan.Unchanged {
				continue
			}
			if left || result.Err != nil {
				if logged++; logged > maxLogged {
					continue
				}
			}
			logResult(log.With("workflow", result.Address.Group, "secret", result.Address.Name, "action", string(result.Kind)), result, left)
		}
	}
	if logged > maxLogged {
		log.Warn("failed or left as it is", "more", logged-maxLogged)
	}
}

func logResult(log *slog.Logger, result *report.Result, left bool) {
	switch {
	case result.Err != nil:
		log.Error("failed", "err", result.Err)
	case left:
		log.Warn("left as it is", "cause", result.Cause)
	default:
		log.Info("applied", "version", cmp.Or(result.Version, result.Entry.Current), "cause", result.Cause)
	}
}
