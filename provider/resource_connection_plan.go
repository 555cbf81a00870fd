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
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// ModifyPlan decides what happens to the fields and puts the decision into the plan.
func (r *connectionResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if !r.plans(req, &resp.Diagnostics) {
		return
	}
	var plan, config connectionModel
	resp.Diagnostics.Append(getModel(ctx, req.Plan.Raw, req.Plan.Schema, &plan)...)
	resp.Diagnostics.Append(getModel(ctx, req.Config.Raw, req.Config.Schema, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if r.backend.domain == "" && r.backend.unknownSettings == "" {
		resp.Diagnostics.AddError(noDomain, noDomainDetail)
		return
	}
	plan.fill(config.options, r.backend.defaults.options)
	planned := r.path(plan)
	state, private := priorState[connectionModel, privateState](ctx, req, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	var current string
	if state != nil {
		current = pathOf(r.address(*state, private))
		private.Replaces = state.replaced(current, private)
	}
	switch {
	case state == nil:
		plan.Path = planned
		if !private.planned(planned) {
			r.planCreate(ctx, plan, config, private, &resp.Diagnostics)
		}
	case !plan.Type.Equal(state.Type) || !plan.Name.Equal(state.Name):
		plan.Path = planned
		planMove(planned, plan.adopting, private, driftDetail(r.address(*state, private).String(), state.computedAttributes), &resp.Diagnostics)
		r.planCreate(ctx, plan, config, private, &resp.Diagnostics)
	case !planned.IsUnknown() && planned.ValueString() != current:
		plan.markUnknown()
		plan.Path = planned
		if !addressCameLate(private.AddressUnknown, current, planned, &resp.Diagnostics) {
			resp.RequiresReplace.Append(path.Root("path"))
			r.planCreate(ctx, plan, config, private, &resp.Diagnostics)
		}
	default:
		r.planFields(&plan, config, *state, private, &resp.Diagnostics)
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
func (r *connectionResource) planCreate(ctx context.Context, plan, config connectionModel, private privateState, diagnostics *diag.Diagnostics) {
	address := r.address(plan, privateState{})
	r.checkFields(address, config, diagnostics)
	if !plan.Path.IsUnknown() {
		r.resourceBase.planCreate(ctx, plannedCreate{address, address.String(), plan.adopting, private.Replaces}, plan.Timeouts.Create, diagnostics)
	}
}

// planFields decides what happens to the fields of an existing connection.
func (r *connectionResource) planFields(plan *connectionModel, config, state connectionModel, private privateState, diagnostics *diag.Diagnostics) {
	plan.computedAttributes, plan.Path = state.computedAttributes, state.Path
	versionUnknown := plan.FieldsWOVersion.IsUnknown()
	decided := decide(decisionInput{
		repair:       private.Repair,
		unfinished:   private.Unfinished,
		imported:     private.Imported,
		valueChanged: !versionUnknown && !plan.FieldsWOVersion.Equal(state.FieldsWOVersion),
		valueUnknown: versionUnknown,
		onDrift:      plan.OnDrift,
		adopt:        plan.adopting,
	})
	plan.setDecision(decided, state.computedAttributes)
	address := r.address(state, private)
	if decided == write {
		r.checkFields(address, config, diagnostics)
	}
	decided.reportImport(diagnostics, private.Imported, address.Kind.String(), address.String())
	decided.report(diagnostics, path.Root("name"), address.Kind.String(), driftDetail(address.String(), state.computedAttributes))
}

// path returns where the provider block puts the connection; unknown while that is
// not known.
func (r *connectionResource) path(m connectionModel) types.String {
	if r.backend.addressUnknown || m.Type.IsUnknown() || m.Name.IsUnknown() {
		return types.StringUnknown()
	}
	return types.StringValue(pathOf(r.address(m, privateState{})))
}

// checkFields refuses fields that no reader of the type can use, and values that the write
// would refuse, during the plan, as far as they are known.
func (r *connectionResource) checkFields(address secrets.Address, config connectionModel, diagnostics *diag.Diagnostics) {
	names, known := config.fieldNames()
	if !known {
		return
	}
	found := connections.CheckFields(config.Type.ValueString(), names)
	if found.Problem != "" {
		diagnostics.AddAttributeError(path.Root("name"), "Fields do not match the type", sentence(found.Problem))
	}
	if found.Warning != "" {
		diagnostics.AddAttributeWarning(path.Root("type"), "Unknown type or field",
			sentence(fmt.Sprintf("connection %s/%s: %s", config.Type.ValueString(), config.Name.ValueString(), found.Warning)))
	}
	values, err := config.fields()
	if err != nil || found.Problem != "" || r.backend.client == nil || config.Name.IsUnknown() {
		return // a value is not known yet, and is checked before it is sent
	}
	if err := r.client().Check(secrets.Write{Address: address, Fields: values}); err != nil {
		report(diagnostics, "Invalid fields_wo", fmt.Errorf("connection %s: %w", address, err))
	}
}
