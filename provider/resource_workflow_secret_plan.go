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
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
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
	switch {
	case state == nil || moved(*state, plan):
		// Terraform plans a moved secret twice; the second time it has no state.
		plan.Path = planned
		r.checkValue(plan, config, &resp.Diagnostics)
	case !planned.IsUnknown() && !planned.Equal(state.Path):
		plan.markUnknown()
		plan.Path = planned
		resp.RequiresReplace.Append(path.Root("path"))
	default:
		r.planValue(&plan, config, *state, private, &resp.Diagnostics)
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
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
		valueChanged: versionChanged || fingerprint.changed(),
		valueUnknown: versionUnknown || fingerprint == fingerprintUnknown,
		onDrift:      plan.OnDrift,
		adopt:        plan.adopting,
	})
	plan.setDecision(decided, state.computedAttributes)
	switch decided {
	case keepAndWarn:
		plan.keepSettings(state)
	case write:
		r.checkValue(*plan, config, diagnostics)
		if fingerprint == fingerprintMissing && !versionChanged && private.Repair == repairNone {
			diagnostics.AddAttributeWarning(path.Root("detect_changes"), "Value is sent once to record its fingerprint",
				fmt.Sprintf("%s: %s", address, fingerprintHint))
		}
	}
	decided.report(diagnostics, path.Root("name"), address.Kind.String(), driftDetail(address.String(), state.computedAttributes))
}

// checkSettings refuses settings that no apply can set.
func (r *workflowSecretResource) checkSettings(plan workflowSecretModel, diagnostics *diag.Diagnostics) {
	r.backend.checkDetection(plan.DetectChanges, diagnostics)
	// Validators have checked each set of labels; together they may be too many.
	checkLabels(path.Root("custom_metadata"), plan.CustomMetadataAll, diagnostics)
}

// checkValue refuses an invalid value during the plan. A value that is not known
// yet is checked before it is sent.
func (r *workflowSecretResource) checkValue(plan, config workflowSecretModel, diagnostics *diag.Diagnostics) {
	if config.ValueWO.IsUnknown() || r.backend.client == nil || plan.Workflow.IsUnknown() || plan.Name.IsUnknown() {
		return
	}
	err := r.backend.client.Check(secrets.Write{
		Address: r.backend.address(plan, privateState{}),
		Value:   secrets.NewValue(config.ValueWO.ValueString()),
	})
	if err != nil {
		report(diagnostics, "Invalid value", err)
	}
}

func moved(state, plan workflowSecretModel) bool {
	return !state.Workflow.Equal(plan.Workflow) || !state.Name.Equal(plan.Name)
}
