// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// ModifyPlan decides what happens to the value and puts the decision into the plan.
func (r *workflowSecretResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if !r.plans(req, &resp.Diagnostics) {
		return
	}
	var plan, config workflowSecretModel
	resp.Diagnostics.Append(getModel(ctx, req.Plan.Raw, req.Plan.Schema, &plan)...)
	resp.Diagnostics.Append(getModel(ctx, req.Config.Raw, req.Config.Schema, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	state, private := priorState[workflowSecretModel, privateState](ctx, req, &resp.Diagnostics)
	plan.fill(config, r.backend.defaults)
	r.checkSettings(plan, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	if private.MovedFrom != "" {
		resp.Diagnostics.AddError(cannotMove, "A moved secret needs a refresh. Plan without -refresh=false.")
		return
	}
	planned := r.backend.path(plan)
	var current string
	if state != nil {
		current = pathOf(r.backend.address(*state, private))
		private.Replaces = state.replaced(current, private)
	}
	switch {
	case state == nil:
		plan.Path = planned
		if !private.planned(planned) {
			r.planCreate(ctx, plan, config, private, &resp.Diagnostics)
		}
	case moved(*state, plan):
		plan.Path = planned
		planMove(planned, plan.adopting, private, driftDetail(r.backend.address(*state, private).String(), state.computedAttributes), &resp.Diagnostics)
		r.planCreate(ctx, plan, config, private, &resp.Diagnostics)
	case !planned.IsUnknown() && planned.ValueString() != current:
		plan.markUnknown()
		plan.Path = planned
		if !addressCameLate(private.AddressUnknown, current, planned, &resp.Diagnostics) {
			resp.RequiresReplace.Append(path.Root("path"))
			r.planCreate(ctx, plan, config, private, &resp.Diagnostics)
		}
	default:
		r.planValue(&plan, config, *state, private, &resp.Diagnostics)
		if planned.IsUnknown() {
			plan.Path = planned
		}
	}
	if state != nil {
		resp.Diagnostics.Append(private.save(ctx, resp.Private)...)
	}
	resp.Diagnostics.Append(setModel(ctx, &resp.Plan.Raw, resp.Plan.Schema, plan)...)
}

// planCreate refuses during the plan what the apply of a create would refuse.
func (r *workflowSecretResource) planCreate(ctx context.Context, plan, config workflowSecretModel, private privateState, diagnostics *diag.Diagnostics) {
	r.checkValue(plan, config, diagnostics)
	if address := r.backend.address(plan, privateState{}); !plan.Path.IsUnknown() {
		r.resourceBase.planCreate(ctx, plannedCreate{address, address.String(), plan.adopting, private.Replaces}, plan.Timeouts.Create, diagnostics)
	}
}

// planValue decides what happens to the value of an existing secret.
func (r *workflowSecretResource) planValue(plan *workflowSecretModel, config, state workflowSecretModel, private privateState, diagnostics *diag.Diagnostics) {
	// Terraform shows computed attributes as "known after apply" when an argument
	// changes, unless the plan keeps them.
	plan.computedAttributes, plan.Path = state.computedAttributes, state.Path
	plan.keepSpelling(state)
	address := r.backend.address(state, private)
	versionUnknown := plan.ValueWOVersion.IsUnknown()
	versionChanged := !versionUnknown && !plan.ValueWOVersion.Equal(state.ValueWOVersion)
	fingerprint := r.backend.compareFingerprint(plan.DetectChanges, address, config.ValueWO, private.HMAC1)
	decided := decide(decisionInput{
		repair:       private.Repair,
		unfinished:   private.Unfinished,
		imported:     private.Imported,
		valueChanged: versionChanged || fingerprint.changed(),
		valueUnknown: versionUnknown || fingerprint == fingerprintUnknown,
		onDrift:      plan.OnDrift,
		adopt:        plan.adopting,
	})
	plan.setDecision(decided, state.computedAttributes)
	switch decided {
	case keepAndWarn:
		plan.keepSettings(state)
	case decideInApply:
		// With on_drift = "warn" the apply would keep settings that this plan shows as changed.
		if private.Repair != repairNone && plan.settingsDiffer(state) {
			diagnostics.AddAttributeError(path.Root("on_drift"), "Settings cannot be planned yet", driftDetail(address.String(), state.computedAttributes)+
				" Whether the apply repairs it depends on arguments that are known only during the apply. First apply the resources that define "+
				"on_drift, adopt and the value, or change the settings later.")
		}
	case write:
		r.checkValue(*plan, config, diagnostics)
		if fingerprint == fingerprintMissing && !versionChanged && private.Repair == repairNone {
			diagnostics.AddAttributeWarning(path.Root("detect_changes"), "Value is sent once to record its fingerprint",
				fmt.Sprintf("%s: %s", address, fingerprintHint))
		}
	}
	decided.reportImport(diagnostics, private.Imported, address.Kind.String(), address.String())
	decided.report(diagnostics, path.Root("name"), address.Kind.String(), driftDetail(address.String(), state.computedAttributes))
}

// checkSettings refuses settings that no apply can set.
func (r *workflowSecretResource) checkSettings(plan workflowSecretModel, diagnostics *diag.Diagnostics) {
	r.backend.checkDetection(plan.DetectChanges, diagnostics)
	// Validators have checked each set of labels; together they may be too many.
	checkLabels(path.Root("custom_metadata"), plan.CustomMetadataAll, diagnostics)
}

// checkValue refuses an invalid value during the plan. A value that is not known
// yet, or not to this plan because of ignore_changes, is checked before it is sent.
func (r *workflowSecretResource) checkValue(plan, config workflowSecretModel, diagnostics *diag.Diagnostics) {
	if config.ValueWO.IsUnknown() || config.ValueWO.IsNull() || r.backend.client == nil || plan.Workflow.IsUnknown() || plan.Name.IsUnknown() {
		return
	}
	err := r.backend.client.Check(secrets.Write{
		Address: r.backend.address(plan, privateState{}),
		Value:   secrets.NewValue(config.ValueWO.ValueString()),
	})
	if err != nil {
		report(diagnostics, "Invalid value_wo", err)
	}
}

func moved(state, plan workflowSecretModel) bool {
	return !state.Workflow.Equal(plan.Workflow) || !state.Name.Equal(plan.Name)
}
