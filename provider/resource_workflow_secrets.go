// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

var (
	_ resource.ResourceWithConfigure   = &workflowSecretsResource{}
	_ resource.ResourceWithImportState = &workflowSecretsResource{}
	_ resource.ResourceWithModifyPlan  = &workflowSecretsResource{}
)

// workflowSecretsResource is relay_workflow_secrets.
type workflowSecretsResource struct {
	// connection is nil while the provider is not configured.
	connection *connection
}

func newWorkflowSecrets() resource.Resource { return &workflowSecretsResource{} }

func (r *workflowSecretsResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_workflow_secrets"
}

func (r *workflowSecretsResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = workflowSecretsSchema(ctx)
}

func (r *workflowSecretsResource) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	if ready, ok := req.ProviderData.(*connection); ok {
		r.connection = ready
	}
}

// Create looks at every secret before it writes the first, so that whatever can be
// refused is refused before anything is written. After that nothing is an error
// any more: Terraform would taint the resource and destroy what was written. What
// did not come about is a warning, and in the state for the next plan to write.
func (r *workflowSecretsResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	const attempted = "Creating the secrets"
	var plan, config workflowSecretsModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	wanted, _ := decode(ctx, plan.Secrets, &resp.Diagnostics)
	values, _ := decode(ctx, config.Secrets, &resp.Diagnostics)
	if resp.Diagnostics.HasError() || !r.connection.connected(&resp.Diagnostics) {
		return
	}
	defer r.connection.notes.drain(&resp.Diagnostics)
	ctx, cancel := within(ctx, plan.Timeouts.Create, &resp.Diagnostics)
	defer cancel()
	remembered := setMemory{Mount: r.connection.mount, Prefix: r.connection.prefix, Owner: r.connection.client.Owner()}
	t := r.round(plan, remembered, values)
	if failed := t.check(wanted.names()); len(failed) > 0 {
		failed.fail(&resp.Diagnostics, attempted)
		return
	}
	observed, failed := inParallel(ctx, t.client.Concurrency(), wanted.names(), t.look)
	if len(failed) > 0 {
		failed.fail(&resp.Diagnostics, attempted)
		return
	}

	done, failed := inParallel(ctx, t.client.Concurrency(), wanted.names(), func(ctx context.Context, name string) (kept, error) {
		return t.first(ctx, name, observed[name])
	})
	_, missed := failed.split(mayHaveWritten)
	if len(missed) > 0 && len(missed) == len(wanted) {
		missed.fail(&resp.Diagnostics, attempted)
		return
	}
	failed.warn(&resp.Diagnostics, "Secret was not written as planned")
	for name, element := range wanted {
		k := done[name]
		if missed[name] != nil {
			k = t.never(observed[name])
		}
		element.findings = k.findings
		wanted[name] = element
		remembered.keep(name, k.findings, k.memory)
	}
	plan.Secrets = wanted.encode(ctx, &resp.Diagnostics)
	plan.Path = r.connection.scopePath(plan.Workflow)
	r.findUndeclared(ctx, &plan, &remembered, wanted, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(remembered.save(ctx, resp.Private)...)
}

// Read asks Vault's metadata what became of each secret.
func (r *workflowSecretsResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state workflowSecretsModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	was := recall[setMemory](ctx, req.Private, &resp.Diagnostics)
	had, _ := decode(ctx, state.Secrets, &resp.Diagnostics)
	if resp.Diagnostics.HasError() || !r.connection.usable(&resp.Diagnostics) {
		return
	}
	ctx, cancel := within(ctx, state.Timeouts.Read, &resp.Diagnostics)
	defer cancel()
	now := setMemory{Mount: was.Mount, Prefix: was.Prefix, Owner: was.Owner, Leftovers: was.Leftovers}
	if r.connection.pending != "" {
		for name, element := range had {
			one := was.of(name, element.findings)
			element.notChecked(&one, "the provider's "+r.connection.pending+" is known only during the apply")
			had[name] = element
			now.keep(name, element.findings, one)
		}
	} else {
		now.Owner = r.connection.client.Owner()
		scope := was.scope(state.Workflow.ValueString())
		if !r.connection.observeAll(ctx, scope, had, was, &now, &resp.Diagnostics) {
			return
		}
		r.findUndeclared(ctx, &state, &now, had, &resp.Diagnostics)
	}
	state.Secrets = had.encode(ctx, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	resp.Diagnostics.Append(now.save(ctx, resp.Private)...)
}

// observeAll puts what Vault says of every secret into had and now. A secret whose
// metadata the token may not read is a warning, anything else an error.
func (c *connection) observeAll(ctx context.Context, scope secrets.Scope, had elements, was setMemory, now *setMemory, diagnostics *diag.Diagnostics) bool {
	done, failed := inParallel(ctx, c.client.Concurrency(), had.names(), func(ctx context.Context, name string) (kept, error) {
		last := had[name].findings
		k := kept{last, was.of(name, last)}
		return k, c.observe(ctx, scope.Secret(name), &k.findings, &k.memory)
	})
	unseen, failed := failed.split(func(err error) bool {
		return errors.Is(err, secrets.ErrMissingCapability) || errors.Is(err, secrets.ErrPermissionDenied) || errors.Is(err, errNotReached)
	})
	if len(failed) > 0 {
		failed.fail(diagnostics, "Looking for drift")
		return false
	}
	unseen.warn(diagnostics, "Drift is not checked")
	for name, element := range had {
		k, took := done[name]
		if !took {
			k = kept{element.findings, was.of(name, element.findings)}
		}
		if unseen[name] != nil {
			k.notChecked(&k.memory, "the token may not read the metadata")
		}
		element.findings = k.findings
		had[name] = element
		now.keep(name, k.findings, k.memory)
	}
	return true
}

// Delete lets go of the secrets, and says what it leaves. Those that could not be
// deleted stay in the state.
func (r *workflowSecretsResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state workflowSecretsModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	was := recall[setMemory](ctx, req.Private, &resp.Diagnostics)
	had, _ := decode(ctx, state.Secrets, &resp.Diagnostics)
	if resp.Diagnostics.HasError() || !r.connection.connected(&resp.Diagnostics) {
		return
	}
	defer r.connection.notes.drain(&resp.Diagnostics)
	ctx, cancel := within(ctx, state.Timeouts.Delete, &resp.Diagnostics)
	defer cancel()
	failed := r.round(state, was, nil).remove(ctx, had.names(), had, was, &resp.Diagnostics)
	tflog.Info(ctx, "let go of the secrets of a workflow", map[string]any{"workflow": state.Workflow.ValueString(), "count": len(had) - len(failed)})
	if len(failed) == 0 {
		return
	}
	failed.fail(&resp.Diagnostics, "Deleting the secrets")
	maps.DeleteFunc(had, func(name string, _ secretElement) bool { return failed[name] == nil })
	state.Secrets = had.encode(ctx, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
}
