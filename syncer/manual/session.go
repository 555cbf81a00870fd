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
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// Settings are the settings of a session.
type Settings struct {
	Vault vaultclient.Settings
	// Mount and Prefix are the location of the workflows in Vault.
	Mount, Prefix string
	// Settle and MaxValueBytes are as in secrets.Config.
	Settle        time.Duration
	MaxValueBytes int
	// As is the person's name; empty for the display name of the token.
	As string
	// Audit records changes; nil for none. Reason is the reason that the person gave.
	Audit  *syncer.Audit
	Reason string
	// Warn receives warnings.
	Warn func(text string)
}

// Session is a Vault client with one person as the owner.
type Session struct {
	Settings
	client *secrets.Client
}

// Open connects to Vault and determines the owner.
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
	if s.Warn != nil {
		for _, warning := range s.Vault.Warnings() {
			s.Warn(warning)
		}
	}
	return &Session{Settings: s, client: client}, nil
}

// Close revokes the token of a login. It does not revoke a token that was given.
func (s *Session) Close(ctx context.Context) error { return s.client.Close(ctx) }

// Owner returns the owner that the records of this session have.
func (s *Session) Owner() secrets.Owner { return s.client.Owner() }

// Address returns the address of a secret. The error lists all problems of the names.
func (s Settings) Address(workflow, name string) (secrets.Address, error) {
	a := s.scope(workflow).Secret(name)
	return a, a.Check()
}

func (s Settings) scope(workflow string) secrets.Scope {
	return secrets.Scope{
		Namespace: secrets.CanonicalNamespace(s.Vault.Namespace), Mount: s.Mount, Prefix: s.Prefix, Group: workflow,
	}
}

// Observe reads the metadata of a secret before its value is read, so that a person does not
// type a value that cannot be written. Errors: secrets.ErrNotOwner without adopt, and as of
// secrets.Client.Describe.
func (s *Session) Observe(ctx context.Context, a secrets.Address, adopt bool) (secrets.Entry, error) {
	entry, err := s.client.Describe(ctx, a)
	if err == nil && !adopt {
		err = secrets.MayWrite(s.Owner(), entry, a)
	}
	return entry, err
}

// Set writes a value, if the secret has not changed since observed. With adopt it also
// writes a secret that another owner has or that is unmanaged. The error of the result
// is as of secrets.Client.Put.
func (s *Session) Set(ctx context.Context, a secrets.Address, observed secrets.Entry, value secrets.Value, adopt bool) report.Result {
	r := report.Result{Action: plan.Action{Kind: plan.Change, Address: a, Entry: observed}}
	switch {
	case adopt && secrets.MayWrite(s.Owner(), observed, a) != nil:
		r.Kind = plan.Adopt
	case !observed.Live():
		r.Kind = plan.Add
	}
	s.Audit.Manual(s.Owner(), s.Reason, &r, func() {
		var written secrets.Written
		written, r.Err = s.client.Put(ctx, secrets.Write{Address: a, Value: value, Observed: observed, Adopt: r.Kind == plan.Adopt})
		r.Version = written.Version
	})
	return r
}

// Delete soft-deletes a secret that the person owns. If another writer has overwritten
// it, Delete only releases it. The error of the result is as of secrets.Client.Delete;
// for an unmanaged secret it is secrets.ErrNotOwner too.
func (s *Session) Delete(ctx context.Context, a secrets.Address) report.Result {
	r := report.Result{Action: plan.Action{Kind: plan.Delete, Address: a}}
	if r.Entry, r.Err = s.Observe(ctx, a, false); r.Err != nil {
		return r
	}
	owner, record, found := r.Entry.LastOwner()
	switch {
	case !found || owner != s.Owner():
		r.Err = fmt.Errorf("delete secret %s: not found among the secrets of this owner", a)
		return r
	case record.Version != r.Entry.Current, !r.Entry.Live():
		r.Kind = plan.Release
	}
	s.Audit.Manual(s.Owner(), s.Reason, &r, func() {
		var done secrets.Deletion
		done, r.Err = s.client.Delete(ctx, a, r.Entry.Claim(s.Owner()))
		r.SetRemoved(done)
	})
	return r
}
