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
	// backend is nil while the provider is not configured.
	backend *backend
}

func newWorkflowSecretsResource() resource.Resource { return &workflowSecretsResource{} }

func (r *workflowSecretsResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_workflow_secrets"
}

func (r *workflowSecretsResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = workflowSecretsSchema(ctx)
}

func (r *workflowSecretsResource) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	if ready, ok := req.ProviderData.(*backend); ok {
		r.backend = ready
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
	planned, _ := decode(ctx, plan.Secrets, &resp.Diagnostics)
	values, _ := decode(ctx, config.Secrets, &resp.Diagnostics)
	if resp.Diagnostics.HasError() || !r.backend.ready(&resp.Diagnostics) {
		return
	}
	defer r.backend.warnings.drain(&resp.Diagnostics)
	ctx, cancel := withTimeout(ctx, plan.Timeouts.Create, &resp.Diagnostics)
	defer cancel()
	private := setPrivateState{Mount: r.backend.mount, Prefix: r.backend.prefix, Owner: r.backend.client.Owner()}
	b := r.newBatch(plan, private, values)
	if failed := b.checkValues(planned.names()); len(failed) > 0 {
		failed.addErrors(&resp.Diagnostics, attempted)
		return
	}
	observed, failed := inParallel(ctx, b.client.Concurrency(), planned.names(), b.observeNew)
	if len(failed) > 0 {
		failed.addErrors(&resp.Diagnostics, attempted)
		return
	}

	done, failed := inParallel(ctx, b.client.Concurrency(), planned.names(), func(ctx context.Context, name string) (elementState, error) {
		return b.create(ctx, name, observed[name])
	})
	_, missed := failed.split(mayHaveWritten)
	if len(missed) > 0 && len(missed) == len(planned) {
		missed.addErrors(&resp.Diagnostics, attempted)
		return
	}
	failed.addWarning(&resp.Diagnostics, "Secret was not written as planned")
	for name, element := range planned {
		result := done[name]
		if missed[name] != nil {
			result = b.notCreated(observed[name])
		}
		element.computedAttributes = result.computedAttributes
		planned[name] = element
		private.put(name, result.computedAttributes, result.privateState)
	}
	plan.Secrets = planned.encode(ctx, &resp.Diagnostics)
	plan.Path = r.backend.scopePath(plan.Workflow)
	r.findUndeclared(ctx, &plan, &private, planned, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(private.save(ctx, resp.Private)...)
}

// Read asks Vault's metadata what became of each secret.
func (r *workflowSecretsResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state workflowSecretsModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	prior := loadPrivateState[setPrivateState](ctx, req.Private, &resp.Diagnostics)
	current, _ := decode(ctx, state.Secrets, &resp.Diagnostics)
	if resp.Diagnostics.HasError() || !r.backend.usable(&resp.Diagnostics) {
		return
	}
	ctx, cancel := withTimeout(ctx, state.Timeouts.Read, &resp.Diagnostics)
	defer cancel()
	updated := setPrivateState{Mount: prior.Mount, Prefix: prior.Prefix, Owner: prior.Owner, Undeclared: prior.Undeclared}
	if r.backend.unknownSettings != "" {
		for name, element := range current {
			one := prior.of(name, element.computedAttributes)
			element.setNotChecked(&one, "the provider's "+r.backend.unknownSettings+" is known only during the apply")
			current[name] = element
			updated.put(name, element.computedAttributes, one)
		}
	} else {
		updated.Owner = r.backend.client.Owner()
		scope := prior.scope(state.Workflow.ValueString())
		if !r.backend.observeSet(ctx, scope, current, prior, &updated, &resp.Diagnostics) {
			return
		}
		r.findUndeclared(ctx, &state, &updated, current, &resp.Diagnostics)
	}
	state.Secrets = current.encode(ctx, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	resp.Diagnostics.Append(updated.save(ctx, resp.Private)...)
}

// observeSet puts what Vault says of every secret into had and now. A secret whose
// metadata the token may not read is a warning, anything else an error.
func (b *backend) observeSet(ctx context.Context, scope secrets.Scope, current elements, prior setPrivateState, updated *setPrivateState, diagnostics *diag.Diagnostics) bool {
	done, failed := inParallel(ctx, b.client.Concurrency(), current.names(), func(ctx context.Context, name string) (elementState, error) {
		last := current[name].computedAttributes
		result := elementState{last, prior.of(name, last)}
		return result, b.observe(ctx, scope.Secret(name), &result.computedAttributes, &result.privateState)
	})
	unseen, failed := failed.split(func(err error) bool {
		return errors.Is(err, secrets.ErrMissingCapability) || errors.Is(err, secrets.ErrPermissionDenied) || errors.Is(err, errNotStarted)
	})
	if len(failed) > 0 {
		failed.addErrors(diagnostics, "Looking for drift")
		return false
	}
	unseen.addWarning(diagnostics, "Drift is not checked")
	for name, element := range current {
		result, ok := done[name]
		if !ok {
			result = elementState{element.computedAttributes, prior.of(name, element.computedAttributes)}
		}
		if unseen[name] != nil {
			result.setNotChecked(&result.privateState, "the token may not read the metadata")
		}
		element.computedAttributes = result.computedAttributes
		current[name] = element
		updated.put(name, result.computedAttributes, result.privateState)
	}
	return true
}

// Delete lets go of the secrets, and says what it leaves. Those that could not be
// deleted stay in the state.
func (r *workflowSecretsResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state workflowSecretsModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	prior := loadPrivateState[setPrivateState](ctx, req.Private, &resp.Diagnostics)
	current, _ := decode(ctx, state.Secrets, &resp.Diagnostics)
	if resp.Diagnostics.HasError() || !r.backend.ready(&resp.Diagnostics) {
		return
	}
	defer r.backend.warnings.drain(&resp.Diagnostics)
	ctx, cancel := withTimeout(ctx, state.Timeouts.Delete, &resp.Diagnostics)
	defer cancel()
	failed := r.newBatch(state, prior, nil).deleteAll(ctx, current.names(), current, prior, &resp.Diagnostics)
	tflog.Info(ctx, "let go of the secrets of a workflow", map[string]any{"workflow": state.Workflow.ValueString(), "count": len(current) - len(failed)})
	if len(failed) == 0 {
		return
	}
	failed.addErrors(&resp.Diagnostics, "Deleting the secrets")
	maps.DeleteFunc(current, func(name string, _ secretElement) bool { return failed[name] == nil })
	state.Secrets = current.encode(ctx, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
}
