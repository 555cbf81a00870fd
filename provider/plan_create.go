// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// plannedCreate is an object that a plan creates, also as a replacement.
type plannedCreate struct {
	address secrets.Address
	// importID is the id to import the object with.
	importID string
	adopt    types.Bool
	// replaces is nil for an object that replaces none.
	replaces *replacedObject
}

// replacedObject is what a replacement deletes. The host plans a replacement twice, the
// second time without a state: it is in the private state that the first plan returned.
type replacedObject struct {
	Path string `json:"path"`
	// Version and Created are the baseline; zero without one.
	Version int       `json:"version,omitempty"`
	Created time.Time `json:"created,omitzero"`
}

// replaced returns what a replacement of this object would delete.
func (c computedAttributes) replaced(path string, private privateState) *replacedObject {
	out := &replacedObject{Path: path}
	if wrote := baseline(c, private); wrote != nil {
		out.Version, out.Created = wrote.Version, wrote.Created
	}
	return out
}

// planned reports whether the first plan of a replacement has checked the new path.
func (p privateState) planned(path types.String) bool {
	return p.Replaces != nil && p.Replaces.Path != path.ValueString()
}

// refuse returns why an apply could not create the object without adopt. It judges the
// metadata as if the replaced object were already deleted: a delete removes only the
// version of the baseline, and every other live value stays.
func (p plannedCreate) refuse(owner secrets.Owner, e secrets.Entry) error {
	if p.replaces != nil && p.replaces.Path == pathOf(p.address) && e.Live() {
		if e.Current == p.replaces.Version && e.Versions[e.Current].Created.Equal(p.replaces.Created) {
			return nil
		}
		return &replaceError{address: p.address, wrote: p.replaces.Version, entry: e}
	}
	if text := alreadyExists(p.address, p.importID, owner, e); text != "" {
		return &existsError{text}
	}
	return secrets.MayWrite(owner, e, p.address)
}

// planCreate reports during the plan what the apply of a create would refuse, so that a
// replacement fails before it deletes anything. It reports whose object an adopt takes
// over. The host shows no warnings of the second plan of a replacement, so the first one
// calls it, too, if the address changes.
func (r *resourceBase) planCreate(ctx context.Context, p plannedCreate, limit timeLimit, diagnostics *diag.Diagnostics) {
	if r.backend.client == nil || r.backend.addressUnknown || p.address.Check() != nil || diagnostics.HasError() {
		return // known only during the apply, or reported
	}
	ctx, end := r.begin(ctx, limit, diagnostics)
	defer end()
	kind := p.address.Kind.String()
	observed, err := r.backend.client.Describe(ctx, p.address)
	if err == nil {
		err = r.backend.client.CanWrite(ctx, p.address)
	}
	if err != nil {
		report(diagnostics, "Cannot create the "+kind, withInterruption(ctx, err))
		return
	}
	r.backend.planned.Store(p.address, observed)
	refused := p.refuse(r.backend.client.Owner(), observed)
	switch {
	case refused == nil || p.adopt.IsUnknown():
	case p.adopt.ValueBool():
		diagnostics.AddAttributeWarning(path.Root("adopt"), fmt.Sprintf("%s %s will be taken over", capital(kind), p.address),
			fmt.Sprintf("%s in Vault. Because adopt is true, the apply overwrites it with the value of this configuration.",
				capital(observed.DescribeCurrent())))
	default:
		report(diagnostics, "Cannot create the "+kind, refused)
	}
}

// planMove reports a replacement at an address that is known only during the apply, if
// the object has drifted: the delete would leave the value of the other writer, and a
// create at the same address would be refused.
func planMove(planned types.String, adopt types.Bool, private privateState, detail string, diagnostics *diag.Diagnostics) {
	if planned.IsUnknown() && private.Repair != repairNone && !adopt.IsUnknown() && !adopt.ValueBool() {
		diagnostics.AddAttributeError(path.Root("name"), "Cannot replace after drift", detail+
			" Its new address is known only during the apply, and can be the same. The delete would leave the value in Vault, and the create "+
			"would not overwrite it. First apply the resources that define the address, or set adopt = true.")
	}
}

// replaceError is a replacement whose delete would leave a live value.
type replaceError struct {
	address secrets.Address
	// wrote is the version that this resource wrote last, 0 for none.
	wrote int
	entry secrets.Entry
}

func (e *replaceError) Error() string {
	last := "this resource has not written it"
	if e.wrote > 0 {
		last = fmt.Sprintf("this resource wrote version %d last", e.wrote)
	}
	return fmt.Sprintf("%s %s cannot be replaced: %s is current, and %s. A replacement deletes only what this resource wrote, "+
		"so the new one would find a value that is not its own. Repair it first: apply without -replace, and then replace it",
		e.address.Kind, e.address, e.entry.DescribeCurrent(), last)
}

// Unwrap gives ErrNotOwner.
func (e *replaceError) Unwrap() error { return secrets.ErrNotOwner }

// addressCameLate reports an address that the plan did not know and that is not the
// address of the object: the host does not turn an approved update into a replacement.
func addressCameLate(wasUnknown bool, current string, planned types.String, diagnostics *diag.Diagnostics) bool {
	if wasUnknown {
		diagnostics.AddError("Address was known only during the apply",
			fmt.Sprintf("The object is at %s, and the provider block now puts it at %s, which the plan did not know. Nothing was changed. "+
				"Plan again, with a refresh: that plan shows the replacement.", current, planned.ValueString()))
	}
	return wasUnknown
}
