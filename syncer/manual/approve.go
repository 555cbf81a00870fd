// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package manual

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/approval"
	"github.com/relay-secrets/terraform-provider-relay/internal/person"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
	"github.com/relay-secrets/terraform-provider-relay/syncer/plan"
)

// Approver is the session of a person who approves plans, with the person's own token.
type Approver struct {
	session vaultclient.MetadataSession
	entity  string
}

// OpenApprover determines the person of the token. Errors: as of person.EntityID, or a
// *problem.Error with all problems of the settings.
func OpenApprover(ctx context.Context, to vaultclient.Settings) (*Approver, error) {
	session, err := vaultclient.ConnectMetadata(to)
	if err != nil {
		return nil, err
	}
	entity, err := person.EntityID(ctx, session)
	if err != nil {
		return nil, errors.Join(err, session.Close(context.WithoutCancel(ctx)))
	}
	return &Approver{session, entity}, nil
}

// NewApprover is the person that client acts as. It does not log in, and Close does not
// revoke the token. The error is identity.MayWrite.
func NewApprover(client *vaultclient.Client, identity person.Identity) (*Approver, error) {
	if identity.MayWrite != nil {
		return nil, identity.MayWrite
	}
	return &Approver{client, identity.EntityID}, nil
}

// Close revokes the token of a login. It does not revoke a token that was given.
func (a *Approver) Close(ctx context.Context) error { return a.session.Close(ctx) }

// Approve stores the person's approval of a plan. It replaces an earlier approval of the
// same person for the same source. Errors: as of approval.Folder.Approve.
func (a *Approver) Approve(ctx context.Context, d plan.Document, reason string) (approval.Note, error) {
	n := approval.Note{Entity: a.entity, Plan: d.ID(), Time: time.Now().Truncate(time.Second), Reason: reason}
	f := approval.Folder{Store: a.session, Namespace: d.Namespace, Mount: d.Mount, Controller: d.Controller, Source: d.Source}
	if err := f.Approve(ctx, n); err != nil {
		return n, fmt.Errorf("approve the plan of source %q: %w", d.Source, err)
	}
	return n, nil
}

// Approvals is the session of an administrator who lists and removes approvals.
type Approvals struct {
	session          vaultclient.MetadataSession
	namespace, mount string
}

// OpenApprovals prepares a session; it sends nothing. The error is a *problem.Error with
// all problems of the settings.
func OpenApprovals(s Settings) (*Approvals, error) {
	session, err := vaultclient.ConnectMetadata(s.Vault)
	return &Approvals{session, s.scope("").Namespace, s.Mount}, err
}

// Close revokes the token of a login. It does not revoke a token that was given.
func (a *Approvals) Close(ctx context.Context) error { return a.session.Close(ctx) }

// List lists the paths of all approvers. Errors: as of approval.All.
func (a *Approvals) List(ctx context.Context) ([]approval.Listed, error) {
	return approval.All(ctx, a.session, a.namespace, a.mount)
}

// Remove removes the paths of approvers, with their approvals. The first failure ends it.
func (a *Approvals) Remove(ctx context.Context, all []approval.Listed) error {
	for _, one := range all {
		f := approval.Folder{Store: a.session, Namespace: a.namespace, Mount: a.mount, Controller: one.Controller, Source: one.Source}
		if err := f.RemovePath(ctx, one.Note.Entity); err != nil {
			return fmt.Errorf("remove %s: %w", one.Name(), err)
		}
	}
	return nil
}
