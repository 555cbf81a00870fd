// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"crypto/subtle"
	"errors"

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

// fingerprintVariable stands in for fingerprint_key.
const fingerprintVariable = "RELAY_FINGERPRINT_KEY"

// defaults is the provider's defaults block: what holds for a resource that says
// nothing itself. Each is null where the provider says nothing either.
type defaults struct {
	OnDrift            types.String `tfsdk:"on_drift"`
	Adopt              types.Bool   `tfsdk:"adopt"`
	Deletion           types.String `tfsdk:"deletion"`
	DetectChanges      types.Bool   `tfsdk:"detect_changes"`
	CustomMetadata     types.Map    `tfsdk:"custom_metadata"`
	MaxVersions        types.Int64  `tfsdk:"max_versions"`
	DeleteVersionAfter types.String `tfsdk:"delete_version_after"`
}

// sharedModel is the part of the provider block that holds for every secret.
type sharedModel struct {
	Defaults       types.Object `tfsdk:"defaults"`
	FingerprintKey types.String `tfsdk:"fingerprint_key"`
}

// shared is standingModel as the resources use it.
type shared struct {
	defaults defaults
	// fingerprint is not set where the provider has no key.
	fingerprint secrets.FingerprintKey
	// fingerprintPending says that the key will be known only during the apply.
	fingerprintPending bool
}

func defaultsAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "What holds for every secret whose resource does not say otherwise. The plan shows what holds. " +
			"The values have to be known when planning.",
		Attributes: map[string]schema.Attribute{
			"on_drift": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "As in the resource: `overwrite`, `warn` or `error`.",
				Validators:          []validator.String{stringvalidator.OneOf(onDriftOverwrite, onDriftWarn, onDriftError)},
			},
			"adopt": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "As in the resource. For the one apply in which a whole configuration moves in or changes its " +
					"`owner`; take it away again.",
			},
			"deletion": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "As in the resource: `soft` or `purge`.",
				Validators:          []validator.String{stringvalidator.OneOf(deletionSoft, deletionPurge)},
			},
			"detect_changes": schema.BoolAttribute{
				Optional:            true,
				MarkdownDescription: "As in the resource. Needs `fingerprint_key`.",
			},
			"custom_metadata": schema.MapAttribute{
				Optional:    true,
				ElementType: types.StringType,
				MarkdownDescription: "Labels for every secret, in clear. A resource's own are added, and win where both have a key; " +
					"`custom_metadata_all` shows the result.",
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

func fingerprintKeyAttribute() schema.Attribute {
	return schema.StringAttribute{
		Optional:  true,
		Sensitive: true,
		MarkdownDescription: "Key of at least 32 bytes for fingerprints of the values, such as from `openssl rand -base64 32`. It may be " +
			"ephemeral. With it each write leaves an HMAC-SHA-256 of place and value in the secret's metadata, by which " +
			"`detect_changes` notices a changed value. The key itself goes nowhere. Another key makes every such value " +
			"look changed. Default: `" + fingerprintVariable + "`, else none.",
		Validators: []validator.String{fingerprintKeyValidator{}},
	}
}

// load takes defaults and fingerprint key from the provider block.
func (s *shared) load(ctx context.Context, m sharedModel, env environment) diag.Diagnostics {
	var found diag.Diagnostics
	if !m.Defaults.IsNull() && !isFullyKnown(m.Defaults) {
		found.AddAttributeError(path.Root("defaults"), invalidProvider,
			"The defaults have to be known when planning: they decide what a plan does. Give them values that come from no resource.")
		return found
	}
	if !m.Defaults.IsNull() {
		found.Append(m.Defaults.As(ctx, &s.defaults, basetypes.ObjectAsOptions{})...)
	}
	key := m.FingerprintKey.ValueString()
	if key == "" {
		key = env.get(fingerprintVariable)
	}
	switch {
	case m.FingerprintKey.IsUnknown():
		s.fingerprintPending = true
	case key != "":
		var err error
		if s.fingerprint, err = secrets.NewFingerprintKey([]byte(key)); err != nil {
			found.AddAttributeError(path.Root("fingerprint_key"), invalidProvider, sentence(err.Error()))
		}
	case s.defaults.DetectChanges.ValueBool():
		found.AddAttributeError(path.Root("defaults").AtName("detect_changes"), invalidProvider, sentence(errNoFingerprintKey.Error()))
	}
	return found
}

// errNoFingerprintKey says what detect_changes is missing.
var errNoFingerprintKey = errors.New("detect_changes needs the provider's fingerprint_key (or " + fingerprintVariable +
	"): without a key no fingerprint of a value is kept")

// checkDetection refuses to detect changes without a key.
func (b *backend) checkDetection(detect types.Bool, diagnostics *diag.Diagnostics) {
	if detect.ValueBool() && !b.fingerprint.Set() && !b.fingerprintPending {
		diagnostics.AddAttributeError(path.Root("detect_changes"), "Changes of the value cannot be detected", sentence(errNoFingerprintKey.Error()))
	}
}

// fingerprintComparison is what the fingerprints say of a value.
type fingerprintComparison int

const (
	fingerprintSame    fingerprintComparison = iota
	fingerprintDiffers                       // it is another value, or another key
	fingerprintMissing                       // the last write noted none
	fingerprintUnknown                       // value or key is known only in the apply
)

// changed reports whether the value has to be taken for another one.
func (c fingerprintComparison) changed() bool {
	return c == fingerprintDiffers || c == fingerprintMissing
}

// noFingerprintNoted says why a value is sent that may be the same.
const noFingerprintNoted = "The last write noted no fingerprint, so nobody can tell whether the value has changed. " +
	"This apply sends it and notes its fingerprint."

// compareFingerprint says whether the configuration's value is the one with the fingerprint
// that was noted. Where detect is false or null, it does not look.
func (b *backend) compareFingerprint(detect types.Bool, address secrets.Address, value types.String, noted string) fingerprintComparison {
	now := b.fingerprintOf(address, value)
	switch {
	case detect.IsUnknown():
		return fingerprintUnknown
	case !detect.ValueBool():
		return fingerprintSame
	case now == "":
		return fingerprintUnknown
	case noted == "":
		return fingerprintMissing
	case subtle.ConstantTimeCompare([]byte(now), []byte(noted)) == 1:
		return fingerprintSame
	}
	return fingerprintDiffers
}

// fingerprintOf is the fingerprint of a value of the configuration; empty where
// there is no key, or value or place are not known.
func (b *backend) fingerprintOf(address secrets.Address, value types.String) string {
	if value.IsNull() || value.IsUnknown() || address.Check() != nil {
		return ""
	}
	return b.fingerprint.HMAC1(address, secrets.NewValue(value.ValueString()))
}

// isFullyKnown reports whether all of an object is known.
func isFullyKnown(o types.Object) bool {
	if o.IsUnknown() {
		return false
	}
	for _, attribute := range o.Attributes() {
		if attribute.IsUnknown() {
			return false
		}
		labels, ok := attribute.(types.Map)
		if !ok {
			continue
		}
		for _, label := range labels.Elements() {
			if label.IsUnknown() {
				return false
			}
		}
	}
	return true
}

// fingerprintKeyValidator refuses a key that is too short, without a word of it.
type fingerprintKeyValidator struct{}

func (fingerprintKeyValidator) Description(context.Context) string { return "at least 32 bytes" }

func (v fingerprintKeyValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

func (fingerprintKeyValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.ValueString() == "" {
		return // null, unknown, or empty, which counts as none
	}
	if _, err := secrets.NewFingerprintKey([]byte(req.ConfigValue.ValueString())); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, invalidProvider, sentence(err.Error()))
	}
}
