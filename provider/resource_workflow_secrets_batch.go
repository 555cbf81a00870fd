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

// batch is one apply of relay_workflow_secrets: the turns that its secrets take
// side by side.
type batch struct {
	*backend
	scope  secrets.Scope
	adopt  bool
	purge  bool
	values elements // of the configuration
}

// elementState is what the state keeps of one secret after its turn.
type elementState struct {
	computedAttributes
	privateState
}

func (r *workflowSecretsResource) newBatch(plan workflowSecretsModel, private setPrivateState, values elements) batch {
	return batch{
		backend: r.backend,
		scope:   private.scope(plan.Workflow.ValueString()),
		adopt:   plan.Adopt.ValueBool(),
		purge:   plan.Deletion.ValueString() == deletionPurge,
		values:  values,
	}
}

// checkValues finds the values that Vault should never see.
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

// observeNew observes a secret that is to be written for the first time, and refuses
// it where that would take what is there.
func (b batch) observeNew(ctx context.Context, name string) (secrets.Entry, error) {
	address, me := b.scope.Secret(name), b.client.Owner()
	observed, err := b.client.Describe(ctx, address)
	if err != nil || b.adopt {
		return observed, err
	}
	if taken := alreadyExists(address, address.Workflow, me, observed); taken != "" {
		return observed, &existsError{taken}
	}
	if secrets.NeedsAdopt(me, observed, nil) {
		holder, _, _ := observed.LastOwner()
		return observed, &secrets.NotOwnerError{Address: address, Owner: holder}
	}
	return observed, nil
}

// create writes a secret for the first time. What it returns holds if the value
// may have been written.
func (b batch) create(ctx context.Context, name string, observed secrets.Entry) (elementState, error) {
	begun := time.Now()
	wrote, err := b.send(ctx, b.values[name].ValueWO, b.adopt, secrets.Write{Address: b.scope.Secret(name), Observed: observed})
	var result elementState
	switch {
	case err == nil:
		result.setWritten(&result.privateState, b.client.Owner(), wrote)
	case errors.Is(err, secrets.ErrNoRecord):
		result.setRecordMissing(&result.privateState, wrote)
	case errors.Is(err, secrets.ErrOutcomeUnknown):
		result.setResultUnknown(&result.privateState, observed)
		result.Unconfirmed = &unconfirmedWrite{Version: observed.Current + 1, From: begun, To: time.Now()}
	}
	result.HMAC1 = b.fingerprintOf(b.scope.Secret(name), b.values[name].ValueWO)
	return result, err
}

// update writes a secret that exists, if it is still what the plan was made from.
// What fails leaves the last findings.
func (b batch) update(ctx context.Context, name string, last elementState) (elementState, error) {
	result, address := last, b.scope.Secret(name)
	observed, err := b.client.Confirm(ctx, address, last.Observed)
	if err != nil {
		return result, err
	}
	wrote, err := b.send(ctx, b.values[name].ValueWO, b.adopt, secrets.Write{
		Address: address, Observed: observed, Baseline: b.lastWrite(last.computedAttributes, last.privateState, observed),
	})
	switch {
	case err == nil:
		result.setWritten(&result.privateState, b.client.Owner(), wrote)
	case errors.Is(err, secrets.ErrNoRecord):
		result.setRecordMissing(&result.privateState, wrote)
	case errors.Is(err, secrets.ErrOutcomeUnknown):
		result.Unfinished = true
	}
	if err == nil || errors.Is(err, secrets.ErrNoRecord) {
		result.HMAC1 = b.fingerprintOf(address, b.values[name].ValueWO)
	}
	return result, err
}

// notCreated is what the state says of a first write that did not come about: what was
// there before it, and that it is still to be written.
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

// delete deletes a secret of ours by the protocol, and says what it leaves if that
// is not what one would expect.
func (b batch) delete(ctx context.Context, name string, last elementState) (note string, err error) {
	address := b.scope.Secret(name)
	var observed secrets.Entry
	if last.Unconfirmed != nil {
		if observed, err = b.client.Describe(ctx, address); err != nil {
			return "", err
		}
	}
	remove := b.client.Delete
	if b.purge {
		remove = b.client.Purge
	}
	done, err := remove(ctx, address, b.lastWrite(last.computedAttributes, last.privateState, observed))
	switch {
	case errors.Is(err, secrets.ErrNotOwner):
		return sentence(err.Error()) + " Only Terraform's state forgets it.", nil
	case err != nil:
		return "", err
	case done == secrets.SoftDeleted, done == secrets.AllDestroyed:
		return "", nil
	}
	left, err := b.client.Describe(ctx, address)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s: %s Terraform lets go of it.", address, describeRemaining(left)), nil
}

// existsError says that this owner has a secret already.
type existsError struct{ text string }

func (e *existsError) Error() string { return e.text }
func (e *existsError) Unwrap() error { return secrets.ErrNotOwner }
