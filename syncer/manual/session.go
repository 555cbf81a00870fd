// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package manual

import (
	"context"
	"time"

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
	cfg := secrets.Config{Settle: s.Settle, MaxValueBytes: s.MaxValueBytes, Reading: secrets.WarnIfReadable, Role: policy.Operator.String(), Warn: s.Warn}
	client, err := vaultclient.ConnectAs(ctx, s.Vault, cfg, func(ctx context.Context, d vaultclient.Directory) (owner secrets.Owner, err error) {
		if session.person, err = person.Owner(ctx, d); err != nil || s.Team == "" {
			return session.person, err
		}
		return person.TeamOwner(ctx, d, secrets.CanonicalNamespace(s.Vault.Namespace), s.Mount, s.Team)
	})
	if err != nil {
		return nil, err
	}
	session.client = client
	if s.Warn != nil {
		for _, warning := range s.Vault.Warnings() {
			s.Warn(warning)
		}
	}
	return session, nil
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

func (s Settings) scope(workflow string) secrets.Scope {
	return secrets.Scope{
		Namespace: secrets.CanonicalNamespace(s.Vault.Namespace), Mount: s.Mount, Prefix: s.Prefix, Group: workflow,
	}
}

// audited writes the audit lines of a change around it.
func (s *Session) audited(owner secrets.Owner, r *report.Result, do func()) {
	s.Audit.Manual(syncer.ManualChange{Owner: owner, Person: s.person, Reason: s.Reason}, r, do)
}
