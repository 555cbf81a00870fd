// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/relay-secrets/terraform-provider-relay/internal/policy"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

var (
	_ datasource.DataSourceWithConfigure      = &policyDocumentDataSource{}
	_ datasource.DataSourceWithValidateConfig = &policyDocumentDataSource{}
)

// policyDocumentDataSource is relay_vault_policy_document. It sends no requests to Vault.
type policyDocumentDataSource struct{ dataSourceBase }

func newPolicyDocumentDataSource() datasource.DataSource { return &policyDocumentDataSource{} }

// policyDocumentModel is relay_vault_policy_document.
type policyDocumentModel struct {
	Role              types.String         `tfsdk:"role"`
	Workflows         types.Set            `tfsdk:"workflows"`
	WorkflowPrefixes  types.Set            `tfsdk:"workflow_prefixes"`
	Identity          *policyIdentityModel `tfsdk:"identity"`
	ConnectionsDomain types.String         `tfsdk:"connections_domain"`
	Team              types.String         `tfsdk:"team"`
	Controller        types.String         `tfsdk:"controller"`
	Sources           types.Set            `tfsdk:"sources"`
	Approvals         types.Bool           `tfsdk:"approvals"`
	SecretsBy         types.String         `tfsdk:"secrets_by"`
	Mount             types.String         `tfsdk:"mount"`
	Prefix            types.String         `tfsdk:"prefix"`
	Undelete          types.Bool           `tfsdk:"undelete"`
	Destroy           types.Bool           `tfsdk:"destroy"`
	Settings          types.Bool           `tfsdk:"settings"`
	Policy            types.String         `tfsdk:"policy"`
}

// policyIdentityModel is the identity argument.
type policyIdentityModel struct {
	Accessor types.String `tfsdk:"accessor"`
	Workflow types.String `tfsdk:"workflow"`
	Domain   types.String `tfsdk:"domain"`
}

func (d *policyDocumentDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_vault_policy_document"
}

func (d *policyDocumentDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := policyScopeAttributes()
	maps.Copy(attributes, policyRightAttributes())
	attributes["policy"] = schema.StringAttribute{
		Computed: true,
		MarkdownDescription: "The policy in HCL: one block of rules for each workflow, sorted. The order of the arguments does not " +
			"change it.",
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Generates the Vault policy of a role for a set of workflows, with the rules that the role needs and no others.\n\n" +
			"A writer creates, overwrites, deletes and lists secrets, and cannot read values. A controller has the rights of a writer, and those that " +
			"`relay-sync` needs for approvals. A reader reads the values of its own " +
			"workflows and lists their names, also in folders below them as Relay's own policy does, and cannot write. No role can do both. The other roles are for people, as in " +
			"Relay, and cannot read values either; the guide on roles has a table of all rights.\n\n" +
			"The data source sends no requests to Vault and needs no rights. Pass the result to `vault policy write`, or to the " +
			"`policy` argument of a `vault_policy` resource of the Vault provider, in the namespace of the mount.",
		Attributes: attributes,
	}
}

// policyScopeAttributes describes whom and what a policy is for.
func policyScopeAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"role": schema.StringAttribute{
			Required: true,
			MarkdownDescription: "Role that the policy is for: `writer` for Terraform and other programs that manage secrets, " +
				"`controller` for `relay-sync`, `reader` for the steps of a workflow, `tidy` for `relay-sync tidy`; for people `viewer`, `operator`, `approver` or `administrator`.",
		},
		"workflows": schema.SetAttribute{
			Optional:    true,
			ElementType: types.StringType,
			MarkdownDescription: "Names of the workflows. Without this argument the policy covers all existing and future workflows, which is not " +
				"allowed for a `reader`. An empty set is an error. A name with a special meaning in a Vault policy, such as " +
				"`+` or `deploy-*`, is an error.",
		},
		"workflow_prefixes": schema.SetAttribute{
			Optional:    true,
			ElementType: types.StringType,
			MarkdownDescription: "Prefixes of workflow names: `deploy-` covers all existing and future workflows whose names begin with it. " +
				"Vault policies support no other patterns of names. Not allowed for a `reader`.",
		},
		"identity": policyIdentityAttribute(),
		"connections_domain": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "Domain whose connections the policy also covers: a writer and an administrator write them, a reader reads " +
				"them, the other roles list their names. Default: no connections.",
		},
		"mount": schema.StringAttribute{
			Optional:            true,
			Computed:            true,
			MarkdownDescription: "Mount of the KV version 2 secrets engine. Default: the provider's.",
		},
		"prefix": schema.StringAttribute{
			Optional:            true,
			Computed:            true,
			MarkdownDescription: "Path below the mount that contains one folder per workflow. Default: the provider's.",
		},
	}
}

func policyIdentityAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "Take the workflow from the metadata of the login instead of from names: from metadata that an auth method sets, " +
			"such as a claim of a JWT. The source of the metadata must refuse names with `+` or `*`: Vault interprets these " +
			"characters after it inserts the metadata.",
		Attributes: map[string]schema.Attribute{
			"accessor": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "Accessor of the auth mount, as in the output of `vault auth list`.",
			},
			"workflow": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "Metadata key of the workflow. Relay uses `tenant_id`.",
			},
			"domain": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Metadata key of the domain of connections. Relay uses `domain_id`. Default: no connections.",
			},
		},
	}
}

