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

// driftState is all that the plan for an existing secret is decided from.
type driftState struct {
	repair repair
	// unfinished: a write of our own broke off.
	unfinished bool
	// valueChanged: value_wo_version or the value's fingerprint differs.
	valueChanged bool
	// valueUnknown: the fingerprint can be compared only in the apply.
	valueUnknown bool
	onDrift      string
	adopt        bool
}

// decision is what a plan does about the value of an existing secret.
type decision int

const (
	keep           decision = iota // put nothing
	keepAndWarn                    // put nothing, and say that there is drift
	write                          // put the value
	writeIfChanged                 // leave it to the apply, which knows the value
	stopOnDrift                    // stop: on_drift says so
	stopNotOwner                   // stop: it is not ours to write
)

func decide(s driftState) decision {
	kept := decideKnown(s)
	if !s.valueUnknown || (kept != keep && kept != keepAndWarn) {
		return kept
	}
	s.valueChanged = true
	if decideKnown(s) == write {
		return writeIfChanged
	}
	return kept
}

// decideKnown is decide where the value is known, or does not matter.
func decideKnown(s driftState) decision {
	var (
		drifted = s.repair != repairNone
		foreign = s.repair == repairAdopt && !s.adopt
		// What we began ourselves is finished whatever on_drift says.
		ours = s.unfinished && !foreign
	)
	switch {
	case !drifted && !s.valueChanged:
		return keep
	case drifted && !ours && s.onDrift == onDriftError:
		return stopOnDrift
	case drifted && !ours && s.onDrift == onDriftWarn && !s.valueChanged:
		return keepAndWarn
	case foreign:
		return stopNotOwner
	}
	return write
}

// addProblem says what a decision keeps from happening; detail is what was found.
func (d decision) report(diagnostics *diag.Diagnostics, at path.Path, detail string) {
	switch d {
	case keepAndWarn:
		diagnostics.AddAttributeWarning(at, "Secret was changed outside Terraform",
			detail+"\n\nNothing is changed, because on_drift is \"warn\".")
	case stopOnDrift:
		diagnostics.AddAttributeError(at, "Secret was changed outside Terraform",
			detail+"\n\nThe plan stops, because on_drift is \"error\". To send the value of this configuration "+
				"again, apply once with on_drift = \"overwrite\"."+destroyHint)
	case stopNotOwner:
		diagnostics.AddAttributeError(at, "Secret is not this configuration's to write",
			detail+adoptHint+" To leave it as it is, set on_drift = \"warn\", or remove it "+
				"from the configuration: what is not its own is not deleted."+destroyHint)
	}
}

// destroyHint is needed because Terraform makes an ordinary plan before it
// plans to destroy.
const destroyHint = " To destroy everything, run destroy with -refresh=false."

// driftDetail names what was found and what it is compared with.
func driftDetail(address secrets.Address, f computedAttributes) string {
	return computedAttributesDetail(address.String(), f)
}

func computedAttributesDetail(id string, f computedAttributes) string {
	detail := fmt.Sprintf("%s: %s.", id, f.Drift.ValueString())
	if f.Version.ValueInt64() > 0 {
		detail += fmt.Sprintf(" Terraform wrote version %d at %s; the current version is %d.",
			f.Version.ValueInt64(), f.CreatedTime.ValueString(), f.ObservedVersion.ValueInt64())
	}
	return detail
}

// repairFor is what a verdict calls for. A secret of ours that is absent, as
// after a first write that was lost, has to be written.
func repairFor(v secrets.Verdict, needsAdopt bool) repair {
	switch {
	case v.State == secrets.InSync || v.State == secrets.NotChecked:
		return repairNone
	case needsAdopt:
		return repairAdopt
	}
	return repairWrite
}

