// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package manual

import (
	"context"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/connections"
	"github.com/relay-secrets/terraform-provider-relay/internal/person"
	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
	"github.com/relay-secrets/terraform-provider-relay/syncer"
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
	// Records are how List checks the records of a controller; the zero value checks none.
	Records Records
	// Team is the team that the person acts for; empty for the person.
	Team string
	// Audit records changes; nil for none. Reason is the reason that the person gave.
	Audit  *syncer.Audit
	Reason string
	// Warn receives warnings.
	Warn func(text string)
}

// Records are the owners of a controller and the keys of their records.
type Records struct {
	Owners   []secrets.Owner
	Keys     secrets.FingerprintKeys
	Required bool
}

// Session is a Vault client with one person, or one team, as the owner.
type Session struct {
	Settings
	client *secrets.Client
	// person is who acts, also for a team.
	person secrets.Owner
}

// Open connects to Vault and determines the owner. Errors: as of person.Owner and
// person.TeamOwner.
func Open(ctx context.Context, s Settings) (*Session, error) {
	session := &Session{Settings: s}
	client, err := vaultclient.ConnectAs(ctx, s.Vault, s.config(), func(ctx context.Context, d vaultclient.Directory) (owner secrets.Owner, err error) {
		if session.person, err = person.Owner(ctx, d); err != nil {
			return secrets.NoOwner, err
		}
		return s.owner(ctx, d, session.person)
	})
	if err != nil {
		return nil, err
	}
	session.client = client
	for _, warning := range s.Vault.Warnings() {
		s.warn(warning)
	}
	return session, nil
}

// NewSession makes a session of the person that client acts as. It shares the client: it
// does not log in, and its Close does not revoke the token. Of s.Vault it uses the namespace
// and the concurrency. Errors: identity.MayWrite; for a team, those of person.TeamOwner.
func NewSession(ctx context.Context, client *vaultclient.Client, identity person.Identity, s Settings) (*Session, error) {
	if identity.MayWrite != nil {
		return nil, identity.MayWrite
	}
	cfg := s.config()
	owner, err := s.owner(ctx, client, identity.Owner)
	if err != nil {
		return nil, err
	}
	cfg.KV, cfg.Concurrency, cfg.Owner = client, s.Vault.Concurrency, owner
	over, err := secrets.NewClient(cfg)
	if err != nil {
		return nil, err
	}
	return &Session{Settings: s, client: over, person: identity.Owner}, nil
}

// config is that of a client that changes secrets.
func (s Settings) config() secrets.Config {
	return secrets.Config{
		Settle: s.Settle, MaxValueBytes: s.MaxValueBytes, Reading: secrets.WarnIfReadable, Role: policy.Operator.String(), Warn: s.Warn,
	}
}

// owner is who a person writes as: the team, if there is one.
func (s Settings) owner(ctx context.Context, d vaultclient.Directory, self secrets.Owner) (secrets.Owner, error) {
	if s.Team == "" {
		return self, nil
	}
	return person.TeamOwner(ctx, d, secrets.CanonicalNamespace(s.Vault.Namespace), s.Mount, s.Team)
}

// Close revokes the token of a login. It does not revoke a token that was given.
func (s *Session) Close(ctx context.Context) error { return s.client.Close(ctx) }

// Owner returns the owner of this session.
func (s *Session) Owner() secrets.Owner { return s.client.Owner() }

// Address returns the address of a secret. The error lists all problems of the names.
func (s Settings) Address(workflow, name string) (secrets.Address, error) {
	a := s.scope(workflow).Secret(name)
	return a, a.Check()
}

// Connection is the address of a connection. The error wraps secrets.ErrInvalid.
func (s Settings) Connection(domain, kind, name string) (secrets.Address, error) {
	a := connections.Address(s.scope(""), domain, kind, name)
	return a, connections.Check(a)
}

func (s Settings) scope(workflow string) secrets.Scope {
	return secrets.Scope{
		Namespace: secrets.CanonicalNamespace(s.Vault.Namespace), Mount: s.Mount, Prefix: s.Prefix, Group: workflow,
	}
}

// audited writes the audit lines of a change around it.
func (s *Session) audited(owner secrets.Owner, r *report.Result, do func()) {
	s.Audit.Manual(syncer.ManualChange{Owner: owner, Person: s.person, Reason: s.Reason}, r, do)
}
