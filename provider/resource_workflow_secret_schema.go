// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// What on_drift and deletion can be. The first of each is the default.
const (
	onDriftOverwrite = "overwrite"
	onDriftWarn      = "warn"
	onDriftError     = "error"

	deletionSoft  = "soft"
	deletionPurge = "purge"
)

// workflowSecretModel is relay_workflow_secret.
type workflowSecretModel struct {
	Workflow           types.String   `tfsdk:"workflow"`
	Name               types.String   `tfsdk:"name"`
	ValueWO            types.String   `tfsdk:"value_wo"`
	ValueWOVersion     types.String   `tfsdk:"value_wo_version"`
	DetectChanges      types.Bool     `tfsdk:"detect_changes"`
	OnDrift            types.String   `tfsdk:"on_drift"`
	Adopt              types.Bool     `tfsdk:"adopt"`
	Deletion           types.String   `tfsdk:"deletion"`
	CustomMetadata     types.Map      `tfsdk:"custom_metadata"`
	CustomMetadataAll  types.Map      `tfsdk:"custom_metadata_all"`
	MaxVersions        types.Int64    `tfsdk:"max_versions"`
	DeleteVersionAfter types.String   `tfsdk:"delete_version_after"`
	Timeouts           timeouts.Value `tfsdk:"timeouts"`
	Path               types.String   `tfsdk:"path"`
	computedAttributes
}

func workflowSecretSchema(ctx context.Context) schema.Schema {
	attributes := workflowSecretArguments()
	maps.Copy(attributes, workflowSecretSettings())
	maps.Copy(attributes, workflowSecretComputedAttributes())
	attributes["timeouts"] = timeouts.Attributes(ctx, timeoutsOptions())
	return schema.Schema{
		Version: 0,
		MarkdownDescription: "One secret of one workflow: a name and a string value in Vault.\n\n" +
			"The value is write-only. Terraform sends it when it creates the secret, when `value_wo_version` changes, and to " +
			"repair drift; a source that rotates while `value_wo_version` stays the same writes nothing. The value is in " +
			"no state and in no plan, and it is never read back.\n\n" +
			"Drift is found without reading the value: Vault's metadata tells the version and the time of every write, and " +
			"the provider notes there what it wrote itself.",
		Attributes: attributes,
	}
}

func workflowSecretArguments() map[string]schema.Attribute {
	replaced := []planmodifier.String{stringplanmodifier.RequiresReplace()}
	return map[string]schema.Attribute{
		"workflow": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "Workflow that the secret belongs to. A change makes a new secret and deletes this one.",
			PlanModifiers:       replaced,
			Validators:          []validator.String{nameValidator{"workflow"}},
		},
		"name": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "Name of the secret in the workflow. A change makes a new secret and deletes this one.",
			PlanModifiers:       replaced,
			Validators:          []validator.String{nameValidator{"secret"}},
		},
		"value_wo": schema.StringAttribute{
			Required:  true,
			WriteOnly: true,
			Sensitive: true,
			MarkdownDescription: "Value of the secret, up to 512 KiB. It may be empty and it may come from an ephemeral resource. " +
				"It reaches the workflow byte for byte as Terraform holds it, which is in Unicode form NFC.",
		},
		"value_wo_version": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "Any text that stands for the value, such as `\"1\"`, a date or a version id of where it comes from. " +
				"A change of it, in whatever direction, sends the value.",
		},
		"detect_changes": schema.BoolAttribute{
			Optional: true,
			Computed: true,
			MarkdownDescription: "Send the value also when it is another than the one sent last, with no change of `value_wo_version`. " +
				"The provider compares fingerprints, so it needs the provider's `fingerprint_key`; the first plan after it was " +
				"set sends each value once. Not for values that differ in every run, such as `ephemeral.random_password`: " +
				"they would be sent in every apply. Default: the provider's, else `false`.",
		},
		"on_drift": schema.StringAttribute{
			Optional: true,
			Computed: true,
			MarkdownDescription: "What a plan does when the value was changed outside Terraform: `overwrite` plans to send " +
				"the value again, `warn` warns and changes nothing, `error` stops the plan. Default: the provider's, else `overwrite`.",
			Validators: []validator.String{stringvalidator.OneOf(onDriftOverwrite, onDriftWarn, onDriftError)},
		},
		"adopt": schema.BoolAttribute{
			Optional: true,
			Computed: true,
			MarkdownDescription: "Take the secret over if it exists already or if another owner holds it. The value is then written, " +
				"whatever is there. Set it for one apply and take it away again: two owners that both adopt overwrite each " +
				"other for ever. Default: the provider's, else `false`.",
		},
		"deletion": schema.StringAttribute{
			Optional: true,
			Computed: true,
			MarkdownDescription: "What destroying the resource does in Vault: `soft` deletes the current version, which an " +
				"administrator can undelete; `purge` destroys every version for good. The name stays in listings either way. " +
				"Default: the provider's, else `soft`.",
			Validators: []validator.String{stringvalidator.OneOf(deletionSoft, deletionPurge)},
		},
	}
}

