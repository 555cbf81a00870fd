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

// apply carries out the plan of a report: first what writes values and records, and then,
// only if all of it succeeded, the deletes and releases. done is called after each action,
// never twice at a time.
func (s *source) apply(ctx context.Context, d desired, into *report.Report, done func(report.Result)) {
	results := into.Results
	line := report.AuditLine{Owner: string(s.client.Owner()), Commit: string(d.Commit), Reason: s.reason}
	if into.Approved {
		line.PlanID = into.PlanID
	}
	for _, n := range into.Approvals {
		line.Approvals = append(line.Approvals, report.AuditApproval{Entity: n.Entity, Time: n.Time, Reason: n.Reason})
	}
	writers := s.newPool(ctx, done)
	s.write(writers, d, line, results)
	for _, r := range chosen(results, plan.Kind.UpdatesRecord) {
		writers.run(r, func(ctx context.Context, r *report.Result) {
			s.audit.around(line, r, func() {
				r.Err = s.client.UpdateRecord(ctx, r.Address, r.Entry, r.Provenance(s.client.Owner(), string(d.Commit)))
			})
		})
	}
	for i := range into.Signatures {
		writers.run(&into.Signatures[i], func(ctx context.Context, r *report.Result) {
			s.audit.around(line, r, func() { r.Err = s.client.RenewMAC(ctx, r.Address) })
		})
	}
	writers.wait()
	if report.AnyFailed(results) {
		for _, r := range chosen(results, plan.Kind.Removes) {
			r.Kind, r.Cause = plan.Blocked, "not deleted: a write of this sync failed"
		}
		return
	}
	removers := s.newPool(ctx, done)
	for _, r := range chosen(results, plan.Kind.Removes) {
		removers.run(r, func(ctx context.Context, r *report.Result) {
			s.audit.around(line, r, func() { s.remove(ctx, r) })
		})
	}
	removers.wait()
}

// write sends the values. Each file is decrypted just before its values are sent, and the
// next file waits for a free worker: few values are in memory at a time, and none stays.
func (s *source) write(p *pool, d desired, line report.AuditLine, results []report.Result) {
	waiting := map[string][]*report.Result{}
	for _, r := range chosen(results, plan.Kind.Writes) {
		waiting[r.Want.File] = append(waiting[r.Want.File], r)
	}
	send := func(path string, contents map[secrets.Address]content, err error) {
		for _, r := range waiting[path] {
			content := contents[r.Address]
			p.run(r, func(ctx context.Context, r *report.Result) {
				if r.Err = err; err == nil {
					s.audit.around(line, r, func() { s.put(ctx, d.Commit, r, content) })
				}
			})
		}
		delete(waiting, path)
	}
	var files []gitsource.File // to be read again
	for _, f := range d.Files {
		unlocked := s.unlocked[f.Path]
		switch {
		case waiting[f.Path] == nil:
		case unlocked == nil || p.ctx.Err() != nil:
			files = append(files, f)
		default:
			delete(s.unlocked, f.Path)
			contents, err := s.decryptUnlocked(unlocked)
			send(f.Path, contents, err)
		}
	}
	err := s.repo.Read(p.ctx, files, sopsfile.MaxBytes, func(file gitsource.File, data []byte, err error) error {
		var contents map[secrets.Address]content
		if err == nil {
			contents, err = s.decrypt(p.ctx, file.Path, data)
		}
		send(file.Path, contents, err)
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

// cleanConnections deletes the bodies of connections that no reader uses any more, if all
// of the plan was carried out. entries are what was observed. A failure is a warning; the
// next sync tries again.
func (s *source) cleanConnections(ctx context.Context, entries map[secrets.Address]secrets.Entry, results []report.Result) {
	if len(s.Connections) == 0 || report.AnyFailed(results) || ctx.Err() != nil {
		return
	}
	known := map[secrets.Address]secrets.Entry{}
	for a, e := range entries {
		if a.Kind == secrets.Connection {
			known[a] = e
		}
	}
	if err := s.connections.CleanUp(ctx, s.vault.Root(), s.vault.Domain, known, s.cleaned); err != nil {
		s.warn(fmt.Sprintf("clean up connections: %v", err))
	}
}
