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

// round is one apply of relay_workflow_secrets: the turns that its secrets take
// side by side.
type round struct {
	*connection
	scope  secrets.Scope
	adopt  bool
	purge  bool
	values elements // of the configuration
}

// kept is what the state keeps of one secret after its turn.
type kept struct {
	findings
	memory
}

func (r *workflowSecretsResource) round(plan workflowSecretsModel, remembered setMemory, values elements) round {
	return round{
		connection: r.connection,
		scope:      remembered.scope(plan.Workflow.ValueString()),
		adopt:      plan.Adopt.ValueBool(),
		purge:      plan.Deletion.ValueString() == deletionPurge,
		values:     values,
	}
}

// check finds the values that Vault should never see.
func (r round) check(names []string) failures {
	failed := failures{}
	for _, name := range names {
		value := r.values[name].ValueWO
		if value.IsUnknown() {
			continue
		}
		err := r.client.Check(secrets.Write{Address: r.scope.Secret(name), Value: secrets.NewValue(value.ValueString())})
		if value.IsNull() {
			err = errNoValue
		}
		if err != nil {
			failed[name] = fmt.Errorf("secret %s: %w", r.scope.Secret(name), err)
		}
	}
	return failed
}

// look observes a secret that is to be written for the first time, and refuses
// it where that would take what is there.
func (r round) look(ctx context.Context, name string) (secrets.Entry, error) {
	address, me := r.scope.Secret(name), r.client.Owner()
	observed, err := r.client.Describe(ctx, address)
	if err != nil || r.adopt {
		return observed, err
	}
	if taken := alreadyOurs(address, address.Workflow, me, observed); taken != "" {
		return observed, &takenError{taken}
	}
	if secrets.NeedsAdopt(me, observed, nil) {
		holder, _, _ := observed.LastOwner()
		return observed, &secrets.NotOwnerError{Address: address, Owner: holder}
	}
	return observed, nil
}

// first writes a secret for the first time. What it returns holds if the value
// may have been written.
func (r round) first(ctx context.Context, name string, observed secrets.Entry) (kept, error) {
	begun := time.Now()
	wrote, err := r.send(ctx, r.values[name].ValueWO, r.adopt, secrets.Write{Address: r.scope.Secret(name), Observed: observed})
	var k kept
	switch {
	case err == nil:
		k.finish(&k.memory, r.client.Owner(), wrote)
	case errors.Is(err, secrets.ErrNoRecord):
		k.finishWithoutRecord(&k.memory, wrote)
	case errors.Is(err, secrets.ErrOutcomeUnknown):
		k.finishUnknown(&k.memory, observed)
		k.Attempt = &attempt{Version: observed.Current + 1, From: begun, To: time.Now()}
	}
	k.HMAC1 = r.fingerprintOf(r.scope.Secret(name), r.values[name].ValueWO)
	return k, err
}

// again writes a secret that exists, if it is still what the plan was made from.
// What fails leaves the last findings.
func (r round) again(ctx context.Context, name string, last kept) (kept, error) {
	k, address := last, r.scope.Secret(name)
	observed, err := r.client.Confirm(ctx, address, last.Seen)
	if err != nil {
		return k, err
	}
	wrote, err := r.send(ctx, r.values[name].ValueWO, r.adopt, secrets.Write{
		Address: address, Observed: observed, Baseline: r.lastWrite(last.findings, last.memory, observed),
	})
	switch {
	case err == nil:
		k.finish(&k.memory, r.client.Owner(), wrote)
	case errors.Is(err, secrets.ErrNoRecord):
		k.finishWithoutRecord(&k.memory, wrote)
	case errors.Is(err, secrets.ErrOutcomeUnknown):
		k.Unfinished = true
	}
	if err == nil || errors.Is(err, secrets.ErrNoRecord) {
		k.HMAC1 = r.fingerprintOf(address, r.values[name].ValueWO)
	}
	return k, err
}

// never is what the state says of a first write that did not come about: what was
// there before it, and that it is still to be written.
func (r round) never(observed secrets.Entry) kept {
	verdict := secrets.Judge(r.client.Owner(), observed, nil)
	var k kept
	k.ObservedVersion = types.Int64Value(int64(observed.Current))
	k.Drift = types.StringValue(verdict.String())
	k.ExpiresAt = timeValue(observed.Expires())
	k.Seen, k.Unfinished = observed.Seen(), true
	k.Remedy = remedyFor(verdict, secrets.NeedsAdopt(r.client.Owner(), observed, nil))
	return k
}

// letGo deletes a secret of ours by the protocol, and says what it leaves if that
// is not what one would expect.
func (r round) letGo(ctx context.Context, name string, last kept) (note string, err error) {
	address := r.scope.Secret(name)
	var observed secrets.Entry
	if last.Attempt != nil {
		if observed, err = r.client.Describe(ctx, address); err != nil {
			return "", err
		}
	}
	remove := r.client.Delete
	if r.purge {
		remove = r.client.Purge
	}
	done, err := remove(ctx, address, r.lastWrite(last.findings, last.memory, observed))
	switch {
	case errors.Is(err, secrets.ErrNotOwner):
		return sentence(err.Error()) + " Only Terraform's state forgets it.", nil
	case err != nil:
		return "", err
	case done == secrets.SoftDeleted, done == secrets.AllDestroyed:
		return "", nil
	}
	left, err := r.client.Describe(ctx, address)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s: %s Terraform lets go of it.", address, leftovers(left)), nil
}

// takenError says that this owner has a secret already.
type takenError struct{ text string }

func (e *takenError) Error() string { return e.text }
func (e *takenError) Unwrap() error { return secrets.ErrNotOwner }
