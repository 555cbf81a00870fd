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

// work is what the approved plan does, by name.
type work struct {
	write   []string
	remove  []string // declared no more
	cleanUp []string // never declared
}

// Update writes and deletes what the plan says, each secret only if it is still
// what the plan was made from. What fails is an error, and stays in the state as
// it was.
func (r *workflowSecretsResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	const attempted = "Updating the secrets"
	var plan, config, state workflowSecretsModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	was := recall[setMemory](ctx, req.Private, &resp.Diagnostics)
	wanted, _ := decode(ctx, plan.Secrets, &resp.Diagnostics)
	values, _ := decode(ctx, config.Secrets, &resp.Diagnostics)
	had, _ := decode(ctx, state.Secrets, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	todo := plan.work(state, wanted, had, was)
	if !todo.asksVault() && !plan.Undeclared.IsUnknown() {
		resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
		return
	}
	if !r.connection.connected(&resp.Diagnostics) {
		return
	}
	defer r.connection.notes.drain(&resp.Diagnostics)
	ctx, cancel := within(ctx, plan.Timeouts.Update, &resp.Diagnostics)
	defer cancel()
	t := r.round(plan, was, values)
	if failed := t.check(todo.write); len(failed) > 0 {
		failed.fail(&resp.Diagnostics, attempted)
		return
	}

	now := setMemory{Mount: was.Mount, Prefix: was.Prefix, Owner: was.Owner}
	t.write(ctx, todo.write, wanted, had, was, &now).fail(&resp.Diagnostics, attempted)
	failed := t.remove(ctx, todo.remove, had, was, &resp.Diagnostics)
	for name := range failed {
		wanted[name] = had[name]
		now.keep(name, had[name].findings, was.of(name, had[name].findings))
	}
	failed.fail(&resp.Diagnostics, attempted)
	plan.Secrets = wanted.encode(ctx, &resp.Diagnostics)
	if plan.Undeclared.IsUnknown() {
		r.findUndeclared(ctx, &plan, &now, wanted, &resp.Diagnostics)
	} else {
		failed := t.cleanUp(ctx, todo.cleanUp, was)
		failed.fail(&resp.Diagnostics, attempted)
		plan.keepUndeclared(state, failed)
		now.keepLeftovers(was, plan)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(now.save(ctx, resp.Private)...)
}

// work takes from the plan what is to be done.
func (m workflowSecretsModel) work(state workflowSecretsModel, wanted, had elements, was setMemory) work {
	var w work
	for _, name := range wanted.names() {
		if wanted[name].writePlanned() {
			w.write = append(w.write, name)
		}
	}
	for _, name := range had.names() {
		if _, still := wanted[name]; !still {
			w.remove = append(w.remove, name)
		}
	}
	w.cleanUp = m.toDelete(state, wanted, was.Leftovers)
	return w
}

func (w work) asksVault() bool { return len(w.write)+len(w.remove)+len(w.cleanUp) > 0 }

// write sends what is planned, and puts into wanted and now what is to be kept of
// every secret.
func (r round) write(ctx context.Context, names []string, wanted, had elements, was setMemory, now *setMemory) failures {
	done, failed := inParallel(ctx, r.client.Concurrency(), names, func(ctx context.Context, name string) (kept, error) {
		if last, existed := had[name]; existed {
			return r.again(ctx, name, kept{last.findings, was.of(name, last.findings)})
		}
		observed, err := r.look(ctx, name)
		if err != nil {
			return kept{}, err
		}
		return r.first(ctx, name, observed)
	})
	for _, name := range wanted.names() {
		next := wanted[name]
		last, existed := had[name]
		k, took := done[name]
		err := failed[name]
		switch {
		case !next.writePlanned():
			now.keep(name, next.findings, was.of(name, last.findings))
			continue
		case !existed && !mayHaveWritten(err):
			delete(wanted, name)
			continue
		case !took:
			k = kept{last.findings, was.of(name, last.findings)}
		}
		if existed && err != nil && !errors.Is(err, secrets.ErrNoRecord) {
			next = last
		}
		next.findings = k.findings
		wanted[name] = next
		now.keep(name, k.findings, k.memory)
	}
	return failed
}

// remove deletes what is declared no more, and warns of what it leaves.
func (r round) remove(ctx context.Context, names []string, had elements, was setMemory, diagnostics *diag.Diagnostics) failures {
	notes, failed := inParallel(ctx, r.client.Concurrency(), names, func(ctx context.Context, name string) (string, error) {
		last := had[name].findings
		return r.letGo(ctx, name, kept{last, was.of(name, last)})
	})
	var left []string
	for _, name := range names {
		if note := notes[name]; note != "" {
			left = append(left, note)
		}
	}
	warnOnce(diagnostics, "Secrets were no longer this configuration's to delete", left)
	return failed
}

// cleanUp deletes undeclared secrets of this owner, if they are still what the
// plan showed.
func (r round) cleanUp(ctx context.Context, names []string, was setMemory) failures {
	_, failed := inParallel(ctx, r.client.Concurrency(), names, func(ctx context.Context, name string) (string, error) {
		if _, err := r.client.Confirm(ctx, r.scope.Secret(name), was.Leftovers[name]); err != nil {
			return "", err
		}
		return r.letGo(ctx, name, kept{})
	})
	return failed
}

// keepUndeclared leaves in the state what could not be deleted.
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

// keepLeftovers remembers those that are still there.
func (m *setMemory) keepLeftovers(was setMemory, plan workflowSecretsModel) {
	m.Leftovers = map[string]secrets.Seen{}
	for name := range plan.Undeclared.Elements() {
		if seen, ours := was.Leftovers[name]; ours {
			m.Leftovers[name] = seen
		}
	}
}
