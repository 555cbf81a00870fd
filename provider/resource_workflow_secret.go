// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

var (
	_ resource.ResourceWithConfigure   = &workflowSecretResource{}
	_ resource.ResourceWithImportState = &workflowSecretResource{}
	_ resource.ResourceWithModifyPlan  = &workflowSecretResource{}
)

// workflowSecretResource is relay_workflow_secret.
type workflowSecretResource struct{ resourceBase }

func newWorkflowSecretResource() resource.Resource { return &workflowSecretResource{} }

func (r *workflowSecretResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_workflow_secret"
}

func (r *workflowSecretResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = workflowSecretSchema(ctx)
}

// Create writes a new secret.
func (r *workflowSecretResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	const summary = "Cannot create the secret"
	var plan, config workflowSecretModel
	resp.Diagnostics.Append(getModel(ctx, req.Plan.Raw, req.Plan.Schema, &plan)...)
	resp.Diagnostics.Append(getModel(ctx, req.Config.Raw, req.Config.Schema, &config)...)
	address := r.backend.address(plan, privateState{})
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, identityOf(address))...)
	if resp.Diagnostics.HasError() || !r.backend.ready(&resp.Diagnostics) {
		return
	}
	ctx, end := r.begin(ctx, plan.Timeouts.Create, &resp.Diagnostics)
	defer end()
	plan.takeAdopt(config.options, r.backend.defaults.options)
	private := newPrivateState(address)
	if config.ValueWO.IsNull() {
		report(&resp.Diagnostics, summary, errNoValue)
		return
	}
	err := r.backend.checkMount(ctx, address, &private)
	var observed secrets.Entry
	if err == nil {
		observed, err = r.backend.observePlanned(ctx, address)
	}
	if err == nil {
		err = r.backend.checkNew(address, address.String(), observed, plan.adopting.ValueBool())
	}
	if err != nil {
		report(&resp.Diagnostics, summary, withInterruption(ctx, err))
		return
	}

	started := time.Now()
	done := r.backend.apply(ctx, plan, workflowSecretModel{}, config.ValueWO, secrets.Write{Address: address, Observed: observed})
	created := firstWrite{address: address, observed: observed, started: started, wrote: done.wrote, err: withInterruption(ctx, done.err)}
	if err := plan.setCreated(created, r.backend.client.Owner(), &private, &resp.Diagnostics); err != nil {
		report(&resp.Diagnostics, summary, err)
		return
	}
	if err := withInterruption(ctx, done.settings); err != nil {
		resp.Diagnostics.AddWarning("Secret was written without its settings", sentence(err.Error())+" The next plan shows which settings are missing.")
	}
	private.HMAC1 = r.backend.fingerprintOf(address, config.ValueWO)
	plan.Path = types.StringValue(pathOf(address))
	resp.Diagnostics.Append(setModel(ctx, &resp.State.Raw, resp.State.Schema, plan)...)
	resp.Diagnostics.Append(private.save(ctx, resp.Private)...)
}

// Read observes the secret in Vault's metadata.
func (r *workflowSecretResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state workflowSecretModel
	resp.Diagnostics.Append(getModel(ctx, req.State.Raw, req.State.Schema, &state)...)
	private := loadPrivateState[privateState](ctx, req.Private, &resp.Diagnostics)
	resp.Diagnostics.Append(keepIdentity(ctx, resp.Identity, identityOf(r.backend.address(state, private)))...)
	if resp.Diagnostics.HasError() || !r.backend.usable(&resp.Diagnostics) {
		return
	}
	ctx, end := r.begin(ctx, state.Timeouts.Read, &resp.Diagnostics)
	defer end()
	if !r.backend.completeMove(&state, &private, &resp.Diagnostics) {
		return
	}
	address := r.backend.address(state, private)
	state.Path = types.StringValue(pathOf(address))
	observe := func() error {
		entry, err := r.backend.observe(ctx, r.backend.client, address, &state.computedAttributes, &private)
		if err == nil {
			state.setObservedSettings(entry.Settings)
		}
		return err
	}
	if !r.refresh(ctx, address, &state.computedAttributes, &private, observe, &resp.Diagnostics) {
		return
	}
	resp.Diagnostics.Append(setModel(ctx, &resp.State.Raw, resp.State.Schema, state)...)
	resp.Diagnostics.Append(private.save(ctx, resp.Private)...)
}