// workflowSecretSettings are what the secret's metadata says besides records.
// One that nobody sets is left alone in Vault.
func workflowSecretSettings() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"custom_metadata": schema.MapAttribute{
			Optional:    true,
			ElementType: types.StringType,
			MarkdownDescription: "Labels of this secret in Vault's `custom_metadata`, in clear: never put anything secret there. Labels " +
				"that others set stay. Keys that begin with `relay.` are kept for the owners' records.",
			Validators: []validator.Map{mapvalidator.NoNullValues(), labelsValidator{}},
		},
		"max_versions": schema.Int64Attribute{
			Optional: true,
			Computed: true,
			MarkdownDescription: "How many versions Vault keeps of this secret; `0` is the mount's default, to which it returns when this is " +
				"taken away. Default: the provider's, else as it is in Vault.",
			Validators: []validator.Int64{maxVersionsValidator{}},
		},
		"delete_version_after": schema.StringAttribute{
			Optional: true,
			Computed: true,
			MarkdownDescription: "When Vault deletes a version by itself, counted from its write, such as `720h`; `0s` is the mount's default, to " +
				"which it returns when this is taken away. It holds for versions written from then on. What has expired is " +
				"drift, and written again by default. On a secret that does not exist yet it needs `create` on `metadata/`. " +
				"Default: the provider's, else as it is in Vault.",
			Validators: []validator.String{lifetimeValidator{}},
		},
		"custom_metadata_all": schema.MapAttribute{
			Computed:            true,
			ElementType:         types.StringType,
			MarkdownDescription: "The labels that hold: the provider's `defaults.custom_metadata` and this resource's own.",
		},
	}
}

// workflowSecretComputedAttributes are the attributes that only the provider sets.
func workflowSecretComputedAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"version": schema.Int64Attribute{
			Computed:            true,
			MarkdownDescription: "Version in Vault that this resource wrote last. Drift is judged from it; a refresh never changes it.",
		},
		"created_time": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "When Vault took that version, in RFC 3339.",
		},
		"observed_version": schema.Int64Attribute{
			Computed:            true,
			MarkdownDescription: "Current version in Vault at the last refresh; `0` where there is none.",
		},
		"drift": schema.StringAttribute{
			Computed: true,
			MarkdownDescription: "`in sync`, or what happened to the secret outside Terraform: `overwritten: version 4 at <time>, last " +
				"written 3`, `deleted at <time>`, `destroyed`, `expired at <time>`, `held by <owner>`, `record lost`, `not written " +
				"by this owner`, `purged`, `rewritten after a purge`, `restored: version 5, last written 7`, `absent`, or `not checked: " +
				"<reason>`. Never a value.",
		},
		"expires_at": schema.StringAttribute{
			Computed: true,
			MarkdownDescription: "When Vault will delete the current version by itself (`delete_version_after`), in RFC 3339. Not set " +
				"if never. Information, not drift.",
		},
		"path": schema.StringAttribute{
			Computed: true,
			MarkdownDescription: "Where the value lies in Vault, as a policy names it. Another `mount` or `prefix` in the provider " +
				"block moves it: the secret is made anew there and deleted here.",
		},
	}
}

// nameValidator refuses what is no valid name of a workflow or a secret.
type nameValidator struct{ kind string }

func (v nameValidator) Description(context.Context) string {
	return "a letter, digit or underscore, then letters, digits, spaces and _ . @ -, at most 128 bytes"
}

func (v nameValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v nameValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if err := secrets.CheckName(v.kind, req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid name", sentence(err.Error()))
	}
}