// ModifyPlan decides what happens to the value and says so in the plan.
func (r *workflowSecretResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	// Where it is not, that is said once, and all others are planned: an apply plans
	// update, takes no other plan than the approved one, and then says so of each.
	_ = r.backend.usable(&resp.Diagnostics)
	if req.Plan.Raw.IsNull() || r.backend == nil {
		return // it is destroyed, or the provider is not configured
	}
	var plan, config workflowSecretModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	state, private := r.prior(ctx, req, &resp.Diagnostics)
	plan.fill(config, r.backend.defaults)
	r.checkSettings(plan, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	if private.MovedFrom != "" {
		resp.Diagnostics.AddError(cannotMove, "Without a refresh nobody knows what is there. Plan without -refresh=false.")
		return
	}
	if state == nil || moved(*state, plan) {
		// A secret that moves is planned twice; the second time it has no state.
		plan.Path = r.backend.path(plan)
		r.checkValue(plan, config, &resp.Diagnostics)
		resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
		return
	}
	if at := r.backend.path(plan); !at.IsUnknown() && !at.Equal(state.Path) {
		plan.markUnknown()
		plan.Path = at
		resp.RequiresReplace.Append(path.Root("path"))
		resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
		return
	}

	plan.keepComputedAttributes(*state)
	plan.keepSpelling(*state)
	versionChanged := !plan.ValueWOVersion.Equal(state.ValueWOVersion)
	fingerprint := r.backend.compareFingerprint(plan.DetectChanges, r.backend.address(plan, private), config.ValueWO, private.HMAC1)
	decided := decide(driftState{
		repair:       private.Repair,
		unfinished:   private.Unfinished,
		valueChanged: versionChanged || fingerprint.changed(),
		valueUnknown: fingerprint == fingerprintUnknown,
		onDrift:      plan.OnDrift.ValueString(),
		adopt:        plan.Adopt.ValueBool(),
	})
	switch decided {
	case keepAndWarn:
		plan.keepSettings(*state)
	case write:
		plan.markUnknown()
		plan.Drift = inSync
		r.checkValue(plan, config, &resp.Diagnostics)
		if fingerprint == fingerprintMissing && !versionChanged && private.Repair == repairNone {
			resp.Diagnostics.AddAttributeWarning(path.Root("detect_changes"), "Value is sent once for its fingerprint",
				fmt.Sprintf("%s: %s", r.backend.address(plan, private), noFingerprintNoted))
		}
	case writeIfChanged:
		plan.markUnknown()
		if state.Drift.Equal(inSync) {
			plan.Drift = inSync
		}
	}
	decided.report(&resp.Diagnostics, path.Root("name"), driftDetail(r.backend.address(*state, private), state.computedAttributes))
	resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
}

// prior is the state and memory of a secret that exists; nil for one that does
// not.
func (r *workflowSecretResource) prior(ctx context.Context, req resource.ModifyPlanRequest, diagnostics *diag.Diagnostics) (*workflowSecretModel, privateState) {
	if req.State.Raw.IsNull() {
		return nil, privateState{}
	}
	var state workflowSecretModel
	diagnostics.Append(req.State.Get(ctx, &state)...)
	return &state, loadPrivateState[privateState](ctx, req.Private, diagnostics)
}

// checkSettings refuses what no apply could bring about.
func (r *workflowSecretResource) checkSettings(plan workflowSecretModel, diagnostics *diag.Diagnostics) {
	r.backend.checkDetection(plan.DetectChanges, diagnostics)
	// Each part was checked by itself; together the labels may be too many.
	checkLabels(path.Root("custom_metadata"), plan.CustomMetadataAll, diagnostics)
}

// checkValue refuses at plan time a value that Vault should never see. One that
// is not known yet is checked before it is sent.
func (r *workflowSecretResource) checkValue(plan, config workflowSecretModel, diagnostics *diag.Diagnostics) {
	if config.ValueWO.IsUnknown() || r.backend.client == nil || plan.Workflow.IsUnknown() || plan.Name.IsUnknown() {
		return
	}
	err := r.backend.client.Check(secrets.Write{
		Address: r.backend.address(plan, privateState{}),
		Value:   secrets.NewValue(config.ValueWO.ValueString()),
	})
	if err != nil {
		report(diagnostics, "Checking the value", err)
	}
}

func moved(state, plan workflowSecretModel) bool {
	return !state.Workflow.Equal(plan.Workflow) || !state.Name.Equal(plan.Name)
}

// keepComputedAttributes keeps what Read and the last write found: without it Terraform
// would show each as "known after apply" whenever an argument changes.
func (m *workflowSecretModel) keepComputedAttributes(state workflowSecretModel) {
	m.computedAttributes, m.Path = state.computedAttributes, state.Path
}
