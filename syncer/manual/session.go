// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package manual

import (
	"context"
	"fmt"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
	"github.com/relay-secrets/terraform-provider-relay/syncer"
)

// Settings are what a session needs.
type Settings struct {
	Vault vaultclient.Settings
	// Mount and Prefix are where the workflows are.
	Mount, Prefix string
	// Settle and MaxValueBytes are as in secrets.Config.
	Settle        time.Duration
	MaxValueBytes int
	// As is the person's name, empty for the one that Vault knows.
	As string
	// Audit is where changes are written down; nil for nowhere. Said is the reason
	// that the person gave.
	Audit  *syncer.Audit
	Reason string
	// Warn hears what a person should know and what stops nothing.
	Warn func(text string)
}

// Session is one person's connection to Vault.
type Session struct {
	Settings
	client *secrets.Client
}

// Open connects, and finds out who the person is.
func Open(ctx context.Context, s Settings) (*Session, error) {
	cfg := secrets.Config{Settle: s.Settle, MaxValueBytes: s.MaxValueBytes, Reading: secrets.WarnIfReadable, Warn: s.Warn}
	client, err := vaultclient.ConnectAs(ctx, s.Vault, cfg, func(displayName string) (secrets.Owner, error) {
		if s.As != "" {
			return secrets.PersonOwner(s.As)
		}
		return Owner(displayName)
	})
	if err != nil {
		return nil, err
	}
	return &Session{Settings: s, client: client}, nil
}

// Close revokes a token that was logged in for, and leaves a given one alone.
func (s *Session) Close(ctx context.Context) error { return s.client.Close(ctx) }

// Owner is who the person is to the records.
func (s *Session) Owner() secrets.Owner { return s.client.Owner() }

// Address is a secret. The error lists all that is wrong with the names.
func (s Settings) Address(workflow, name string) (secrets.Address, error) {
	a := s.scope(workflow).Secret(name)
	return a, a.Check()
}

func (s Settings) scope(workflow string) secrets.Scope {
	return secrets.Scope{Mount: s.Mount, Prefix: s.Prefix, Workflow: workflow}
}

// Observe looks at a secret before there is a value, so that nobody types one for
// nothing. Errors: secrets.ErrNotOwner without adopt, and as of secrets.Client.Describe.
func (s *Session) Observe(ctx context.Context, a secrets.Address, adopt bool) (secrets.Entry, error) {
	entry, err := s.client.Describe(ctx, a)
	if err == nil && !adopt {
		err = secrets.MayWrite(s.Owner(), entry, a)
	}
	return entry, err
}

// Set writes a value over what was observed; with adopt also over what is not the
// person's. The result's error is as of secrets.Client.Put.
func (s *Session) Set(ctx context.Context, a secrets.Address, observed secrets.Entry, value secrets.Value, adopt bool) syncer.Result {
	r := syncer.Result{Action: syncer.Action{Kind: syncer.Change, Address: a, Entry: observed}}
	write := s.client.Put
	switch {
	case adopt && secrets.MayWrite(s.Owner(), observed, a) != nil:
		r.Kind, write = syncer.Adopt, s.client.Adopt
	case !observed.Live():
		r.Kind = syncer.Add
	}
	s.Audit.ByHand(s.Owner(), s.Reason, &r, func() {
		var written secrets.Written
		written, r.Err = write(ctx, secrets.Write{Address: a, Value: value, Observed: observed})
		r.Version = written.Version
	})
	return r
}

// Delete soft-deletes a secret that the person holds. Where somebody else wrote since
// it only lets go. The result's error is as of secrets.Client.Delete; a secret that
// nobody's record claims is secrets.ErrNotOwner too.
func (s *Session) Delete(ctx context.Context, a secrets.Address) syncer.Result {
	r := syncer.Result{Action: syncer.Action{Kind: syncer.Delete, Address: a}}
	if r.Entry, r.Err = s.Observe(ctx, a, false); r.Err != nil {
		return r
	}
	owner, record, found := r.Entry.LastOwner()
	switch {
	case !found || owner != s.Owner():
		r.Err = fmt.Errorf("secret %s: there is none", a)
		return r
	case record.Version != r.Entry.Current, !r.Entry.Live():
		r.Kind = syncer.Release
	}
	s.Audit.ByHand(s.Owner(), s.Reason, &r, func() {
		_, r.Err = s.client.Delete(ctx, a, nil)
	})
	return r
}
