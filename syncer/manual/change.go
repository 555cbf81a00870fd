// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package manual

import (
	"context"
	"fmt"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// Undelete is the kind of a change that restores a secret.
const Undelete plan.Kind = "undelete"

// Observe reads the metadata of a secret. Without adopt it returns an error for a secret
// that the session must not write, before the person enters a value.
func (s *Session) Observe(ctx context.Context, a secrets.Address, adopt bool) (secrets.Entry, error) {
	entry, err := s.client.Describe(ctx, a)
	if err == nil && !adopt {
		err = secrets.MayWrite(entry.KnownAs(s.Owner()), entry, a)
	}
	return entry, err
}

// Set writes a value, if the secret has not changed since observed. With adopt it also
// writes a secret that another owner has or that is unmanaged. The error of the result
// is as of secrets.Client.Put.
func (s *Session) Set(ctx context.Context, a secrets.Address, observed secrets.Entry, value secrets.Value, adopt bool) report.Result {
	return s.put(ctx, secrets.Write{Address: a, Value: value, Observed: observed}, adopt)
}

func (s *Session) put(ctx context.Context, w secrets.Write, adopt bool) report.Result {
	r := report.Result{Action: plan.Action{Kind: plan.Change, Address: w.Address, Entry: w.Observed}}
	client := s.client.For(w.Observed)
	switch {
	case adopt && secrets.MayWrite(client.Owner(), w.Observed, w.Address) != nil:
		r.Kind, w.Adopt = plan.Adopt, true
	case !w.Observed.Live():
		r.Kind = plan.Add
	}
	s.audited(client.Owner(), &r, func() {
		var written secrets.Written
		written, r.Err = manager(client, w.Address, s.warn).Put(ctx, w)
		r.Version = written.Version
	})
	return r
}

// Delete soft-deletes the version of a secret that was observed, if the session owns it.
// If another writer has overwritten it, Delete only releases it. With adopt it also
// deletes what another owner has or what is unmanaged. The error of the result is as of
// secrets.Client.Delete; for an unmanaged secret it is secrets.ErrNotOwner too.
func (s *Session) Delete(ctx context.Context, a secrets.Address, adopt bool) report.Result {
	r := report.Result{Action: plan.Action{Kind: plan.Delete, Address: a}}
	if r.Entry, r.Err = s.Observe(ctx, a, adopt); r.Err == nil {
		_ = s.delete(ctx, &r, adopt)
	}
	return r
}

// delete removes what r.Entry shows.
func (s *Session) delete(ctx context.Context, r *report.Result, adopt bool) (done secrets.Deletion) {
	a := r.Address
	claim, err := claimOf(r.Entry, r.Entry.KnownAs(s.Owner()), adopt)
	if err != nil {
		r.Err = fmt.Errorf("delete %s %s: %w", a.Kind, a, err)
		return done
	}
	switch {
	case !claim.Owner.Same(s.Owner()):
		r.Cause, r.Former = "it was owned by "+string(claim.Owner), claim.Owner
	case adopt && secrets.MayWrite(claim.Owner, r.Entry, a) != nil:
		r.Cause = "it was unmanaged"
	}
	if claim.Version != r.Entry.Current || !r.Entry.Live() {
		r.Kind = plan.Release
	}
	s.audited(s.client.For(r.Entry).Owner(), r, func() {
		done, r.Err = manager(s.client, a, s.warn).Delete(ctx, a, claim)
		if r.Err == nil && (done.Outcome == secrets.WrittenSince || done.Outcome == secrets.NothingClaimed) {
			r.Err = notDeleted(a, done)
		}
		r.SetRemoved(done)
	})
	return done
}

// notDeleted is the error of a deletion that found another version than the one observed.
func notDeleted(a secrets.Address, done secrets.Deletion) error {
	return fmt.Errorf("delete %s %s: %w: %s", a.Kind, a, secrets.ErrConflict, done.NotDeleted(a))
}

// claimOf is the version that a deletion removes: that of the owner me, or with adopt
// the current version of any writer. Pure.
func claimOf(e secrets.Entry, me secrets.Owner, adopt bool) (secrets.Claim, error) {
	_, owned := e.Owner()
	last, _, found := e.LastOwner()
	own := e.Claim(me)
	switch {
	case adopt && found && (owned || !e.Live()):
		return e.Claim(last), nil
	case adopt && e.Live():
		// No record names this version. The release needs one, under the own name.
		return secrets.Claim{Owner: me, Version: e.Current, Created: e.Versions[e.Current].Created}, nil
	case own.Version > 0:
		return own, nil
	}
	return secrets.Claim{}, fmt.Errorf("not found among the secrets of %s", me)
}

// Undelete restores the version that the session deleted. The error of the result is as
// of secrets.Client.Undelete.
func (s *Session) Undelete(ctx context.Context, a secrets.Address) report.Result {
	r := report.Result{Action: plan.Action{Kind: Undelete, Address: a}}
	if r.Entry, r.Err = s.client.Describe(ctx, a); r.Err == nil {
		s.undelete(ctx, &r)
	}
	return r
}

func (s *Session) undelete(ctx context.Context, r *report.Result) {
	client := s.client.For(r.Entry)
	s.audited(client.Owner(), r, func() {
		var record secrets.Record
		record, r.Err = client.Undelete(ctx, r.Address)
		r.Version = record.Version
	})
}
