// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// errNotTried is the error of what was given up after a failure that affects every
// action, or after a stop.
var errNotTried = errors.New("not tried: the sync ended before it")

// apply carries out a plan: first what writes values and records, and then, only if all
// of it succeeded, the deletes and releases. done is called after each action, never
// twice at a time. Results are in the order of the actions.
func (s *source) apply(ctx context.Context, d desired, actions []plan.Action, done func(report.Result)) []report.Result {
	results := make([]report.Result, len(actions))
	for i, a := range actions {
		results[i] = report.Result{Action: a}
	}
	line := auditLine{Owner: string(s.client.Owner()), Commit: string(d.Commit), Reason: s.reason}
	writers := s.newPool(ctx, done)
	s.write(writers, d, line, results)
	for _, r := range chosen(results, plan.Kind.UpdatesRecord) {
		writers.run(r, func(ctx context.Context, r *report.Result) {
			s.audit.around(line, r, func() {
				r.Err = s.client.UpdateRecord(ctx, r.Address, r.Entry, r.Provenance(s.client.Owner(), string(d.Commit)))
			})
		})
	}
	writers.wait()
	if report.AnyFailed(results) {
		for _, r := range chosen(results, plan.Kind.Removes) {
			r.Kind, r.Cause = plan.Blocked, "not deleted: a write of this sync failed"
		}
		return results
	}
	removers := s.newPool(ctx, done)
	for _, r := range chosen(results, plan.Kind.Removes) {
		removers.run(r, func(ctx context.Context, r *report.Result) {
			s.audit.around(line, r, func() { s.remove(ctx, r) })
		})
	}
	removers.wait()
	s.cleanConnections(ctx, results)
	return results
}

// write sends the values. Each file is opened just before its values are sent, and the
// next file waits for a free worker: few values are in memory at a time, and none stays.
func (s *source) write(p *pool, d desired, line auditLine, results []report.Result) {
	waiting := map[string][]*report.Result{}
	for _, r := range chosen(results, plan.Kind.Writes) {
		waiting[r.Want.File] = append(waiting[r.Want.File], r)
	}
	var files []gitsource.File
	for _, f := range d.Files {
		if waiting[f.Path] != nil {
			files = append(files, f)
		}
	}
	err := s.repo.Read(p.ctx, files, sopsfile.MaxBytes, func(file gitsource.File, data []byte, err error) error {
		var contents map[secrets.Address]content
		if err == nil {
			contents, err = s.decrypt(p.ctx, file.Path, data)
		}
		for _, r := range waiting[file.Path] {
			content := contents[r.Address]
			p.run(r, func(ctx context.Context, r *report.Result) {
				if r.Err = err; err == nil {
					s.audit.around(line, r, func() { s.put(ctx, d.Commit, r, content) })
				}
			})
		}
		delete(waiting, file.Path)
		return p.ctx.Err()
	})
	for _, rest := range waiting { // git stopped halfway
		for _, r := range rest {
			p.run(r, func(_ context.Context, r *report.Result) { r.Err = cmp.Or(err, errNotTried) })
		}
	}
}

// chosen are the results of the kinds.
func chosen(results []report.Result, kind func(plan.Kind) bool) []*report.Result {
	var out []*report.Result
	for i := range results {
		if kind(results[i].Kind) {
			out = append(out, &results[i])
		}
	}
	return out
}

// cleanConnections deletes what is left of connections that changed a while ago, or that
// a crash cut off. A failure is a warning; the next sync tries again.
func (s *source) cleanConnections(ctx context.Context, results []report.Result) {
	if len(s.Connections) == 0 || ctx.Err() != nil {
		return
	}
	for _, r := range results {
		if r.Kind == plan.Unchanged { // a secret has no bodies
			if err := s.connections.DeleteSuperseded(ctx, r.Address, r.Entry); err != nil {
				s.warn(fmt.Sprintf("deleting the superseded bodies of %s: %v", r.Address.Title(), err))
			}
		}
	}
	if _, err := s.connections.DeleteOrphaned(ctx, s.vault.Root(), s.vault.Domain, s.cleaned); err != nil {
		s.warn(fmt.Sprintf("deleting orphaned bodies of connections: %v", err))
	}
}