// policyRightAttributes describes optional rights.
func policyRightAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"secrets_by": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "Lowest role of a person that can create, overwrite and delete secrets: `operator`, `approver` or " +
				"`administrator`. Default: `operator`.",
		},
		"team": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Team that the person may act for with `relay-sync secret set --team`. Only for a role of a person that writes secrets.",
		},
		"controller": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "Name of a controller in the configuration of `relay-sync`. Required for an `approver`, who approves the planned " +
				"changes of this controller, and for a `controller`, who reads and removes these approvals.",
		},
		"sources": schema.SetAttribute{
			Optional:    true,
			ElementType: types.StringType,
			MarkdownDescription: "Names of the sources whose planned changes an `approver` approves, or whose approvals a `controller` reads and " +
				"removes. Default: all sources of the controller. An empty set is an error.",
		},
		"approvals": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "Let an `administrator` list and remove the approvals of all controllers, such as those of people who left, " +
				"without a right to approve. Default: `false`.",
		},
		"undelete": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "Let a `writer`, `controller`, `operator` or `approver` undelete versions. Default: `false`. No resource of this provider " +
				"needs it; `relay-sync secret undelete` does.",
		},
		"destroy": schema.BoolAttribute{
			Optional:            true,
			MarkdownDescription: "Let a `writer` or `controller` destroy versions, which `deletion = \"purge\"` needs. Default: `false`.",
		},
		"settings": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "Let a `writer` or `controller` set `delete_version_after` on secrets that do not exist yet, which needs `create` on " +
				"`metadata/`. Default: `false`. Settings of existing secrets need no further rights.",
		},
	}
}

// ValidateConfig checks the arguments before the provider is configured, with a valid
// mount and prefix in place of the provider's.
func (d *policyDocumentDataSource) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	if !req.Config.Raw.IsFullyKnown() {
		return
	}
	var model policyDocumentModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	model.setDefaults(&backend{mount: secrets.DefaultMount, prefix: secrets.DefaultPrefix})
	model.setPolicy(ctx, &resp.Diagnostics)
}

// Read generates the policy. The Vault client can still be unknown.
func (d *policyDocumentDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model policyDocumentModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	model.setDefaults(d.backend)
	for attribute, value := range map[string]types.String{"mount": model.Mount, "prefix": model.Prefix} {
		if value.ValueString() == "" {
			resp.Diagnostics.AddAttributeError(path.Root(attribute), "Argument is not known yet", fmt.Sprintf(
				"The provider's %s is known only during the apply. Set %s here too.", attribute, attribute))
		}
	}
	if resp.Diagnostics.HasError() {
		return
	}
	model.setPolicy(ctx, &resp.Diagnostics)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
	}
}

// setDefaults sets mount and prefix: as configured here, else as in the provider block,
// else empty.
func (m *policyDocumentModel) setDefaults(provider *backend) {
	if provider == nil {
		provider = &backend{}
	}
	m.Mount = pathOr(m.Mount, provider.mount)
	m.Prefix = pathOr(m.Prefix, provider.prefix)
}

// pathOr returns a path without leading and trailing slashes, as in the provider block.
func pathOr(set types.String, fallback string) types.String {
	if set.IsNull() {
		return types.StringValue(fallback)
	}
	return types.StringValue(strings.Trim(set.ValueString(), "/"))
}

// setPolicy generates the policy, or reports all problems.
func (m *policyDocumentModel) setPolicy(ctx context.Context, diagnostics *diag.Diagnostics) {
	grant := policy.Grant{
		Role:  parseRole(m.Role, "role", diagnostics),
		Mount: m.Mount.ValueString(), Prefix: m.Prefix.ValueString(),
		Workflows:         setToNames(ctx, m.Workflows, diagnostics),
		WorkflowPrefixes:  setToNames(ctx, m.WorkflowPrefixes, diagnostics),
		ConnectionsDomain: m.ConnectionsDomain.ValueString(),
		Team:              m.Team.ValueString(),
		Controller:        m.Controller.ValueString(),
		Sources:           setToNames(ctx, m.Sources, diagnostics),
		Approvals:         m.Approvals.ValueBool(),
		SecretsBy:         parseRole(m.SecretsBy, "secrets_by", diagnostics),
		Undelete:          m.Undelete.ValueBool(), Destroy: m.Destroy.ValueBool(), Settings: m.Settings.ValueBool(),
	}
	if m.Identity != nil {
		grant.Identity = policy.Identity{
			Accessor: m.Identity.Accessor.ValueString(), Workflow: m.Identity.Workflow.ValueString(), Domain: m.Identity.Domain.ValueString(),
		}
	}
	if diagnostics.HasError() {
		return
	}
	text, err := policy.For(grant)
	if err != nil {
		diagnostics.AddError("Cannot generate the policy", sentence(err.Error()))
		return
	}
	m.Policy = types.StringValue(text)
}

// parseRole returns the zero role if the argument is not set.
func parseRole(set types.String, attribute string, diagnostics *diag.Diagnostics) policy.Role {
	if set.IsNull() {
		return 0
	}
	role, err := policy.ParseRole(set.ValueString())
	if err != nil {
		diagnostics.AddAttributeError(path.Root(attribute), "Invalid role", sentence(err.Error()))
	}
	return role
}

// setToNames returns nil if the argument is not set.
func setToNames(ctx context.Context, set types.Set, diagnostics *diag.Diagnostics) []string {
	var names []string
	diagnostics.Append(set.ElementsAs(ctx, &names, false)...)
	return names
}