// Update sends value and settings as planned, if the secret has not changed since
// the plan. After an error the state keeps the old baseline.
func (r *workflowSecretResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	const summary = "Cannot update the secret"
	var plan, config, state workflowSecretModel
	resp.Diagnostics.Append(getModel(ctx, req.Plan.Raw, req.Plan.Schema, &plan)...)
	resp.Diagnostics.Append(getModel(ctx, req.Config.Raw, req.Config.Schema, &config)...)
	resp.Diagnostics.Append(getModel(ctx, req.State.Raw, req.State.Schema, &state)...)
	private := loadPrivateState[privateState](ctx, req.Private, &resp.Diagnostics)
	address := r.backend.address(plan, private)
	resp.Diagnostics.Append(keepIdentity(ctx, resp.Identity, identityOf(address))...)
	if resp.Diagnostics.HasError() {
		return
	}
	private.Replaces = nil
	sends := plan.writePlanned()
	switch {
	case sends && config.ValueWO.IsNull():
		report(&resp.Diagnostics, summary, errNoValue)
		return
	case !sends && !plan.settingsDiffer(state):
		resp.Diagnostics.Append(setModel(ctx, &resp.State.Raw, resp.State.Schema, plan)...)
		resp.Diagnostics.Append(private.save(ctx, resp.Private)...)
		return
	}
	if !r.backend.ready(&resp.Diagnostics) {
		return
	}
	ctx, end := r.begin(ctx, plan.Timeouts.Update, &resp.Diagnostics)
	defer end()
	plan.takeAdopt(config.options, r.backend.defaults.options)
	err := r.backend.checkMount(ctx, address, &private)
	var observed secrets.Entry
	if err == nil {
		observed, err = r.backend.client.Confirm(ctx, address, private.Observed)
	}
	if err != nil {
		report(&resp.Diagnostics, summary, withInterruption(ctx, err))
		return
	}

	done := r.backend.apply(ctx, plan, state, config.ValueWO, secrets.Write{
		Address: address, Observed: observed, Baseline: r.backend.lastWrite(state.computedAttributes, private, observed),
	})
	err = errors.Join(done.err, done.settings)
	if err != nil {
		report(&resp.Diagnostics, summary, withInterruption(ctx, err))
		plan.keepEitherSettings(state)
	}
	switch {
	case sends && plan.setUpdated(done.wrote, done.err, r.backend.client.Owner(), &private):
		private.HMAC1 = r.backend.fingerprintOf(address, config.ValueWO)
	case err != nil:
		plan = state.afterFailedUpdate(plan)
	}
	resp.Diagnostics.Append(setModel(ctx, &resp.State.Raw, resp.State.Schema, plan)...)
	resp.Diagnostics.Append(private.save(ctx, resp.Private)...)
}

// Delete deletes the secret if this owner has it, and reports what remains.
func (r *workflowSecretResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state workflowSecretModel
	resp.Diagnostics.Append(getModel(ctx, req.State.Raw, req.State.Schema, &state)...)
	private := loadPrivateState[privateState](ctx, req.Private, &resp.Diagnostics)
	if resp.Diagnostics.HasError() || !r.backend.ready(&resp.Diagnostics) {
		return
	}
	ctx, end := r.begin(ctx, state.Timeouts.Delete, &resp.Diagnostics)
	defer end()
	address := r.backend.address(state, private)
	r.delete(ctx, r.backend.client, address, state.purges(), state.computedAttributes, private, &resp.Diagnostics)
	tflog.Info(ctx, "deleted a secret", map[string]any{"workflow": address.Group, "name": address.Name})
}
