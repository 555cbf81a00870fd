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
	// connection is nil while the provider is not configured.
	connection *connection
}

func newWorkflowSecret() resource.Resource { return &workflowSecretResource{} }

func (r *workflowSecretResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_workflow_secret"
}

func (r *workflowSecretResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = workflowSecretSchema(ctx)
}

func (r *workflowSecretResource) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	if ready, ok := req.ProviderData.(*connection); ok {
		r.connection = ready
	}
}

// Create writes a secret for the first time. A write that may have happened is
// never an error: Terraform would taint the resource and destroy it.
func (r *workflowSecretResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	const attempted = "Creating the secret"
	var plan, config workflowSecretModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() || !r.connection.connected(&resp.Diagnostics) {
		return
	}
	defer r.connection.notes.drain(&resp.Diagnostics)
	ctx, cancel := within(ctx, plan.Timeouts.Create, &resp.Diagnostics)
	defer cancel()
	remembered := memory{Mount: r.connection.mount, Prefix: r.connection.prefix}
	address := r.connection.address(plan, remembered)
	observed, err := r.connection.client.Describe(ctx, address)
	if err != nil {
		report(&resp.Diagnostics, attempted, interruption(ctx, err))
		return
	}
	if taken := alreadyOurs(address, address.String(), r.connection.client.Owner(), observed); taken != "" && !plan.Adopt.ValueBool() {
		resp.Diagnostics.AddAttributeError(path.Root("name"), attempted, taken+adoptAdvice)
		return
	}

	begun := time.Now()
	done := r.connection.apply(ctx, plan, workflowSecretModel{}, config.ValueWO, secrets.Write{Address: address, Observed: observed})
	tried := firstWrite{address: address, observed: observed, begun: begun, wrote: done.wrote, err: interruption(ctx, done.err)}
	if err := plan.created(tried, r.connection.client.Owner(), &remembered, &resp.Diagnostics); err != nil {
		report(&resp.Diagnostics, attempted, err)
		return
	}
	if err := interruption(ctx, done.settings); err != nil {
		resp.Diagnostics.AddWarning("Secret was written without its settings", sentence(err.Error())+" The next plan shows what is missing.")
	}
	remembered.HMAC1 = r.connection.fingerprintOf(address, config.ValueWO)
	plan.Path = types.StringValue(address.Path())
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(remembered.save(ctx, resp.Private)...)
	resp.Diagnostics.Append(identify(ctx, resp.Identity, address)...)
}

// Read asks Vault's metadata what became of the secret. It never touches version
// and created_time: drift is judged from them.
func (r *workflowSecretResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state workflowSecretModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	remembered := recall[memory](ctx, req.Private, &resp.Diagnostics)
	if resp.Diagnostics.HasError() || !r.connection.usable(&resp.Diagnostics) {
		return
	}
	defer r.connection.notes.drain(&resp.Diagnostics)
	ctx, cancel := within(ctx, state.Timeouts.Read, &resp.Diagnostics)
	defer cancel()
	if !r.connection.settleMove(&state, &remembered, &resp.Diagnostics) {
		return
	}
	address := r.connection.address(state, remembered)
	if r.connection.pending != "" {
		state.notChecked(&remembered, "the provider's "+r.connection.pending+" is known only during the apply")
	} else if entry, err := r.connection.describe(ctx, address, &state.findings, &remembered); err == nil {
		state.sawSettings(entry.Settings)
	} else {
		if !errors.Is(err, secrets.ErrMissingCapability) && !errors.Is(err, secrets.ErrPermissionDenied) {
			report(&resp.Diagnostics, "Looking for drift", interruption(ctx, err))
			return
		}
		state.notChecked(&remembered, "the token may not read the metadata")
		resp.Diagnostics.AddAttributeWarning(path.Root("name"), "Drift is not checked", sentence(err.Error()))
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	resp.Diagnostics.Append(remembered.save(ctx, resp.Private)...)
	resp.Diagnostics.Append(identify(ctx, resp.Identity, address)...)
}

// Update sends value and settings as the plan says, and only if the secret is
// still what the plan was made from. An error leaves the old baseline in the state.
func (r *workflowSecretResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	const attempted = "Updating the secret"
	var plan, config, state workflowSecretModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	remembered := recall[memory](ctx, req.Private, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	address := r.connection.address(plan, remembered)
	resp.Diagnostics.Append(identify(ctx, resp.Identity, address)...)
	if !plan.writePlanned() && !plan.settingsDiffer(state) {
		resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
		return
	}
	if !r.connection.connected(&resp.Diagnostics) {
		return
	}
	defer r.connection.notes.drain(&resp.Diagnostics)
	ctx, cancel := within(ctx, plan.Timeouts.Update, &resp.Diagnostics)
	defer cancel()
	observed, err := r.connection.client.Confirm(ctx, address, remembered.Seen)
	if err != nil {
		report(&resp.Diagnostics, attempted, interruption(ctx, err))
		return
	}

	sent := plan.writePlanned()
	done := r.connection.apply(ctx, plan, state, config.ValueWO, secrets.Write{
		Address: address, Observed: observed, Baseline: r.connection.lastWrite(state.findings, remembered, observed),
	})
	err = errors.Join(done.err, done.settings)
	if err != nil {
		report(&resp.Diagnostics, attempted, interruption(ctx, err))
		plan.doubtSettings(state)
	}
	switch {
	case sent && done.err == nil:
		plan.finish(&remembered, r.connection.client.Owner(), done.wrote)
		remembered.HMAC1 = r.connection.fingerprintOf(address, config.ValueWO)
	case errors.Is(done.err, secrets.ErrNoRecord):
		plan.finishWithoutRecord(&remembered, done.wrote)
		remembered.HMAC1 = r.connection.fingerprintOf(address, config.ValueWO)
	case err != nil:
		plan = state.doubting(plan)
		remembered.Unfinished = remembered.Unfinished || errors.Is(done.err, secrets.ErrOutcomeUnknown)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(remembered.save(ctx, resp.Private)...)
}

// Delete lets go of the secret, and says what it leaves.
func (r *workflowSecretResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state workflowSecretModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	remembered := recall[memory](ctx, req.Private, &resp.Diagnostics)
	if resp.Diagnostics.HasError() || !r.connection.connected(&resp.Diagnostics) {
		return
	}
	defer r.connection.notes.drain(&resp.Diagnostics)
	ctx, cancel := within(ctx, state.Timeouts.Delete, &resp.Diagnostics)
	defer cancel()
	client, address := r.connection.client, r.connection.address(state, remembered)
	left, err := client.Describe(ctx, address)
	if err != nil {
		report(&resp.Diagnostics, "Deleting the secret", interruption(ctx, err))
		return
	}
	remove := client.Delete
	if state.Deletion.ValueString() == deletionPurge {
		remove = client.Purge
	}
	done, err := remove(ctx, address, r.connection.lastWrite(state.findings, remembered, left))
	reportRemoval(&resp.Diagnostics, address, left, done, interruption(ctx, err))
	tflog.Info(ctx, "let go of a secret", map[string]any{"workflow": address.Workflow, "name": address.Name})
}
