// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

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
	// imported: the first apply after an import writes the value, so that the state has a
	// baseline of its own. Two states that import one object would otherwise have the same.
	imported bool
	// valueChanged: the version argument or the fingerprint of the value differs.
	valueChanged bool
	// valueUnknown: whether they differ is known only during the apply.
	valueUnknown bool
	// onDrift and adopt can be unknown, too.
	onDrift types.String
	adopt   types.Bool
}

// decision is what a plan does with the value of an existing object.
type decision int

const (
	keep          decision = iota // send nothing
	keepAndWarn                   // send nothing, and warn of the drift
	write                         // send the value
	decideInApply                 // the apply decides, when the arguments are known
	stopOnDrift                   // stop, because on_drift is "error"
	stopNotOwner                  // stop, because the write needs adopt
)

// decide decides what a plan does with a value. While arguments are unknown, it decides
// for each of their values: if the decisions differ and one of them is a write, the apply
// decides, for which Terraform plans again.
func decide(in decisionInput) decision {
	decided := map[decision]bool{}
	in.valueChanged = in.valueChanged || in.imported
	for _, known := range in.variants() {
		decided[decideKnown(known)] = true
	}
	switch {
	case decided[write] && len(decided) > 1:
		return decideInApply
	case decided[keepAndWarn]:
		return keepAndWarn
	}
	for _, one := range []decision{write, keep, stopNotOwner} {
		if decided[one] {
			return one
		}
	}
	return stopOnDrift
}

// variants returns the input with every value that an unknown argument can have.
func (in decisionInput) variants() []decisionInput {
	onDrift := []types.String{in.onDrift}
	if in.onDrift.IsUnknown() {
		onDrift = []types.String{types.StringValue(onDriftOverwrite), types.StringValue(onDriftWarn), types.StringValue(onDriftError)}
	}
	adopt := []types.Bool{in.adopt}
	if in.adopt.IsUnknown() {
		adopt = []types.Bool{types.BoolValue(false), types.BoolValue(true)}
	}
	changed := []bool{in.valueChanged}
	if in.valueUnknown && !in.valueChanged {
		changed = []bool{false, true}
	}
	var out []decisionInput
	for _, in.onDrift = range onDrift {
		for _, in.adopt = range adopt {
			for _, in.valueChanged = range changed {
				out = append(out, in)
			}
		}
	}
	return out
}

// decideKnown is decide for arguments that are known.
func decideKnown(in decisionInput) decision {
	var (
		drifted    = in.repair != repairNone
		needsAdopt = in.repair == repairAdopt && !in.adopt.ValueBool()
		// An interrupted write of this resource is finished, whatever on_drift is.
		finishes = in.unfinished && !needsAdopt
		onDrift  = in.onDrift.ValueString()
	)
	switch {
	case !drifted && !in.valueChanged:
		return keep
	case drifted && !finishes && onDrift == onDriftError:
		return stopOnDrift
	case drifted && !finishes && onDrift == onDriftWarn && !in.valueChanged:
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
	case decideInApply:
		c.markUnknown()
		if prior.Drift.Equal(inSync) {
			c.Drift = inSync
		}
	}
}

// reportImport explains the write that follows an import.
func (d decision) reportImport(diagnostics *diag.Diagnostics, imported bool, kind, id string) {
	if imported && d == write {
		diagnostics.AddAttributeWarning(path.Root("name"), capital(kind)+" was imported",
			fmt.Sprintf("%s: an import does not read which version has the value of this configuration. The first apply writes the value, "+
				"also if it is the same. Until then a destroy deletes nothing in Vault.", id))
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
				"Terraform deletes only the version that it wrote. If the provider's owner was changed, restore it."+destroyHint)
	}
}

// adoptHint follows an error about another owner.
const adoptHint = "\n\nTo take it over, set adopt = true for one apply. That apply overwrites the current value with the value of this configuration."

// withAdoptHint adds the hint to the text of an error about another owner. The text about
// an object of this owner contains the ways out.
func withAdoptHint(text string, err error) string {
	if _, exists := errors.AsType[*existsError](err); exists {
		return text
	}
	return text + adoptHint
}

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
