// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// batch is the writes and deletes of one relay_workflow_secrets, which run in
// parallel.
type batch struct {
	*backend
	scope  secrets.Scope
	adopt  bool
	purge  bool
	values elements // of the configuration
	// imported: the set was imported, so it takes over what this owner has.
	imported bool
}

// elementState is the state of one secret of a set.
type elementState struct {
	computedAttributes
	privateState
}

func (r *workflowSecretsResource) newBatch(plan workflowSecretsModel, private setPrivateState, values elements) batch {
	return batch{
		backend: r.backend,
		scope:   private.scope(r.backend.root(), plan.Workflow.ValueString()),
		adopt:   plan.adopting.ValueBool(),
		purge:   plan.purges(),
		values:  values,

		imported: private.Imported,
	}
}

// checkValues returns the values that are invalid.
func (b batch) checkValues(names []string) failures {
	failed := failures{}
	for _, name := range names {
		value := b.values[name].ValueWO
		if value.IsUnknown() {
			continue
		}
		err := b.client.Check(secrets.Write{Address: b.scope.Secret(name), Value: secrets.NewValue(value.ValueString())})
		if value.IsNull() {
			err = errNoValue
		}
		if err != nil {
			failed[name] = fmt.Errorf("secret %s: %w", b.scope.Secret(name), err)
		}
	}
	return failed
}

// observeNew observes a secret that is to be created. It refuses one that the token
// cannot write, and one that exists already if adopt is not set.
func (b batch) observeNew(ctx context.Context, name string) (secrets.Entry, error) {
	address := b.scope.Secret(name)
	observed, err := b.observePlanned(ctx, address)
	if err == nil {
		err = b.client.CanWrite(ctx, address)
	}
	if err != nil || b.adopt {
		return observed, err
	}
	return observed, b.refuseNew(address, observed, nil)
}

// refuseNew returns why a secret could not be created without adopt. An imported set may
// write what this owner has.
func (b batch) refuseNew(address secrets.Address, observed secrets.Entry, replaces *replacedObject) error {
	if b.imported {
		return secrets.MayWrite(b.client.Owner(), observed, address)
	}
	return plannedCreate{address: address, importID: address.Group, replaces: replaces}.refuse(b.client.Owner(), observed)
}

// create writes a new secret. The result counts if the value may have been written.
func (b batch) create(ctx context.Context, name string, observed secrets.Entry) (elementState, error) {
	started := time.Now()
	wrote, err := b.send(ctx, b.values[name].ValueWO, secrets.Write{Address: b.scope.Secret(name), Observed: observed, Adopt: b.adopt})
	var result elementState
	switch {
	case err == nil:
		result.setWritten(&result.privateState, b.client.Owner(), wrote)
	case errors.Is(err, secrets.ErrNoRecord):
		result.setRecordMissing(&result.privateState, b.client.Owner(), wrote)
	case errors.Is(err, secrets.ErrOutcomeUnknown):
		result.setResultUnknown(&result.privateState, b.client.Owner(), observed, started)
	}
	result.HMAC1 = b.fingerprintOf(b.scope.Secret(name), b.values[name].ValueWO)
	return result, err
}

// update writes an existing secret. After an error the last state remains.
func (b batch) update(ctx context.Context, name string, last elementState, observed secrets.Entry) (elementState, error) {
	result, address := last, b.scope.Secret(name)
	wrote, err := b.send(ctx, b.values[name].ValueWO, secrets.Write{
		Adopt:   b.adopt,
		Address: address, Observed: observed, Baseline: b.lastWrite(last.computedAttributes, last.privateState, observed),
	})
	if result.setUpdated(wrote, err, b.client.Owner(), &result.privateState) {
		result.HMAC1 = b.fingerprintOf(address, b.values[name].ValueWO)
	}
	return result, err
}

// notCreated is the state of a secret whose create did not happen: what was observed
// before, and that a write is still missing.
func (b batch) notCreated(observed secrets.Entry) elementState {
	verdict := secrets.Judge(b.client.Owner(), observed, nil)
	var result elementState
	result.ObservedVersion = types.Int64Value(int64(observed.Current))
	result.Drift = types.StringValue(verdict.String())
	result.ExpiresAt = timeValue(observed.Expires())
	result.Observed, result.Unfinished = observed.Seen(), true
	result.Repair = repairFor(verdict, secrets.NeedsAdopt(b.client.Owner(), observed, nil))
	return result
}

// remove deletes the claimed version of a secret. remains is a text about a value that
// it does not delete.
func (b batch) remove(ctx context.Context, name string, claim secrets.Claim) (remains string, err error) {
	address := b.scope.Secret(name)
	done, err := remove(ctx, b.client, address, b.purge, claim)
	if err != nil || done.Outcome.Deleted() {
		return "", err
	}
	return describeKept(address, done.Remaining), nil
}
