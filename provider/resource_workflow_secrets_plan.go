// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// secretElementType is what Terraform knows a secret of the map as.
var secretElementType = types.ObjectType{AttrTypes: map[string]attr.Type{
	"value_wo":         types.StringType,
	"value_wo_version": types.StringType,
	"version":          types.Int64Type,
	"created_time":     types.StringType,
	"observed_version": types.Int64Type,
	"drift":            types.StringType,
	"expires_at":       types.StringType,
}}

// elements are the secrets of the map by name.
type elements map[string]secretElement

// decode takes the map apart; ok is false while not all of its names and
// elements are known.
func decode(ctx context.Context, m types.Map, diagnostics *diag.Diagnostics) (all elements, ok bool) {
	if m.IsUnknown() {
		return nil, false
	}
	for _, element := range m.Elements() {
		if element.IsUnknown() {
			return nil, false
		}
	}
	all = elements{}
	diagnostics.Append(m.ElementsAs(ctx, &all, false)...)
	return all, !diagnostics.HasError()
}

// encode puts the map together again.
func (all elements) encode(ctx context.Context, diagnostics *diag.Diagnostics) types.Map {
	m, problems := types.MapValueFrom(ctx, secretElementType, all)
	diagnostics.Append(problems...)
	return m
}

func (all elements) names() []string { return slices.Sorted(maps.Keys(all)) }

// secretPath is where a secret stands in the configuration.
func secretPath(name string) path.Path { return path.Root("secrets").AtMapKey(name) }

// ModifyPlan decides for each secret what happens to its value and says so in the
// plan, as relay_workflow_secret does for one.
func (r *workflowSecretsResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	// Where it is not, that is said once, and all others are planned: an apply plans
	// update, takes no other plan than the approved one, and then says so of each.
	_ = r.backend.usable(&resp.Diagnostics)
	if req.Plan.Raw.IsNull() || r.backend == nil {
		return // it is destroyed, or the provider is not configured
	}
	var plan, config workflowSecretsModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	state, private := r.prior(ctx, req, &resp.Diagnostics)
	plan.fill(config, r.backend.defaults)
	r.backend.checkDetection(plan.DetectChanges, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	plan.Path = r.backend.scopePath(plan.Workflow)
	switch {
	case state == nil:
	case plan.Path.IsUnknown():
		plan.Path = state.Path
	case !plan.Path.Equal(state.Path):
		resp.RequiresReplace.Append(path.Root("path"))
		state = nil
	}
	planned, known := decode(ctx, plan.Secrets, &resp.Diagnostics)
	values, valuesKnown := decode(ctx, config.Secrets, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	known = known && valuesKnown
	plan.Undeclared = plan.planUndeclared(state, planned, known, private.Undeclared)
	if known {
		r.decideEach(ctx, plan, state, planned, values, private, &resp.Diagnostics)
		r.checkValues(plan, planned, values, &resp.Diagnostics)
		plan.Secrets = planned.encode(ctx, &resp.Diagnostics)
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
}

// load puts in what holds where the resource itself says nothing: the provider's
// defaults, else ours.
func (m *workflowSecretsModel) fill(config workflowSecretsModel, d defaults) {
	m.OnDrift = firstString(config.OnDrift, d.OnDrift, types.StringValue(onDriftOverwrite))
	m.Adopt = firstBool(config.Adopt, d.Adopt, types.BoolValue(false))
	m.Deletion = firstString(config.Deletion, d.Deletion, types.StringValue(deletionSoft))
	m.DetectChanges = firstBool(config.DetectChanges, d.DetectChanges)
}

// prior is the state and memory of a resource that exists; nil for one that does
// not.
func (r *workflowSecretsResource) prior(ctx context.Context, req resource.ModifyPlanRequest, diagnostics *diag.Diagnostics) (*workflowSecretsModel, setPrivateState) {
	if req.State.Raw.IsNull() {
		return nil, setPrivateState{}
	}
	var state workflowSecretsModel
	diagnostics.Append(req.State.Get(ctx, &state)...)
	return &state, loadPrivateState[setPrivateState](ctx, req.Private, diagnostics)
}

// decideEach puts the decisions into the wanted elements. state is nil before
// there is one.
func (r *workflowSecretsResource) decideEach(ctx context.Context, plan workflowSecretsModel, state *workflowSecretsModel, planned, values elements, private setPrivateState, diagnostics *diag.Diagnostics) {
	current := elements{}
	if state != nil {
		current, _ = decode(ctx, state.Secrets, diagnostics)
	}
	scope := private.scope(plan.Workflow.ValueString())
	var left, unprinted []string
	for _, name := range planned.names() {
		next := planned[name]
		last, exists := current[name]
		if !exists {
			next.markUnknown()
			planned[name] = next
			continue
		}
		next.computedAttributes = last.computedAttributes
		one, address := private.of(name, last.computedAttributes), scope.Secret(name)
		versionChanged := !next.ValueWOVersion.Equal(last.ValueWOVersion)
		fingerprint := r.backend.compareFingerprint(plan.DetectChanges, address, values[name].ValueWO, one.HMAC1)
		switch decided := decide(driftState{
			repair:       one.Repair,
			unfinished:   one.Unfinished,
			valueChanged: versionChanged || fingerprint.changed(),
			valueUnknown: fingerprint == fingerprintUnknown,
			onDrift:      plan.OnDrift.ValueString(),
			adopt:        plan.Adopt.ValueBool(),
		}); decided {
		case keepAndWarn:
			left = append(left, driftDetail(address, last.computedAttributes))
		case write:
			next.markUnknown()
			next.Drift = inSync
			if fingerprint == fingerprintMissing && !versionChanged && one.Repair == repairNone {
				unprinted = append(unprinted, name)
			}
		case writeIfChanged:
			next.markUnknown()
			if last.Drift.Equal(inSync) {
				next.Drift = inSync
			}
		default:
			decided.report(diagnostics, secretPath(name), driftDetail(address, last.computedAttributes))
		}
		planned[name] = next
	}
	// One warning for all: of several Terraform would show only the first.
	if len(left) > 0 {
		keepAndWarn.report(diagnostics, path.Root("secrets"), strings.Join(left, "\n"))
	}
	if len(unprinted) > 0 {
		diagnostics.AddAttributeWarning(path.Root("detect_changes"), "Values are sent once for their fingerprints",
			fmt.Sprintf("%s: %s. %s", plan.Workflow.ValueString(), strings.Join(unprinted, ", "), noFingerprintNoted))
	}
}

// checkValues refuses at plan time what Vault should never see, of the secrets
// that the plan sends. What is not known yet is checked before it is sent.
func (r *workflowSecretsResource) checkValues(plan workflowSecretsModel, planned, values elements, diagnostics *diag.Diagnostics) {
	if r.backend.client == nil || plan.Workflow.IsUnknown() {
		return
	}
	sent := slices.DeleteFunc(planned.names(), func(name string) bool { return !planned[name].writePlanned() })
	b := r.newBatch(plan, setPrivateState{Mount: r.backend.mount, Prefix: r.backend.prefix}, values)
	b.checkValues(sent).addErrors(diagnostics, "Checking the values")
}

// scopePath is where the provider block puts the secrets, unknown as long as that
// is.
func (b *backend) scopePath(workflow types.String) types.String {
	if b.mount == "" || b.prefix == "" || workflow.IsUnknown() {
		return types.StringUnknown()
	}
	return types.StringValue(strings.Join([]string{b.mount, "data", b.prefix, workflow.ValueString()}, "/"))
}
