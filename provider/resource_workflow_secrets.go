// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

var (
	_ resource.ResourceWithConfigure   = &workflowSecretsResource{}
	_ resource.ResourceWithImportState = &workflowSecretsResource{}
	_ resource.ResourceWithModifyPlan  = &workflowSecretsResource{}
)

// workflowSecretsResource is relay_workflow_secrets.
type workflowSecretsResource struct{ resourceBase }

func newWorkflowSecretsResource() resource.Resource { return &workflowSecretsResource{} }

func (r *workflowSecretsResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_workflow_secrets"
}

func (r *workflowSecretsResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = workflowSecretsSchema(ctx)
}

// Create observes every secret before it writes the first one, so that it refuses a set
// before anything is written. After that, failures are warnings: after an error Terraform
// would taint the resource and destroy what was written. The state keeps the secrets that
// are missing, and the next plan writes them.
func (r *workflowSecretsResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	const summary = "Cannot create the secrets"
	var plan, config workflowSecretsModel
	resp.Diagnostics.Append(getModel(ctx, req.Plan.Raw, req.Plan.Schema, &plan)...)
	resp.Diagnostics.Append(getModel(ctx, req.Config.Raw, req.Config.Schema, &config)...)
	planned, _ := decode(ctx, plan.Secrets, &resp.Diagnostics)
	values, _ := decode(ctx, config.Secrets, &resp.Diagnostics)
	if resp.Diagnostics.HasError() || !r.backend.ready(&resp.Diagnostics) {
		return
	}
	ctx, end := r.begin(ctx, plan.Timeouts.Create, &resp.Diagnostics)
	defer end()
	plan.takeAdopt(config.options, r.backend.defaults.options)
	private := newSetPrivateState(r.backend.root())
	private.Owner = r.backend.client.Owner()
	b := r.newBatch(plan, private, values)
	if failed := b.checkValues(planned.names()); len(failed) > 0 {
		failed.addErrors(&resp.Diagnostics, summary)
		return
	}
	if err := private.checkMount(ctx, r.backend, plan.Workflow.ValueString()); err != nil {
		report(&resp.Diagnostics, summary, withInterruption(ctx, err))
		return
	}
	observed, failed := inParallel(ctx, b.client.Concurrency(), planned.names(), b.observeNew)
	if len(failed) > 0 {
		failed.addErrors(&resp.Diagnostics, summary)
		return
	}

	done, failed := inParallel(ctx, b.client.Concurrency(), planned.names(), func(ctx context.Context, name string) (elementState, error) {
		return b.create(ctx, name, observed[name])
	})
	_, missing := failed.split(mayHaveWritten)
	if len(missing) > 0 && len(missing) == len(planned) {
		missing.addErrors(&resp.Diagnostics, summary)
		return
	}
	failed.addWarning(&resp.Diagnostics, "Secret was not written as planned")
	for name, element := range planned {
		result := done[name]
		if missing[name] != nil {
			result = b.notCreated(observed[name])
		}
		element.computedAttributes = result.computedAttributes
		planned[name] = element
		private.put(name, result.computedAttributes, result.privateState)
	}
	plan.Secrets = planned.encode(ctx, &resp.Diagnostics)
	plan.Path = r.backend.scopePath(plan.Workflow)
	r.findUndeclared(ctx, &plan, &private, planned, &resp.Diagnostics)
	resp.Diagnostics.Append(setModel(ctx, &resp.State.Raw, resp.State.Schema, plan)...)
	resp.Diagnostics.Append(private.save(ctx, resp.Private)...)
}

