// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"

	"github.com/relay-secrets/terraform-provider-relay/internal/approval"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// sync is one pass over one commit of one source: read, observe, plan, apply.
func (c *Controller) sync(ctx context.Context, cfg config.Source, at location, ask Request, adopt plan.Adoption) report.Report {
	r := report.Report{Source: cfg.Name, Branch: cfg.ShortRef(), Suspended: cfg.Suspend, Keyless: ask.Keyless}
	r.Err = c.syncInto(ctx, &r, cfg, at, ask, adopt)
	c.discardDamaged(ctx, r)
	c.endLogin(ctx, clientKey{cfg.Name, ask.Keyless}, r)
	return r
}

func (c *Controller) syncInto(ctx context.Context, r *report.Report, cfg config.Source, at location, ask Request, adopt plan.Adoption) error {
	s, err := c.open(cfg, at, ask.Keyless)
	if err != nil {
		return err
	}
	s.reason = ask.Reason
	d, err := s.read(ctx)
	if err != nil {
		return err
	}
	r.Commit, r.Signer, r.Files, r.Failures = d.Commit, d.Signer, len(d.Files), d.Failures
	if err := unmatched(adopt, cfg, c.cfg.Sources, d.Wants); err != nil {
		return err
	}
	seen, err := s.observe(ctx)
	if err != nil {
		return err
	}
	r.Failures = append(r.Failures, seen.failures(d)...)
	r.Unavailable = seen.unavailable()
	r.InvalidNames = seen.invalidNames()
	others, err := c.others(ctx, s, d, seen)
	if err != nil {
		return err
	}
	in, err := s.input(ctx, d, seen, adopt, others)
	if err != nil {
		return err
	}
	actions := plan.Make(in)
	c.wakeSources(c.handOvers.leave(cfg.Name, actions, others.elsewhere))
	if err := s.approve(ctx, r, ask, d, actions); err != nil {
		return err
	}
	if r.Approved {
		actions = plan.Approve(actions)
	}
	// Not a failure once nothing is left of what the source wrote.
	if d.Empty && !r.Approved && (len(actions) > 0 || !seen.hasRecordOf(in.Owner)) {
		r.Failures = append(r.Failures, report.Failure{Err: s.noFiles()})
	}
	signatures := plan.Signatures(seen.entries, actions)
	r.Results, r.Signatures = planned(actions), planned(signatures)
	defer func() {
		r.Observation = report.Observed(s.client.Owner(), cfg.Name, seen.entries, seen.unseen, *r)
		r.ShortenEntries()
	}()
	r.Applied = ask.Apply && (ask.Approve == "" || r.Approved)
	if r.Applied {
		seen.noteAbsent(r.Results)
		s.apply(ctx, d, r, c.counter(cfg.Name, actions, signatures))
		s.leftPending(r, actions)
		s.cleanConnections(ctx, seen.entries, r.Results)
		r.RelayBodies, r.RelayBodiesErr = s.relayBodies(ctx, r.Results)
		c.wakeFormers(r.Results)
		if r.Approved {
			c.warnOf(clearApprovals(ctx, s.approvals, func(n approval.Note) bool { return n.Plan == r.PlanID }))
		}
	}
	return nil
}

// planned are the results of actions that were not carried out.
func planned(actions []plan.Action) []report.Result {
	out := make([]report.Result, len(actions))
	for i, a := range actions {
		out[i] = report.Result{Action: a}
	}
	return out
}

// counter turns the ends of actions into progress.
func (c *Controller) counter(source string, plans ...[]plan.Action) func(report.Result) {
	of, done := 0, 0
	for _, actions := range plans {
		for i := range actions {
			if actions[i].Kind.Changes() {
				of++
			}
		}
	}
	return func(report.Result) {
		done++
		c.Progress(source, done, of)
	}
}

// input is all that the plan of a source is made from.
func (s *source) input(ctx context.Context, d desired, seen observation, adopt plan.Adoption, others others) (plan.Input, error) {
	in := plan.Input{
		Owner: s.client.Owner(), Drift: s.Drift, Deletes: s.Deletes, Adopt: adopt, Wants: d.Wants,
		Observed: seen.entries, Unseen: seen.unseen,
		Failed:  len(d.Failures) > 0 || len(seen.unseen) > 0,
		Refused: d.refusedIn(seen, s.client.Owner()),
		Empty:   d.Empty, Keyless: s.keyless, History: s.History, Signed: s.Verify.Required(), Flag: s.flag,
		Formers: others.formers, Elsewhere: others.elsewhere,
	}
	var err error
	if in.Descends, err = s.descends(ctx, d.Commit, seen); err != nil {
		return plan.Input{}, err
	}
	return in, nil
}
