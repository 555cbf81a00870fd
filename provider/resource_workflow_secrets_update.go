// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// plannedWork is what the approved plan does, by name.
type plannedWork struct {
	writes     []string
	deletes    []string // no longer declared
	undeclared []string // never declared
}

// Update writes and deletes what the plan names. It observes every secret before it
// writes the first one: if one has changed since the plan or must not be written, nothing
// changes. It writes all secrets before it deletes one, and deletes nothing after a
// failure. The state of a secret that failed remains.
func (r *workflowSecretsResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	const summary = "Cannot update the secrets"
	var plan, config, state workflowSecretsModel
	resp.Diagnostics.Append(getModel(ctx, req.Plan.Raw, req.Plan.Schema, &plan)...)
	resp.Diagnostics.Append(getModel(ctx, req.Config.Raw, req.Config.Schema, &config)...)
	resp.Diagnostics.Append(getModel(ctx, req.State.Raw, req.State.Schema, &state)...)
	prior := loadPrivateState[setPrivateState](ctx, req.Private, &resp.Diagnostics)
	planned, _ := decode(ctx, plan.Secrets, &resp.Diagnostics)
	values, _ := decode(ctx, config.Secrets, &resp.Diagnostics)
	current, _ := decode(ctx, state.Secrets, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	todo := plan.plannedWork(state, planned, current, prior)
	if !todo.needsVault() && !plan.Undeclared.IsUnknown() {
		prior.Replaces = nil
		resp.Diagnostics.Append(setModel(ctx, &resp.State.Raw, resp.State.Schema, plan)...)
		resp.Diagnostics.Append(prior.save(ctx, resp.Private)...)
		return
	}
	if !r.backend.ready(&resp.Diagnostics) {
		return
	}
	ctx, end := r.begin(ctx, plan.Timeouts.Update, &resp.Diagnostics)
	defer end()
	plan.takeAdopt(config.options, r.backend.defaults.options)
	b := r.newBatch(plan, prior, values)
	if failed := b.checkValues(todo.writes); len(failed) > 0 {
		failed.addErrors(&resp.Diagnostics, summary)
		return
	}
	if err := prior.checkMount(ctx, r.backend, plan.Workflow.ValueString()); err != nil {
		report(&resp.Diagnostics, summary, withInterruption(ctx, err))
		return
	}
	observed, failed := b.observeAll(ctx, todo.writes, current, prior)
	if len(failed) > 0 {
		failed.addErrors(&resp.Diagnostics, summary)
		return
	}

	updated := prior.withoutSecrets()
	failed = b.writeAll(ctx, todo.writes, observed, planned, current, prior, &updated)
	failed.addErrors(&resp.Diagnostics, summary)
	updated.Imported = prior.Imported && len(failed) > 0
	declared, undeclared := failAll(todo.deletes, errNotDeleted), failAll(todo.undeclared, errNotDeleted)
	if len(failed) == 0 {
		declared = b.deleteAll(ctx, todo.deletes, current, prior, &resp.Diagnostics)
		undeclared = b.deleteUndeclared(ctx, todo.undeclared, prior)
	}
	declared.and(undeclared).addErrors(&resp.Diagnostics, summary)
	for name := range declared {
		planned[name] = current[name]
		updated.put(name, current[name].computedAttributes, prior.of(name, current[name].computedAttributes))
	}
	plan.Secrets = planned.encode(ctx, &resp.Diagnostics)
	if plan.Undeclared.IsUnknown() {
		r.findUndeclared(ctx, &plan, &updated, planned, &resp.Diagnostics)
	} else {
		plan.keepUndeclared(state, undeclared)
		updated.keepUndeclared(prior, plan)
	}
	resp.Diagnostics.Append(setModel(ctx, &resp.State.Raw, resp.State.Schema, plan)...)
	resp.Diagnostics.Append(updated.save(ctx, resp.Private)...)
}

// plannedWork returns what the approved plan does.
func (m workflowSecretsModel) plannedWork(state workflowSecretsModel, planned, current elements, prior setPrivateState) plannedWork {
	var w plannedWork
	for _, name := range planned.names() {
		if planned[name].writePlanned() {
			w.writes = append(w.writes, name)
		}
	}
	for _, name := range current.names() {
		if _, still := planned[name]; !still {
			w.deletes = append(w.deletes, name)
		}
	}
	w.undeclared = m.toDelete(state, planned, prior.Undeclared)
	return w
}

// needsVault reports whether there is work in Vault.
func (w plannedWork) needsVault() bool { return len(w.writes)+len(w.deletes)+len(w.undeclared) > 0 }

// observeAll observes the secrets that are to be written. It refuses those that have
// changed since the plan, and new ones that must not be written.
func (b batch) observeAll(ctx context.Context, names []string, current elements, prior setPrivateState) (map[string]secrets.Entry, failures) {
	return inParallel(ctx, b.client.Concurrency(), names, func(ctx context.Context, name string) (secrets.Entry, error) {
		if last, existed := current[name]; existed {
			return b.client.Confirm(ctx, b.scope.Secret(name), prior.of(name, last.computedAttributes).Observed)
		}
		return b.observeNew(ctx, name)
	})
}

// writeAll sends what is planned, and puts the result for every secret into planned and
// updated.
func (b batch) writeAll(ctx context.Context, names []string, observed map[string]secrets.Entry, planned, current elements, prior setPrivateState, updated *setPrivateState) failures {
	done, failed := inParallel(ctx, b.client.Concurrency(), names, func(ctx context.Context, name string) (elementState, error) {
		if last, existed := current[name]; existed {
			return b.update(ctx, name, elementState{last.computedAttributes, prior.of(name, last.computedAttributes)}, observed[name])
		}
		return b.create(ctx, name, observed[name])
	})
	for _, name := range planned.names() {
		next := planned[name]
		last, existed := current[name]
		result, ok := done[name]
		err := failed[name]
		switch {
		case !next.writePlanned():
			updated.put(name, next.computedAttributes, prior.of(name, last.computedAttributes))
			continue
		case !existed && !mayHaveWritten(err):
			delete(planned, name)
			continue
		case !ok:
			result = elementState{last.computedAttributes, prior.of(name, last.computedAttributes)}
		}
		if existed && err != nil && !errors.Is(err, secrets.ErrNoRecord) {
			next = last
		}
		next.computedAttributes = result.computedAttributes
		planned[name] = next
		updated.put(name, result.computedAttributes, result.privateState)
	}
	return failed
}

// deleteAll deletes the secrets that are no longer declared, and warns of values that
// remain.
func (b batch) deleteAll(ctx context.Context, names []string, current elements, prior setPrivateState, diagnostics *diag.Diagnostics) failures {
	remains, failed := inParallel(ctx, b.client.Concurrency(), names, func(ctx context.Context, name string) (string, error) {
		last := current[name].computedAttributes
		return b.remove(ctx, name, b.claim(last, prior.of(name, last)))
	})
	var left []string
	for _, name := range names {
		if text := remains[name]; text != "" {
			left = append(left, text)
		}
	}
	addWarningOnce(diagnostics, "Secrets were not deleted in Vault", left)
	return failed
}

// deleteUndeclared deletes undeclared secrets of this owner that have not changed since
// the plan.
func (b batch) deleteUndeclared(ctx context.Context, names []string, prior setPrivateState) failures {
	_, failed := inParallel(ctx, b.client.Concurrency(), names, func(ctx context.Context, name string) (string, error) {
		observed := prior.Undeclared[name]
		if _, err := b.client.Confirm(ctx, b.scope.Secret(name), observed); err != nil {
			return "", err
		}
		return b.remove(ctx, name, observed.Claim())
	})
	return failed
}

// keepUndeclared keeps the undeclared secrets that could not be deleted.
func (m *workflowSecretsModel) keepUndeclared(state workflowSecretsModel, failed failures) {
	if len(failed) == 0 {
		return
	}
	left := m.Undeclared.Elements()
	for name := range failed {
		left[name] = state.Undeclared.Elements()[name]
	}
	m.Undeclared = types.MapValueMust(types.StringType, left)
}

// keepUndeclared keeps the undeclared secrets that remain.
func (p *setPrivateState) keepUndeclared(prior setPrivateState, plan workflowSecretsModel) {
	p.Undeclared = map[string]secrets.Seen{}
	for name := range plan.Undeclared.Elements() {
		if observed, own := prior.Undeclared[name]; own {
			p.Undeclared[name] = observed
		}
	}
}
