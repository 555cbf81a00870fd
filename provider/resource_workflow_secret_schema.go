// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// workflowSecretModel is relay_workflow_secret.
type workflowSecretModel struct {
	Workflow           types.String   `tfsdk:"workflow"`
	Name               types.String   `tfsdk:"name"`
	ValueWO            types.String   `tfsdk:"value_wo"`
	ValueWOVersion     types.String   `tfsdk:"value_wo_version"`
	DetectChanges      types.Bool     `tfsdk:"detect_changes"`
	CustomMetadata     types.Map      `tfsdk:"custom_metadata"`
	CustomMetadataAll  types.Map      `tfsdk:"custom_metadata_all"`
	MaxVersions        types.Int64    `tfsdk:"max_versions"`
	DeleteVersionAfter types.String   `tfsdk:"delete_version_after"`
	Timeouts           timeouts.Value `tfsdk:"timeouts"`
	Path               types.String   `tfsdk:"path"`
	options
	computedAttributes
}

func workflowSecretSchema(ctx context.Context) schema.Schema {
	attributes := workflowSecretArguments()
	maps.Copy(attributes, optionAttributes("a secret", "its value"))
	maps.Copy(attributes, workflowSecretSettings())
	maps.Copy(attributes, workflowSecretComputedAttributes())
	attributes["timeouts"] = timeouts.Attributes(ctx, timeoutsOptions())
	attributes["path"] = schema.StringAttribute{
		Computed: true,
		MarkdownDescription: "Path of the value in Vault, as in a policy. A change of `mount` or `prefix` in the provider block " +
			"replaces the secret: Terraform creates it at the new path and deletes it at the old one.",
	}
	return schema.Schema{
		Version: schemaVersion,
		MarkdownDescription: "Manages one secret of one workflow: a name and a string value in Vault.\n\n" +
			"The value is write-only. Terraform sends it when it creates the secret, when `value_wo_version` changes, and to " +
			"repair drift. If the source of the value rotates and `value_wo_version` stays the same, Terraform writes nothing. " +
			"The value is neither in the state nor in the plan, and the provider never reads it back.\n\n" +
			"The provider detects drift without reading the value: Vault's metadata contains the version and the time of every write, " +
			"and the provider records its own writes there.",
		Attributes: attributes,
	}
}

func workflowSecretArguments() map[string]schema.Attribute {
	replaced := []planmodifier.String{stringplanmodifier.RequiresReplace()}
	return map[string]schema.Attribute{
		"workflow": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "Workflow that the secret belongs to. A change replaces the secret.",
			PlanModifiers:       replaced,
			Validators:          []validator.String{nameValidator{"workflow"}},
		},
		"name": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "Name of the secret in the workflow. A change replaces the secret.",
			PlanModifiers:       replaced,
			Validators:          []validator.String{nameValidator{"secret"}},
		},
		"value_wo": schema.StringAttribute{
			Required:  true,
			WriteOnly: true,
			Sensitive: true,
			MarkdownDescription: "Value of the secret, up to 512 KiB. It can be empty, and it can come from an ephemeral resource. " +
				"The workflow gets exactly the bytes that Terraform has; Terraform converts strings to the Unicode form NFC.",
		},
		"value_wo_version": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "Version of the value: any string, such as `\"1\"`, a date, or a version id from the source of the value. " +
				"Terraform sends the value whenever this string changes.",
		},
		"detect_changes": detectChangesAttribute(),
	}
}

func detectChangesAttribute() schema.Attribute {
	return schema.BoolAttribute{
		Optional: true,
		Computed: true,
		MarkdownDescription: "Also send the value if it differs from the value sent last, without a change of `value_wo_version`. " +
			"The provider compares fingerprints, so this needs the provider's `fingerprint_key`; the first plan after the key is " +
			"set sends each value once. Do not use it for values that differ in every run, such as `ephemeral.random_password`: " +
			"every apply would send them. Default: the provider's `defaults.detect_changes`, else `false`.",
	}
}

// workflowSecretSettings describes the settings of the entry in Vault. The provider
// does not change a setting that is not configured.
func workflowSecretSettings() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"custom_metadata": schema.MapAttribute{
			Optional:    true,
			ElementType: types.StringType,
			MarkdownDescription: "Labels of this secret in Vault's `custom_metadata`, in clear text. Do not put credentials there. The provider " +
				"keeps the labels of other writers. Keys that begin with `relay.` are reserved for the records of owners.",
			Validators: []validator.Map{mapvalidator.NoNullValues(), labelsValidator{}},
		},
		"max_versions": schema.Int64Attribute{
			Optional: true,
			Computed: true,
			MarkdownDescription: "Number of versions that Vault keeps; `0` is the mount's default. If the argument is removed, the " +
				"mount's default applies again. Default: the provider's `defaults.max_versions`, else the setting in Vault.",
			Validators: []validator.Int64{maxVersionsValidator{}},
		},
		"delete_version_after": schema.StringAttribute{
			Optional: true,
			Computed: true,
			MarkdownDescription: "Time after which Vault deletes a version by itself, such as `720h`; `0s` is the mount's default. It applies to " +
				"versions written afterwards. An expired version is drift, and the default `on_drift` writes it again. If the argument " +
				"is removed, the mount's default applies again. For a secret that does not exist yet the token needs `create` on " +
				"`metadata/`. Default: the provider's `defaults.delete_version_after`, else the setting in Vault.",
			Validators: []validator.String{lifetimeValidator{}},
		},
		"custom_metadata_all": schema.MapAttribute{
			Computed:            true,
			ElementType:         types.StringType,
			MarkdownDescription: "All labels: the provider's `defaults.custom_metadata` merged with `custom_metadata`.",
		},
	}
}

func workflowSecretComputedAttributes() map[string]schema.Attribute {
	return computedAttributeSchemas("in Vault", "`in sync`, or the change outside Terraform: `overwritten: version 4 at <time>, last "+
		"written 3`, `deleted at <time>`, `destroyed`, `expired at <time>`, `owned by <owner>`, `record lost`, `record not authentic`, `unmanaged`, "+
		"`purged`, `rewritten after a purge`, `restored: version 5, last written 7`, `absent`, or `not checked: "+
		"<cause>`. It never contains a value.")
}

// nameValidator refuses invalid names of workflows, secrets and connections.
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
