// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package manual

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/relay-secrets/terraform-provider-relay/internal/connections"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// The changes of this file are decided from what a page showed to the person some time ago.
// A change since then is secrets.ErrConflict, and nothing is written.

// SetSeen is Set for a secret that was seen.
func (s *Session) SetSeen(ctx context.Context, a secrets.Address, seen secrets.Seen, value secrets.Value, adopt bool) report.Result {
	return s.putSeen(ctx, secrets.Write{Address: a, Value: value}, seen, adopt)
}

// SetConnectionSeen writes a connection that was seen: fields are all its fields. Fields
// that no reader of the type can use are secrets.ErrInvalid. After the write it deletes
// bodies that no reader uses any more.
func (s *Session) SetConnectionSeen(ctx context.Context, a secrets.Address, seen secrets.Seen, fields map[string]secrets.Value, adopt bool) report.Result {
	found := connections.CheckFields(a.Group, slices.Collect(maps.Keys(fields)))
	if found.Problem != "" {
		err := fmt.Errorf("connection %s: %w: %s", a, secrets.ErrInvalid, found.Problem)
		return report.Result{Action: plan.Action{Kind: plan.Change, Address: a}, Err: err}
	}
	r := s.putSeen(ctx, secrets.Write{Address: a, Fields: fields}, seen, adopt)
	if r.Err == nil {
		s.cleanUp(ctx, r)
	}
	return r
}

func (s *Session) putSeen(ctx context.Context, w secrets.Write, seen secrets.Seen, adopt bool) report.Result {
	entry, err := s.client.Confirm(ctx, w.Address, seen)
	if err != nil {
		return report.Result{Action: plan.Action{Kind: plan.Change, Address: w.Address}, Err: err}
	}
	w.Observed = entry
	return s.put(ctx, w, adopt)
}

// DeleteSeen is Delete for a secret or a connection that was seen: it deletes no other
// version. After the deletion of a connection it deletes bodies that no reader uses any
// more; those of this connection stay for ten minutes.
func (s *Session) DeleteSeen(ctx context.Context, a secrets.Address, seen secrets.Seen, adopt bool) report.Result {
	r := report.Result{Action: plan.Action{Kind: plan.Delete, Address: a}}
	if r.Entry, r.Err = s.client.Confirm(ctx, a, seen); r.Err != nil {
		return r
	}
	if !adopt {
		if r.Err = secrets.MayWrite(r.Entry.KnownAs(s.Owner()), r.Entry, a); r.Err != nil {
			return r
		}
	}
	live := r.Entry.Live()
	done := s.delete(ctx, &r, adopt)
	if r.Err == nil && live && done.Outcome == secrets.ReleasedOnly && done.Remaining.Current != seen.Version {
		r.Err = notDeleted(a, done) // written since it was confirmed
	}
	if r.Err == nil && a.Kind == secrets.Connection {
		s.cleanUp(ctx, r)
	}
	return r
}

// UndeleteSeen is Undelete for a secret that was seen. A connection cannot be undeleted: its
// bodies are deleted some time after it.
func (s *Session) UndeleteSeen(ctx context.Context, a secrets.Address, seen secrets.Seen) report.Result {
	r := report.Result{Action: plan.Action{Kind: Undelete, Address: a}}
	if a.Kind == secrets.Connection {
		r.Err = fmt.Errorf("connection %s cannot be undeleted: %w; write it again", a, secrets.ErrNotDeleted)
		return r
	}
	if r.Entry, r.Err = s.client.Confirm(ctx, a, seen); r.Err == nil {
		s.undelete(ctx, &r)
	}
	return r
}

// cleanUp deletes the bodies of connections that no reader uses any more. A failure is a
// warning: the next change tries again. It does nothing if the token cannot list the domain.
func (s *Session) cleanUp(ctx context.Context, r report.Result) {
	client := s.client.For(r.Entry)
	domain, _ := connections.Domain(r.Address.Prefix)
	pointer, err := client.Describe(ctx, r.Address)
	if err == nil {
		known := map[secrets.Address]secrets.Entry{r.Address: pointer}
		err = connections.New(client, s.warn).CleanUp(ctx, r.Address.Scope, domain, known, connections.Settled{})
	}
	if err != nil && !errors.Is(err, secrets.ErrPermissionDenied) {
		s.warn(fmt.Sprintf("clean up connections: %v", err))
	}
}

func (s Settings) warn(text string) {
	if s.Warn != nil {
		s.Warn(text)
	}
}
