// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"context"

	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// sync is one pass over one commit of one source: read, observe, plan, apply.
func (c *Controller) sync(ctx context.Context, cfg config.Source, at location, ask Request, adopt plan.Adoption) report.Report {
	r := report.Report{Source: cfg.Name, Branch: cfg.ShortRef(), Suspended: cfg.Suspend, Keyless: ask.Keyless}
	r.Err = c.syncInto(ctx, &r, cfg, at, ask, adopt)
	c.discardDamaged(ctx, r)
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
	actions, err := s.plan(ctx, d, seen, adopt)
	if err != nil {
		return err
	}
	r.PlanID = plan.ID(string(d.Commit), actions)
	if r.PlanID != "" && r.PlanID == ask.Approve {
		r.Approved, actions = true, plan.Approve(actions)
	}
	r.Applied = ask.Apply && (ask.Approve == "" || r.Approved)
	if r.Applied {
		r.Results = s.apply(ctx, d, actions, c.counter(cfg.Name, actions))
		return nil
	}
	for _, a := range actions {
		r.Results = append(r.Results, report.Result{Action: a})
	}
	return nil
}

// counter turns the ends of actions into progress.
func (c *Controller) counter(source string, actions []plan.Action) func(report.Result) {
	of, done := 0, 0
	for _, a := range actions {
		if a.Kind.Writes() || a.Kind.UpdatesRecord() || a.Kind.Removes() {
			of++
		}
	}
	return func(report.Result) {
		done++
		c.Progress(source, done, of)
	}
}

func (s *source) plan(ctx context.Context, d desired, seen observation, adopt plan.Adoption) ([]plan.Action, error) {
	in := plan.Input{
		Owner: s.client.Owner(), Drift: s.Drift, Deletes: s.Deletes, Adopt: adopt, Wants: d.Wants,
		Observed: seen.entries, Unseen: seen.unseen,
		Failed:  (len(d.Failures) > 0 && !d.Empty) || len(seen.unseen) > 0,
		Refused: d.refusedIn(seen, s.client.Owner()),
		Empty:   d.Empty, Keyless: s.keyless, History: s.History, Signed: s.Verify.Required(), Flag: s.flag,
	}
	var err error
	if in.Descends, err = s.descends(ctx, d.Commit, seen); err != nil {
		return nil, err
	}
	return plan.Make(in), nil
}
