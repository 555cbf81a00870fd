// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/relay-secrets/terraform-provider-relay/internal/connections"
)

// ModifyPlan decides what happens to the fields and says so in the plan.
func (r *connectionResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	_ = r.backend.usable(&resp.Diagnostics) // and as relay_workflow_secret goes on
	if req.Plan.Raw.IsNull() || r.backend == nil {
		return // it is destroyed, or the provider is not configured
	}
	var plan, config connectionModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if r.backend.domain == "" && r.backend.unknownSettings == "" {
		resp.Diagnostics.AddError("Connections have no place", sentence(errNoDomain.Error()))
		return
	}
	plan.fill(config, r.backend.defaults)
	plan.Path = r.path(plan)
	if req.State.Raw.IsNull() {
		checkFields(config, &resp.Diagnostics)
		resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
		return
	}
	var state connectionModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	private := loadPrivateState[privateState](ctx, req.Private, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	if !plan.Path.Equal(state.Path) {
		plan.markUnknown()
		if !plan.Path.IsUnknown() && plan.Type.Equal(state.Type) && plan.Name.Equal(state.Name) {
			resp.RequiresReplace.Append(path.Root("path"))
		}
		checkFields(config, &resp.Diagnostics)
		resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
		return
	}
	plan.computedAttributes = state.computedAttributes
	decided := decide(driftState{
		repair:       private.Repair,
		unfinished:   private.Unfinished,
		valueChanged: !plan.FieldsWOVersion.Equal(state.FieldsWOVersion),
		onDrift:      plan.OnDrift.ValueString(),
		adopt:        plan.Adopt.ValueBool(),
	})
	if decided == write {
		plan.markUnknown()
		plan.Drift = inSync
		checkFields(config, &resp.Diagnostics)
	}
	decided.report(&resp.Diagnostics, path.Root("name"), computedAttributesDetail(r.address(state, private).String(), state.computedAttributes))
	resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
}

// path is where the provider block puts the connection, unknown as long as that is.
func (r *connectionResource) path(m connectionModel) types.String {
	if r.backend.mount == "" || r.backend.domain == "" || m.Type.IsUnknown() || m.Name.IsUnknown() {
		return types.StringUnknown()
	}
	return types.StringValue(r.address(m, privateState{}).Pointer().Path())
}

// checkFields refuses at plan time fields that no reader of the type can use, as far
// as they are known.
func checkFields(config connectionModel, diagnostics *diag.Diagnostics) {
	names, known := config.fieldNames()
	if !known {
		return
	}
	found := connections.CheckFields(config.Type.ValueString(), names)
	if found.Problem != "" {
		diagnostics.AddAttributeError(path.Root("fields_wo"), "Fields do not fit the type", sentence(found.Problem))
	}
	if found.Warning != "" {
		diagnostics.AddAttributeWarning(path.Root("type"), "Note on the connection",
			sentence(fmt.Sprintf("connection %s/%s: %s", config.Type.ValueString(), config.Name.ValueString(), found.Warning)))
	}
}
