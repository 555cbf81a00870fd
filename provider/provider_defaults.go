// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// defaults is the provider's defaults block, for resources that do not set an
// argument themselves. An argument that the block does not set is null.
type defaults struct {
	options
	DetectChanges      types.Bool   `tfsdk:"detect_changes"`
	CustomMetadata     types.Map    `tfsdk:"custom_metadata"`
	MaxVersions        types.Int64  `tfsdk:"max_versions"`
	DeleteVersionAfter types.String `tfsdk:"delete_version_after"`
}

// sharedModel is the part of the provider block that applies to every secret.
type sharedModel struct {
	Defaults       types.Object `tfsdk:"defaults"`
	FingerprintKey types.List   `tfsdk:"fingerprint_key"`
	AcceptNewMount types.Bool   `tfsdk:"accept_new_mount"`
}

// shared is sharedModel as the resources use it.
type shared struct {
	defaults defaults
	// fingerprint has no key if the provider has none.
	fingerprint secrets.FingerprintKeys
	// fingerprintUnknown: a key is known only during the apply.
	fingerprintUnknown bool
	// acceptNewMount: a mount with another id is not an error.
	acceptNewMount bool
}

func acceptNewMountAttribute() schema.Attribute {
	return schema.BoolAttribute{
		Optional: true,
		MarkdownDescription: "Accept that the mount is not the one where the secrets were written: another Vault, or a mount that was made again. " +
			"Without it, such a mount is an error, because all secrets would show as `purged`. Set it for the one apply that writes " +
			"them again, and remove it afterwards.",
	}
}

func defaultsAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "Arguments for every resource that does not set them itself. The plan shows the values that apply. " +
			"The values must be known during the plan.",
		Attributes: map[string]schema.Attribute{
			"on_drift": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "As in the resource: `overwrite`, `warn` or `error`.",
				Validators:          []validator.String{stringvalidator.OneOf(onDriftOverwrite, onDriftWarn, onDriftError)},
			},
			"adopt": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "As in the resource. Set it for the one apply in which a whole configuration takes over existing secrets or " +
					"changes its `owner`, and remove it afterwards.",
			},
			"deletion": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "As in the resource: `soft` or `purge`.",
				Validators:          []validator.String{stringvalidator.OneOf(deletionSoft, deletionPurge)},
			},
			"detect_changes": schema.BoolAttribute{
				Optional:            true,
				MarkdownDescription: "As in the resource. It needs `fingerprint_key`.",
			},
			"custom_metadata": schema.MapAttribute{
				Optional:    true,
				ElementType: types.StringType,
				MarkdownDescription: "Labels for every secret, in clear text. They are merged with the labels of the resource, whose values take " +
					"precedence; `custom_metadata_all` shows the result.",
				Validators: []validator.Map{mapvalidator.NoNullValues(), labelsValidator{}},
			},
			"max_versions": schema.Int64Attribute{
				Optional:            true,
				MarkdownDescription: "As in the resource.",
				Validators:          []validator.Int64{maxVersionsValidator{}},
			},
			"delete_version_after": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "As in the resource.",
				Validators:          []validator.String{lifetimeValidator{}},
			},
		},
	}
}

// load reads defaults and fingerprint keys from the provider block.
func (s *shared) load(ctx context.Context, m sharedModel, env environment) diag.Diagnostics {
	var problems diag.Diagnostics
	s.acceptNewMount = m.AcceptNewMount.ValueBool()
	if !m.Defaults.IsNull() && !isKnown(m.Defaults) {
		problems.AddAttributeError(path.Root("defaults"), invalidProvider,
			"The values in defaults must be known during the plan. Use values that do not come from resources.")
		return problems
	}
	if !m.Defaults.IsNull() {
		problems.Append(m.Defaults.As(ctx, &s.defaults, basetypes.ObjectAsOptions{})...)
	}
	problems.Append(s.loadKeys(m.FingerprintKey, env)...)
	if s.defaults.DetectChanges.ValueBool() && !s.fingerprint.Set() && !s.fingerprintUnknown && !problems.HasError() {
		problems.AddAttributeError(path.Root("defaults").AtName("detect_changes"), invalidProvider, sentence(errNoFingerprintKey.Error()))
	}
	return problems
}
