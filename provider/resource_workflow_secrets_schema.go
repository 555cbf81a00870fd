// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// What exclusive can be. The first is the default.
const (
	exclusiveOff    = "off"
	exclusiveShow   = "show"
	exclusiveDelete = "delete"
)

// workflowSecretsModel is relay_workflow_secrets. The map is not decoded here: it
// and its elements can be unknown.
type workflowSecretsModel struct {
	Workflow      types.String   `tfsdk:"workflow"`
	Secrets       types.Map      `tfsdk:"secrets"`
	DetectChanges types.Bool     `tfsdk:"detect_changes"`
	OnDrift       types.String   `tfsdk:"on_drift"`
	Adopt         types.Bool     `tfsdk:"adopt"`
	Deletion      types.String   `tfsdk:"deletion"`
	Exclusive     types.String   `tfsdk:"exclusive"`
	Undeclared    types.Map      `tfsdk:"undeclared"`
	Path          types.String   `tfsdk:"path"`
	Timeouts      timeouts.Value `tfsdk:"timeouts"`
}

// secretElement is one secret of the map.
type secretElement struct {
	ValueWO        types.String `tfsdk:"value_wo"`
	ValueWOVersion types.String `tfsdk:"value_wo_version"`
	computedAttributes
}

func workflowSecretsSchema(ctx context.Context) schema.Schema {
	one := workflowSecretArguments()
	return schema.Schema{
		Version: 0,
		MarkdownDescription: "Many secrets of one workflow in one resource. The plan names each secret that is added, changed, removed " +
			"or drifted, and only these are sent; the requests to Vault run side by side.\n\n" +
			"Each secret is what a `relay_workflow_secret` is: its value is write-only, in no state and in no plan, and never read back; " +
			"drift is found from Vault's metadata. Use this resource for sets that belong together and for many secrets, and " +
			"`relay_workflow_secret` where secrets differ in `on_drift`, `adopt` or `deletion`, or come from different modules.",
		Attributes: map[string]schema.Attribute{
			"workflow": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "Workflow that the secrets belong to. A change makes them anew there and deletes these.",
				PlanModifiers:       one["workflow"].(schema.StringAttribute).PlanModifiers,
				Validators:          []validator.String{nameValidator{"workflow"}},
			},
			"secrets": schema.MapNestedAttribute{
				Required:            true,
				MarkdownDescription: "The secrets by name. A name that is taken away is deleted as `deletion` says.",
				NestedObject:        schema.NestedAttributeObject{Attributes: secretElementAttributes()},
				Validators:          []validator.Map{mapvalidator.KeysAre(nameValidator{"secret"}), mapvalidator.NoNullValues()},
			},
			"detect_changes": one["detect_changes"],
			"on_drift":       one["on_drift"],
			"adopt":          one["adopt"],
			"deletion":       one["deletion"],
			"exclusive": schema.StringAttribute{
				Optional: true,
				Computed: true,
				Default:  stringdefault.StaticString(exclusiveOff),
				MarkdownDescription: "What happens to live secrets of the workflow that this resource does not declare: `off` (default) does not look " +
					"for them, `show` lists them in `undeclared` and warns, `delete` plans to delete those that this owner holds, by " +
					"`deletion`, and lists the others. A `relay_workflow_secret` of the same workflow and owner is one that this " +
					"resource does not declare. Nothing is deleted that no plan has named: what is found by the apply that switches " +
					"this on is deleted by the next. It needs `list` on metadata.",
				Validators: []validator.String{stringvalidator.OneOf(exclusiveOff, exclusiveShow, exclusiveDelete)},
			},
			"undeclared": schema.MapAttribute{
				Computed:    true,
				ElementType: types.StringType,
				MarkdownDescription: "Live secrets of the workflow that this resource does not declare, and whose they are: `held by <owner>`, `last " +
					"held by <owner>`, or `of unknown origin`. Not set while `exclusive` is `off`.",
			},
			"path": schema.StringAttribute{
				Computed: true,
				MarkdownDescription: "Where the values lie in Vault, one entry for each name. Another `mount` or `prefix` in the provider " +
					"block moves it: the secrets are made anew there and deleted here.",
			},
			"timeouts": timeouts.Attributes(ctx, timeoutsOptions()),
		},
	}
}

// secretElementAttributes are those attributes of relay_workflow_secret that each
// secret of the map has.
//
// value_wo is write-only, which alone keeps it out of plan, state and log. It is
// not marked as sensitive, too: Terraform would compare the path of each sensitive
// attribute with the path of every attribute, several times a run. For 300 secrets
// that takes longer than everything else, and it grows with the square.
func secretElementAttributes() map[string]schema.Attribute {
	arguments, attributes := workflowSecretArguments(), workflowSecretComputedAttributes()
	delete(attributes, "path")
	attributes["value_wo_version"] = arguments["value_wo_version"]
	value := arguments["value_wo"].(schema.StringAttribute)
	value.Sensitive = false
	attributes["value_wo"] = value
	return attributes
}
