// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Values of on_drift and deletion. The first of each is the default.
const (
	onDriftOverwrite = "overwrite"
	onDriftWarn      = "warn"
	onDriftError     = "error"

	deletionSoft  = "soft"
	deletionPurge = "purge"
)

// options are the arguments that secrets, sets and connections share.
type options struct {
	OnDrift types.String `tfsdk:"on_drift"`
	// Adopt is write-only: only the configuration has it.
	Adopt    types.Bool   `tfsdk:"adopt"`
	Deletion types.String `tfsdk:"deletion"`

	// adopting is the adopt option that applies, from takeAdopt.
	adopting types.Bool
}

// fill sets the options that apply: those of the resource, else the defaults of
// the provider block, else the built-in defaults. A value that is known only during
// the apply stays unknown.
func (o *options) fill(configured, defaults options) {
	o.OnDrift = firstString(configured.OnDrift, defaults.OnDrift, types.StringValue(onDriftOverwrite))
	o.takeAdopt(configured, defaults)
	o.Deletion = firstString(configured.Deletion, defaults.Deletion, types.StringValue(deletionSoft))
}

// takeAdopt takes adopt from the configuration. Create and Update need it, because the
// plan does not have it.
func (o *options) takeAdopt(configured, defaults options) {
	o.Adopt = types.BoolNull()
	o.adopting = firstBool(configured.Adopt, defaults.Adopt, types.BoolValue(false))
}

// purges reports whether a delete destroys all versions.
func (o options) purges() bool { return o.Deletion.ValueString() == deletionPurge }

// optionAttributes describes the options for an object, such as "a secret", and for
// what is sent for it, such as "its value".
func optionAttributes(object, content string) map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"on_drift": schema.StringAttribute{
			Optional: true,
			Computed: true,
			MarkdownDescription: fmt.Sprintf("What a plan does if %s was changed outside Terraform: `overwrite` plans to send %s "+
				"again, `warn` reports a warning and changes nothing, `error` stops the plan. "+
				"Default: the provider's `defaults.on_drift`, else `overwrite`.", object, content),
			Validators: []validator.String{stringvalidator.OneOf(onDriftOverwrite, onDriftWarn, onDriftError)},
		},
		"adopt": schema.BoolAttribute{
			Optional:  true,
			WriteOnly: true,
			MarkdownDescription: fmt.Sprintf("Take over %s that already exists or that has another owner. The apply overwrites what is there. "+
				"Set it for one apply and remove it afterwards: two owners that both adopt overwrite each other repeatedly. It is "+
				"write-only, so that setting or removing it is not a change. "+
				"Default: the provider's `defaults.adopt`, else `false`.", object),
		},
		"deletion": schema.StringAttribute{
			Optional: true,
			Computed: true,
			MarkdownDescription: fmt.Sprintf("How Terraform deletes %s: `soft` deletes the current version, which an administrator can "+
				"undelete; `purge` destroys all versions. The name stays in listings in both cases. "+
				"Default: the provider's `defaults.deletion`, else `soft`.", object),
			Validators: []validator.String{stringvalidator.OneOf(deletionSoft, deletionPurge)},
		},
	}
}

func firstString(all ...types.String) types.String {
	for _, s := range all {
		if !s.IsNull() {
			return s
		}
	}
	return types.StringNull()
}

func firstBool(all ...types.Bool) types.Bool {
	for _, b := range all {
		if !b.IsNull() {
			return b
		}
	}
	return types.BoolNull()
}
