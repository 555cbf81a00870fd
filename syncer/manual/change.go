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
	r := report.Result{Action: plan.Action{Kind: plan.Change, Address: a, Entry: observed}}
	client := s.client.For(observed)
	switch {
	case adopt && secrets.MayWrite(client.Owner(), observed, a) != nil:
		r.Kind = plan.Adopt
	case !observed.Live():
		r.Kind = plan.Add
	}
	s.audited(client.Owner(), &r, func() {
		var written secrets.Written
		written, r.Err = client.Put(ctx, secrets.Write{Address: a, Value: value, Observed: observed, Adopt: r.Kind == plan.Adopt})
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
	if r.Entry, r.Err = s.Observe(ctx, a, adopt); r.Err != nil {
		return r
	}
	claim, err := claimOf(r.Entry, r.Entry.KnownAs(s.Owner()), adopt)
	if err != nil {
		r.Err = fmt.Errorf("delete secret %s: %w", a, err)
		return r
	}
	switch {
	case !claim.Owner.Same(s.Owner()):
		r.Cause = "it was owned by " + string(claim.Owner)
	case adopt && secrets.MayWrite(claim.Owner, r.Entry, a) != nil:
		r.Cause = "it was unmanaged"
	}
	if claim.Version != r.Entry.Current || !r.Entry.Live() {
		r.Kind = plan.Release
	}
	s.audited(s.client.For(r.Entry).Owner(), &r, func() {
		var done secrets.Deletion
		done, r.Err = s.client.Delete(ctx, a, claim)
		if r.Err == nil && (done.Outcome == secrets.WrittenSince || done.Outcome == secrets.NothingClaimed) {
			r.Err = fmt.Errorf("delete secret %s: %w: %s", a, secrets.ErrConflict, done.NotDeleted(a))
		}
		r.SetRemoved(done)
	})
	return r
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
	if r.Entry, r.Err = s.client.Describe(ctx, a); r.Err != nil {
		return r
	}
	client := s.client.For(r.Entry)
	s.audited(client.Owner(), &r, func() {
		var record secrets.Record
		record, r.Err = client.Undelete(ctx, a)
		r.Version = record.Version
	})
	return r
}