// Read observes every secret in Vault's metadata.
func (r *workflowSecretsResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state workflowSecretsModel
	resp.Diagnostics.Append(getModel(ctx, req.State.Raw, req.State.Schema, &state)...)
	prior := loadPrivateState[setPrivateState](ctx, req.Private, &resp.Diagnostics)
	current, _ := decode(ctx, state.Secrets, &resp.Diagnostics)
	if resp.Diagnostics.HasError() || !r.backend.usable(&resp.Diagnostics) {
		return
	}
	ctx, end := r.begin(ctx, state.Timeouts.Read, &resp.Diagnostics)
	defer end()
	updated := prior.withoutSecrets()
	updated.Undeclared, updated.AddressUnknown = prior.Undeclared, r.backend.addressUnknown
	state.Path = types.StringValue(pathOfScope(prior.scope(r.backend.root(), state.Workflow.ValueString())))
	if r.backend.unknownSettings != "" {
		for name, element := range current {
			one := prior.of(name, element.computedAttributes)
			element.setNotChecked(&one, r.backend.knownDuringApply())
			current[name] = element
			updated.put(name, element.computedAttributes, one)
		}
	} else {
		if err := updated.checkMount(ctx, r.backend, state.Workflow.ValueString()); err != nil {
			report(&resp.Diagnostics, cannotCheckDrift, withInterruption(ctx, err))
			return
		}
		updated.Owner = r.backend.client.Owner()
		scope := prior.scope(r.backend.root(), state.Workflow.ValueString())
		if !r.backend.observeSet(ctx, scope, current, prior, &updated, &resp.Diagnostics) {
			return
		}
		r.findUndeclared(ctx, &state, &updated, current, &resp.Diagnostics)
	}
	state.Secrets = current.encode(ctx, &resp.Diagnostics)
	resp.Diagnostics.Append(setModel(ctx, &resp.State.Raw, resp.State.Schema, state)...)
	resp.Diagnostics.Append(updated.save(ctx, resp.Private)...)
}

// observeSet observes all secrets and puts the results into current and updated. A token
// that cannot read the metadata of a secret is a warning, any other failure an error.
func (b *backend) observeSet(ctx context.Context, scope secrets.Scope, current elements, prior setPrivateState, updated *setPrivateState, diagnostics *diag.Diagnostics) bool {
	done, failed := inParallel(ctx, b.client.Concurrency(), current.names(), func(ctx context.Context, name string) (elementState, error) {
		last := current[name].computedAttributes
		result := elementState{last, prior.of(name, last)}
		_, err := b.observe(ctx, b.client, scope.Secret(name), &result.computedAttributes, &result.privateState)
		return result, err
	})
	unreadable, failed := failed.split(func(err error) bool {
		return cannotReadMetadata(err) || errors.Is(err, errNotStarted)
	})
	if len(failed) > 0 {
		failed.addErrors(diagnostics, cannotCheckDrift)
		return false
	}
	unreadable.addWarning(diagnostics, driftNotChecked)
	for name, element := range current {
		result, ok := done[name]
		if !ok {
			result = elementState{element.computedAttributes, prior.of(name, element.computedAttributes)}
		}
		if unreadable[name] != nil {
			result.setNotChecked(&result.privateState, metadataNotReadable)
		}
		element.computedAttributes = result.computedAttributes
		current[name] = element
		updated.put(name, result.computedAttributes, result.privateState)
	}
	return true
}

// Delete deletes the secrets that this owner has, and reports what remains. The state
// keeps secrets that could not be deleted.
func (r *workflowSecretsResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state workflowSecretsModel
	resp.Diagnostics.Append(getModel(ctx, req.State.Raw, req.State.Schema, &state)...)
	prior := loadPrivateState[setPrivateState](ctx, req.Private, &resp.Diagnostics)
	current, _ := decode(ctx, state.Secrets, &resp.Diagnostics)
	if resp.Diagnostics.HasError() || !r.backend.ready(&resp.Diagnostics) {
		return
	}
	ctx, end := r.begin(ctx, state.Timeouts.Delete, &resp.Diagnostics)
	defer end()
	if err := prior.checkMount(ctx, r.backend, state.Workflow.ValueString()); err != nil {
		report(&resp.Diagnostics, "Cannot delete the secrets", withInterruption(ctx, err))
		return
	}
	if prior.Imported {
		resp.Diagnostics.AddWarning("Secrets stay in Vault", fmt.Sprintf("The secrets of workflow %q were imported, and this configuration has "+
			"not written all of them. Terraform deletes only what it wrote.", state.Workflow.ValueString()))
	}
	failed := r.newBatch(state, prior, nil).deleteAll(ctx, current.names(), current, prior, &resp.Diagnostics)
	tflog.Info(ctx, "deleted the secrets of a workflow", map[string]any{"workflow": state.Workflow.ValueString(), "count": len(current) - len(failed)})
	if len(failed) == 0 {
		return
	}
	failed.addErrors(&resp.Diagnostics, "Cannot delete the secrets")
	maps.DeleteFunc(current, func(name string, _ secretElement) bool { return failed[name] == nil })
	state.Secrets = current.encode(ctx, &resp.Diagnostics)
	resp.Diagnostics.Append(setModel(ctx, &resp.State.Raw, resp.State.Schema, state)...)
}
