// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/path"
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
type workflowSecretResource struct {
	// vault is nil while the provider is not configured.
	backend *backend
}

func newWorkflowSecretResource() resource.Resource { return &workflowSecretResource{} }

func (r *workflowSecretResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_workflow_secret"
}

func (r *workflowSecretResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = workflowSecretSchema(ctx)
}

func (r *workflowSecretResource) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	if ready, ok := req.ProviderData.(*backend); ok {
		r.backend = ready
	}
}

// Create writes a secret for the first time. A write that may have happened is
// notCreated an error: Terraform would taint the resource and destroy it.
func (r *workflowSecretResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	const attempted = "Creating the secret"
	var plan, config workflowSecretModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() || !r.backend.ready(&resp.Diagnostics) {
		return
	}
	defer r.backend.warnings.drain(&resp.Diagnostics)
	ctx, cancel := withTimeout(ctx, plan.Timeouts.Create, &resp.Diagnostics)
	defer cancel()
	private := privateState{Mount: r.backend.mount, Prefix: r.backend.prefix}
	address := r.backend.address(plan, private)
	observed, err := r.backend.client.Describe(ctx, address)
	if err != nil {
		report(&resp.Diagnostics, attempted, withInterruption(ctx, err))
		return
	}
	if taken := alreadyExists(address, address.String(), r.backend.client.Owner(), observed); taken != "" && !plan.Adopt.ValueBool() {
		resp.Diagnostics.AddAttributeError(path.Root("name"), attempted, taken+adoptHint)
		return
	}

	begun := time.Now()
	done := r.backend.apply(ctx, plan, workflowSecretModel{}, config.ValueWO, secrets.Write{Address: address, Observed: observed})
	tried := firstWrite{address: address, observed: observed, begun: begun, wrote: done.wrote, err: withInterruption(ctx, done.err)}
	if err := plan.setCreated(tried, r.backend.client.Owner(), &private, &resp.Diagnostics); err != nil {
		report(&resp.Diagnostics, attempted, err)
		return
	}
	if err := withInterruption(ctx, done.settings); err != nil {
		resp.Diagnostics.AddWarning("Secret was written without its settings", sentence(err.Error())+" The next plan shows what is missing.")
	}
	private.HMAC1 = r.backend.fingerprintOf(address, config.ValueWO)
	plan.Path = types.StringValue(address.Path())
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(private.save(ctx, resp.Private)...)
	resp.Diagnostics.Append(setSecretIdentity(ctx, resp.Identity, address)...)
}

// Read asks Vault's metadata what became of the secret. It never touches version
// and created_time: drift is judged from them.
func (r *workflowSecretResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state workflowSecretModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	private := loadPrivateState[privateState](ctx, req.Private, &resp.Diagnostics)
	if resp.Diagnostics.HasError() || !r.backend.usable(&resp.Diagnostics) {
		return
	}
	defer r.backend.warnings.drain(&resp.Diagnostics)
	ctx, cancel := withTimeout(ctx, state.Timeouts.Read, &resp.Diagnostics)
	defer cancel()
	if !r.backend.completeMove(&state, &private, &resp.Diagnostics) {
		return
	}
	address := r.backend.address(state, private)
	if r.backend.unknownSettings != "" {
		state.setNotChecked(&private, "the provider's "+r.backend.unknownSettings+" is known only during the apply")
	} else if entry, err := r.backend.describe(ctx, address, &state.computedAttributes, &private); err == nil {
		state.setObservedSettings(entry.Settings)
	} else {
		if !errors.Is(err, secrets.ErrMissingCapability) && !errors.Is(err, secrets.ErrPermissionDenied) {
			report(&resp.Diagnostics, "Looking for drift", withInterruption(ctx, err))
			return
		}
		state.setNotChecked(&private, "the token may not read the metadata")
		resp.Diagnostics.AddAttributeWarning(path.Root("name"), "Drift is not checked", sentence(err.Error()))
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	resp.Diagnostics.Append(private.save(ctx, resp.Private)...)
	resp.Diagnostics.Append(setSecretIdentity(ctx, resp.Identity, address)...)
}

// Update sends value and settings as the plan says, and only if the secret is
// still what the plan was made from. An error leaves the old baseline in the state.
func (r *workflowSecretResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	const attempted = "Updating the secret"
	var plan, config, state workflowSecretModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	private := loadPrivateState[privateState](ctx, req.Private, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	address := r.backend.address(plan, private)
	resp.Diagnostics.Append(setSecretIdentity(ctx, resp.Identity, address)...)
	if !plan.writePlanned() && !plan.settingsDiffer(state) {
		resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
		return
	}
	if !r.backend.ready(&resp.Diagnostics) {
		return
	}
	defer r.backend.warnings.drain(&resp.Diagnostics)
	ctx, cancel := withTimeout(ctx, plan.Timeouts.Update, &resp.Diagnostics)
	defer cancel()
	observed, err := r.backend.client.Confirm(ctx, address, private.Observed)
	if err != nil {
		report(&resp.Diagnostics, attempted, withInterruption(ctx, err))
		return
	}

	sent := plan.writePlanned()
	done := r.backend.apply(ctx, plan, state, config.ValueWO, secrets.Write{
		Address: address, Observed: observed, Baseline: r.backend.lastWrite(state.computedAttributes, private, observed),
	})
	err = errors.Join(done.err, done.settings)
	if err != nil {
		report(&resp.Diagnostics, attempted, withInterruption(ctx, err))
		plan.keepEitherSettings(state)
	}
	switch {
	case sent && done.err == nil:
		plan.setWritten(&private, r.backend.client.Owner(), done.wrote)
		private.HMAC1 = r.backend.fingerprintOf(address, config.ValueWO)
	case errors.Is(done.err, secrets.ErrNoRecord):
		plan.setRecordMissing(&private, done.wrote)
		private.HMAC1 = r.backend.fingerprintOf(address, config.ValueWO)
	case err != nil:
		plan = state.afterFailedUpdate(plan)
		private.Unfinished = private.Unfinished || errors.Is(done.err, secrets.ErrOutcomeUnknown)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(private.save(ctx, resp.Private)...)
}

// Delete lets go of the secret, and says what it leaves.
func (r *workflowSecretResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state workflowSecretModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	private := loadPrivateState[privateState](ctx, req.Private, &resp.Diagnostics)
	if resp.Diagnostics.HasError() || !r.backend.ready(&resp.Diagnostics) {
		return
	}
	defer r.backend.warnings.drain(&resp.Diagnostics)
	ctx, cancel := withTimeout(ctx, state.Timeouts.Delete, &resp.Diagnostics)
	defer cancel()
	client, address := r.backend.client, r.backend.address(state, private)
	left, err := client.Describe(ctx, address)
	if err != nil {
		report(&resp.Diagnostics, "Deleting the secret", withInterruption(ctx, err))
		return
	}
	remove := client.Delete
	if state.Deletion.ValueString() == deletionPurge {
		remove = client.Purge
	}
	done, err := remove(ctx, address, r.backend.lastWrite(state.computedAttributes, private, left))
	reportDeletion(&resp.Diagnostics, address, left, done, withInterruption(ctx, err))
	tflog.Info(ctx, "let go of a secret", map[string]any{"workflow": address.Workflow, "name": address.Name})
}
