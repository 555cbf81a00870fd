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

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// secretElementType is the type of an element of the secrets map.
var secretElementType = types.ObjectType{AttrTypes: map[string]attr.Type{
	"value_wo":         types.StringType,
	"value_wo_version": types.StringType,
	"version":          types.Int64Type,
	"created_time":     types.StringType,
	"observed_version": types.Int64Type,
	"drift":            types.StringType,
	"expires_at":       types.StringType,
}}

// elements are the secrets of a set by name.
type elements map[string]secretElement

// decode converts the map; ok is false while a name or element is not known.
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

// encode converts the elements to a map.
func (all elements) encode(ctx context.Context, diagnostics *diag.Diagnostics) types.Map {
	m, problems := types.MapValueFrom(ctx, secretElementType, all)
	diagnostics.Append(problems...)
	return m
}

func (all elements) names() []string { return slices.Sorted(maps.Keys(all)) }

// ModifyPlan decides what happens to each value and puts the decisions into the plan.
func (r *workflowSecretsResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if !r.plans(req, &resp.Diagnostics) {
		return
	}
	var plan, config workflowSecretsModel
	resp.Diagnostics.Append(getModel(ctx, req.Plan.Raw, req.Plan.Schema, &plan)...)
	resp.Diagnostics.Append(getModel(ctx, req.Config.Raw, req.Config.Schema, &config)...)
	state, private := priorState[workflowSecretsModel, setPrivateState](ctx, req, &resp.Diagnostics)
	plan.fill(config, r.backend.defaults)
	r.backend.checkDetection(plan.DetectChanges, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	plan.Path = r.backend.scopePath(plan.Workflow)
	checked := state == nil && private.Replaces.isElsewhere(plan.Path)
	if state != nil {
		current := pathOfScope(private.scope(r.backend.root(), state.Workflow.ValueString()))
		all, _ := decode(ctx, state.Secrets, &resp.Diagnostics)
		private.Replaces = all.replaced(current, private)
		resp.Diagnostics.Append(private.save(ctx, resp.Private)...)
		if !plan.Path.IsUnknown() && plan.Path.ValueString() != current {
			if addressCameLate(private.AddressUnknown, current, plan.Path, &resp.Diagnostics) {
				return
			}
			resp.RequiresReplace.Append(path.Root("path"))
			state = nil
		}
	}
	replaces := private.Replaces
	if state == nil {
		private = newSetPrivateState(r.backend.root())
	}
	planned, known := decode(ctx, plan.Secrets, &resp.Diagnostics)
	values, valuesKnown := decode(ctx, config.Secrets, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	known = known && valuesKnown
	plan.Undeclared = plan.planUndeclared(state, planned, known, private.Undeclared)
	if known {
		created := r.decideEach(ctx, plan, state, planned, values, private, &resp.Diagnostics)
		r.checkValues(plan, planned, values, &resp.Diagnostics)
		if !checked {
			r.planCreate(ctx, plan, created, private, replaces, &resp.Diagnostics)
		}
		plan.Secrets = planned.encode(ctx, &resp.Diagnostics)
	}
	resp.Diagnostics.Append(setModel(ctx, &resp.Plan.Raw, resp.Plan.Schema, plan)...)
}

// fill sets the arguments that apply: those of the resource, else the defaults of
// the provider block.
func (m *workflowSecretsModel) fill(config workflowSecretsModel, d defaults) {
	m.options.fill(config.options, d.options)
	m.DetectChanges = firstBool(config.DetectChanges, d.DetectChanges)
}

// setPlan plans the secrets of a set.
type setPlan struct {
	backend *backend
	plan    workflowSecretsModel
	scope   secrets.Scope
	private setPrivateState
	// drifted are the details of the drift that is not repaired, by decision.
	drifted map[decision][]string
	// withoutFingerprint are the secrets that are sent to record their fingerprint.
	withoutFingerprint []string
}

// decideEach puts the decisions into the planned elements, and returns the names that
// the plan creates. state is nil for a new set.
func (r *workflowSecretsResource) decideEach(ctx context.Context, plan workflowSecretsModel, state *workflowSecretsModel, planned, values elements, private setPrivateState, diagnostics *diag.Diagnostics) (created []string) {
	current := elements{}
	if state != nil {
		current, _ = decode(ctx, state.Secrets, diagnostics)
	}
	set := setPlan{drifted: map[decision][]string{}, backend: r.backend, plan: plan, scope: private.scope(r.backend.root(), plan.Workflow.ValueString()), private: private}
	for _, name := range planned.names() {
		next := planned[name]
		if last, exists := current[name]; exists {
			set.decideOne(name, &next, last, values[name].ValueWO)
		} else {
			next.markUnknown()
			created = append(created, name)
		}
		planned[name] = next
	}
	for _, decided := range slices.Sorted(maps.Keys(set.drifted)) {
		decided.report(diagnostics, ofSet, "secret", strings.Join(set.drifted[decided], "\n"))
	}
	if len(set.withoutFingerprint) > 0 {
		diagnostics.AddAttributeWarning(path.Root("detect_changes"), "Values are sent once to record their fingerprints",
			fmt.Sprintf("%s: %s. %s", plan.Workflow.ValueString(), strings.Join(set.withoutFingerprint, ", "), fingerprintHint))
	}
	return created
}

// decideOne decides what happens to the value of an existing secret.
func (s *setPlan) decideOne(name string, next *secretElement, last secretElement, value types.String) {
	next.computedAttributes = last.computedAttributes
	private, address := s.private.of(name, last.computedAttributes), s.scope.Secret(name)
	versionUnknown := next.ValueWOVersion.IsUnknown()
	versionChanged := !versionUnknown && !next.ValueWOVersion.Equal(last.ValueWOVersion)
	fingerprint := s.backend.compareFingerprint(s.plan.DetectChanges, address, value, private.HMAC1)
	decided := decide(decisionInput{
		repair:       private.Repair,
		unfinished:   private.Unfinished,
		valueChanged: versionChanged || fingerprint.changed(),
		valueUnknown: versionUnknown || fingerprint == fingerprintUnknown,
		onDrift:      s.plan.OnDrift,
		adopt:        s.plan.adopting,
	})
	next.setDecision(decided, last.computedAttributes)
	switch decided {
	case keepAndWarn, stopOnDrift, stopNotOwner:
		s.drifted[decided] = append(s.drifted[decided], driftDetail(address.String(), last.computedAttributes))
	case write:
		if fingerprint == fingerprintMissing && !versionChanged && private.Repair == repairNone {
			s.withoutFingerprint = append(s.withoutFingerprint, name)
		}
	}
}

// checkValues refuses invalid values that the plan sends. A value that is not known
// yet is checked before it is sent.
func (r *workflowSecretsResource) checkValues(plan workflowSecretsModel, planned, values elements, diagnostics *diag.Diagnostics) {
	if r.backend.client == nil || plan.Workflow.IsUnknown() {
		return
	}
	sent := slices.DeleteFunc(planned.names(), func(name string) bool { return !planned[name].writePlanned() })
	// The host passes null for a value under ignore_changes: it is known in the apply.
	sent = slices.DeleteFunc(sent, func(name string) bool { return values[name].ValueWO.IsNull() })
	b := r.newBatch(plan, newSetPrivateState(r.backend.root()), values)
	b.checkValues(sent).addErrors(diagnostics, "Invalid value_wo")
}

// scopePath returns where the provider block puts the secrets; unknown while that is
// not known.
func (b *backend) scopePath(workflow types.String) types.String {
	if b.addressUnknown || workflow.IsUnknown() {
		return types.StringUnknown()
	}
	return types.StringValue(pathOfScope(b.root().In(workflow.ValueString())))
}

// pathOfScope returns the path of the values in a scope.
func pathOfScope(s secrets.Scope) string { return strings.TrimSuffix(pathOf(s.Secret("")), "/") }
