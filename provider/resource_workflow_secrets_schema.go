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
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Values of exclusive. The first is the default.
const (
	exclusiveOff    = "off"
	exclusiveShow   = "show"
	exclusiveDelete = "delete"
)

// workflowSecretsModel is relay_workflow_secrets. The map is decoded later: it and its
// elements can be unknown.
type workflowSecretsModel struct {
	Workflow      types.String   `tfsdk:"workflow"`
	Secrets       types.Map      `tfsdk:"secrets"`
	DetectChanges types.Bool     `tfsdk:"detect_changes"`
	Exclusive     types.String   `tfsdk:"exclusive"`
	Undeclared    types.Map      `tfsdk:"undeclared"`
	Path          types.String   `tfsdk:"path"`
	Timeouts      timeouts.Value `tfsdk:"timeouts"`
	options
}

// secretElement is one secret of a set.
type secretElement struct {
	ValueWO        types.String `tfsdk:"value_wo"`
	ValueWOVersion types.String `tfsdk:"value_wo_version"`
	computedAttributes
}

func workflowSecretsSchema(ctx context.Context) schema.Schema {
	attributes := workflowSecretsArguments()
	maps.Copy(attributes, optionAttributes("a secret", "its value"))
	attributes["timeouts"] = timeouts.Attributes(ctx, timeoutsOptions())
	attributes["undeclared"] = schema.MapAttribute{
		Computed:    true,
		ElementType: types.StringType,
		MarkdownDescription: "Live secrets of the workflow that this resource does not declare, with their owners: `owned by <owner>`, `last " +
			"owned by <owner>`, or `unmanaged`. Null while `exclusive` is `off`.",
	}
	attributes["path"] = schema.StringAttribute{
		Computed: true,
		MarkdownDescription: "Path of the values in Vault, with one entry for each name. A change of `mount` or `prefix` in the provider " +
			"block replaces the secrets: Terraform creates them at the new path and deletes them at the old one.",
	}
	return schema.Schema{
		Version: schemaVersion,
		MarkdownDescription: "Manages many secrets of one workflow in one resource. The plan names each secret that is added, changed, deleted " +
			"or drifted, and the apply sends only these, with parallel requests.\n\n" +
			"Each secret works like a `relay_workflow_secret`: its value is write-only, neither in the state nor in the plan, and never read " +
			"back; the provider detects drift from Vault's metadata. Use this resource for sets that belong together and for many secrets. Use " +
			"`relay_workflow_secret` if secrets need different values of `on_drift`, `adopt` or `deletion`, or come from different modules.",
		Attributes: attributes,
	}
}

func workflowSecretsArguments() map[string]schema.Attribute {
	one := workflowSecretArguments()
	return map[string]schema.Attribute{
		"workflow": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "Workflow that the secrets belong to. A change replaces the secrets.",
			PlanModifiers:       one["workflow"].(schema.StringAttribute).PlanModifiers,
			Validators:          []validator.String{nameValidator{"workflow"}},
		},
		"secrets": schema.MapNestedAttribute{
			Required:            true,
			MarkdownDescription: "The secrets by name. Terraform deletes a secret whose name is removed, as `deletion` specifies.",
			NestedObject:        schema.NestedAttributeObject{Attributes: secretElementAttributes()},
			Validators:          []validator.Map{mapvalidator.KeysAre(nameValidator{"secret"}), mapvalidator.NoNullValues()},
		},
		"detect_changes": detectChangesAttribute(),
		"exclusive": schema.StringAttribute{
			Optional: true,
			Computed: true,
			Default:  stringdefault.StaticString(exclusiveOff),
			MarkdownDescription: "What happens to live secrets of the workflow that this resource does not declare. `off` (default) does not list " +
				"them. `show` lists them in `undeclared` and warns of them. `delete` plans to delete those that this owner has, as " +
				"`deletion` specifies, and lists the others. A `relay_workflow_secret` of the same workflow and owner counts as undeclared. " +
				"Terraform deletes only secrets that a plan has shown: the apply that sets this argument lists them, and the next apply deletes " +
				"them. The token needs `list` on metadata.",
			Validators: []validator.String{stringvalidator.OneOf(exclusiveOff, exclusiveShow, exclusiveDelete)},
		},
	}
}

// secretElementAttributes returns the attributes of relay_workflow_secret that each
// element of the map has.
//
// value_wo is write-only, which is enough to keep it out of plan, state and log. It is
// not also sensitive: Terraform compares the path of each sensitive attribute with the
// path of every attribute, several times in a run. With 300 secrets that takes longer
// than all other work, and it grows with the square of the number.
func secretElementAttributes() map[string]schema.Attribute {
	arguments, attributes := workflowSecretArguments(), workflowSecretComputedAttributes()
	attributes["value_wo_version"] = arguments["value_wo_version"]
	value := arguments["value_wo"].(schema.StringAttribute)
	value.Sensitive = false
	attributes["value_wo"] = value
	return attributes
}
