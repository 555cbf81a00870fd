// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// repair is what brings an object back in sync.
type repair string

const (
	// repairNone: it is in sync, or drift was not checked.
	repairNone repair = ""
	// repairWrite: a write.
	repairWrite repair = "write"
	// repairAdopt: a write that takes the object over.
	repairAdopt repair = "adopt"
)

// repairFor returns the repair for a verdict. An object of this owner that is
// absent, as after a create that never reached Vault, has to be written.
func repairFor(v secrets.Verdict, needsAdopt bool) repair {
	switch {
	case v.State == secrets.InSync || v.State == secrets.NotChecked:
		return repairNone
	case needsAdopt:
		return repairAdopt
	}
	return repairWrite
}

// decisionInput is what the plan for an existing object is decided from.
type decisionInput struct {
	repair repair
	// unfinished: a write of this resource was interrupted.
	unfinished bool
	// valueChanged: the version argument or the fingerprint of the value differs.
	valueChanged bool
	// valueUnknown: the fingerprint can be compared only during the apply.
	valueUnknown bool
	onDrift      string
	adopt        bool
}

// decision is what a plan does with the value of an existing object.
type decision int

const (
	keep           decision = iota // send nothing
	keepAndWarn                    // send nothing, and warn of the drift
	write                          // send the value
	writeIfChanged                 // the apply decides, when the value is known
	stopOnDrift                    // stop, because on_drift is "error"
	stopNotOwner                   // stop, because the write needs adopt
)

// decide decides what a plan does with a value.
func decide(in decisionInput) decision {
	decided := decideKnown(in)
	if !in.valueUnknown || (decided != keep && decided != keepAndWarn) {
		return decided
	}
	in.valueChanged = true
	if decideKnown(in) == write {
		return writeIfChanged
	}
	return decided
}

// decideKnown is decide for a value that is known or does not matter.
func decideKnown(in decisionInput) decision {
	var (
		drifted    = in.repair != repairNone
		needsAdopt = in.repair == repairAdopt && !in.adopt
		// An interrupted write of this resource is finished, whatever on_drift is.
		finishes = in.unfinished && !needsAdopt
	)
	switch {
	case !drifted && !in.valueChanged:
		return keep
	case drifted && !finishes && in.onDrift == onDriftError:
		return stopOnDrift
	case drifted && !finishes && in.onDrift == onDriftWarn && !in.valueChanged:
		return keepAndWarn
	case needsAdopt:
		return stopNotOwner
	}
	return write
}

// setDecision puts a decision into the planned attributes; prior are those of the state.
func (c *computedAttributes) setDecision(d decision, prior computedAttributes) {
	switch d {
	case write:
		c.markUnknown()
		c.Drift = inSync
	case writeIfChanged:
		c.markUnknown()
		if prior.Drift.Equal(inSync) {
			c.Drift = inSync
		}
	}
}

// report reports a decision that changes nothing although there is drift. kind is
// "secret" or "connection", detail is from driftDetail.
func (d decision) report(diagnostics *diag.Diagnostics, at path.Path, kind, detail string) {
	switch d {
	case keepAndWarn:
		diagnostics.AddAttributeWarning(at, capital(kind)+" was changed outside Terraform",
			detail+"\n\nThe plan changes nothing, because on_drift is \"warn\".")
	case stopOnDrift:
		diagnostics.AddAttributeError(at, capital(kind)+" was changed outside Terraform",
			detail+"\n\nThe plan stops, because on_drift is \"error\". To send the value of this configuration again, "+
				"apply once with on_drift = \"overwrite\"."+destroyHint)
	case stopNotOwner:
		diagnostics.AddAttributeError(at, capital(kind)+" is not owned by this configuration",
			detail+adoptHint+" If another configuration or git source owns it, remove it there only after that apply."+
				" To leave it unchanged, set on_drift = \"warn\", or remove it from the configuration: "+
				"Terraform deletes only what this configuration owns."+destroyHint)
	}
}

// adoptHint follows an error about another owner.
const adoptHint = "\n\nTo take it over, set adopt = true for one apply. That apply overwrites the current value with the value of this configuration."

// destroyHint is needed because terraform destroy makes an ordinary plan first.
const destroyHint = " To destroy all resources, run \"terraform destroy -refresh=false\"."

// driftDetail describes the drift of an object and the versions it was found from.
func driftDetail(id string, c computedAttributes) string {
	detail := fmt.Sprintf("%s: %s.", id, c.Drift.ValueString())
	if c.Version.ValueInt64() > 0 {
		detail += fmt.Sprintf(" Terraform wrote version %d at %s. The current version is %d.",
			c.Version.ValueInt64(), c.CreatedTime.ValueString(), c.ObservedVersion.ValueInt64())
	}
	return detail
}
