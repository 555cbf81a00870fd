// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
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

// policyDocumentDataSource is relay_vault_policy_document. It asks Vault nothing.
type policyDocumentDataSource struct {
	// vault is nil while the provider is not configured.
	backend *backend
}

func newPolicyDocumentDataSource() datasource.DataSource { return &policyDocumentDataSource{} }

// policyDocumentModel is relay_vault_policy_document.
type policyDocumentModel struct {
	Role              types.String         `tfsdk:"role"`
	Workflows         types.Set            `tfsdk:"workflows"`
	WorkflowPrefixes  types.Set            `tfsdk:"workflow_prefixes"`
	Identity          *policyIdentityModel `tfsdk:"identity"`
	ConnectionsDomain types.String         `tfsdk:"connections_domain"`
	SecretsBy         types.String         `tfsdk:"secrets_by"`
	Mount             types.String         `tfsdk:"mount"`
	Prefix            types.String         `tfsdk:"prefix"`
	Undelete          types.Bool           `tfsdk:"undelete"`
	Destroy           types.Bool           `tfsdk:"destroy"`
	Settings          types.Bool           `tfsdk:"settings"`
	Policy            types.String         `tfsdk:"policy"`
}

// policyIdentityModel is its identity block.
type policyIdentityModel struct {
	Accessor types.String `tfsdk:"accessor"`
	Workflow types.String `tfsdk:"workflow"`
	Domain   types.String `tfsdk:"domain"`
}

func (d *policyDocumentDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_vault_policy_document"
}

func (d *policyDocumentDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The Vault policy of a role, for a set of workflows: the rules that a token needs, and none more.\n\n" +
			"A writer creates, overwrites, deletes and lists secrets and reads no value. A reader reads the values of its own " +
			"workflows, lists their names and writes nothing. No role does both. The other roles are for people, as Relay had " +
			"them, and read no value either; the guide on roles has the table of who may do what.\n\n" +
			"It asks Vault nothing and needs no rights there. What it returns goes into `vault policy write`, or into the " +
			"`policy` of a `vault_policy` of the Vault provider, in the namespace of the mount.",
		Attributes: map[string]schema.Attribute{
			"role": schema.StringAttribute{
				Required: true,
				MarkdownDescription: "Who the policy is for: `writer` for Terraform, `relay-sync` and other programs that manage secrets, " +
					"`reader` for the steps of a workflow; for people `viewer`, `operator`, `approver` or `administrator`.",
			},
			"workflows": schema.SetAttribute{
				Optional:    true,
				ElementType: types.StringType,
				MarkdownDescription: "Names of the workflows. Left out, it is every workflow, now and later, which a `reader` can not " +
					"have; an empty set is refused. A name that a Vault policy would read as more than a name, such as " +
					"`+` or `deploy-*`, is refused.",
			},
			"workflow_prefixes": schema.SetAttribute{
				Optional:    true,
				ElementType: types.StringType,
				MarkdownDescription: "Beginnings of names: `deploy-` is for every workflow, now and later, whose name begins so. It is " +
					"the only pattern of names that a Vault policy can express. Not for a `reader`.",
			},
			"identity": schema.SingleNestedAttribute{
				Optional: true,
				MarkdownDescription: "Take the workflow from who logs in, in place of names: from metadata that an auth method attaches, " +
					"such as a claim of a JWT. Whoever fills it in must refuse names with `+` or `*`: Vault looks for these only after " +
					"it has put the metadata in.",
				Attributes: map[string]schema.Attribute{
					"accessor": schema.StringAttribute{
						Required:            true,
						MarkdownDescription: "Accessor of the auth mount, as `vault auth list` shows it.",
					},
					"workflow": schema.StringAttribute{
						Required:            true,
						MarkdownDescription: "Key of the workflow in the metadata. Relay's is `tenant_id`.",
					},
					"domain": schema.StringAttribute{
						Optional:            true,
						MarkdownDescription: "Key of the connections' domain in the metadata. Relay's is `domain_id`. Left out, no connections.",
					},
				},
			},
			"connections_domain": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Whose connections the policy is for too: a writer and an administrator write them, a reader reads " +
					"them, the others see their names. Left out, no connections.",
			},
			"secrets_by": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "The lowest of people's roles that adds, overwrites and deletes secrets: `operator`, `approver` or " +
					"`administrator`. Default: `operator`.",
			},
			"mount": schema.StringAttribute{
				Optional:            true,
				Computed:            true,
				MarkdownDescription: "Mount of the KV version 2 secrets engine. Default: the provider's.",
			},
			"prefix": schema.StringAttribute{
				Optional:            true,
				Computed:            true,
				MarkdownDescription: "Path below the mount that holds one folder per workflow. Default: the provider's.",
			},
			"undelete": schema.BoolAttribute{
				Optional:            true,
				MarkdownDescription: "Let a `writer` bring deleted versions back. Default: `false`. No resource of this provider needs it.",
			},
			"destroy": schema.BoolAttribute{
				Optional:            true,
				MarkdownDescription: "Let a `writer` erase versions for good, as `deletion = \"purge\"` does. Default: `false`.",
			},
			"settings": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Let a `writer` set `delete_version_after` on secrets that do not exist yet, which takes `create` on " +
					"`metadata/`. Default: `false`. Settings of secrets that exist need nothing more.",
			},
			"policy": schema.StringAttribute{
				Computed: true,
				MarkdownDescription: "The policy, in HCL: one block of rules for each workflow, sorted. It is the same for the same " +
					"arguments, whatever their order.",
			},
		},
	}
}

func (d *policyDocumentDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	if ready, ok := req.ProviderData.(*backend); ok {
		d.backend = ready
	}
}

// ValidateConfig finds what is wrong before there is a provider: with a valid
// mount and prefix in the place of the provider's.
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

// Read writes the policy. The provider may be connected to nothing yet.
func (d *policyDocumentDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model policyDocumentModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	model.setDefaults(d.backend)
	for attribute, value := range map[string]types.String{"mount": model.Mount, "prefix": model.Prefix} {
		if value.ValueString() == "" {
			resp.Diagnostics.AddAttributeError(path.Root(attribute), "Not known yet", fmt.Sprintf(
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

// setDefaults fills in where the workflows are: as set here, else as the provider says,
// else nothing.
func (m *policyDocumentModel) setDefaults(provider *backend) {
	if provider == nil {
		provider = &backend{}
	}
	m.Mount = pathOr(m.Mount, provider.mount)
	m.Prefix = pathOr(m.Prefix, provider.prefix)
}

// pathOr is a path without slashes around it, as the provider block takes it.
func pathOr(set types.String, fallback string) types.String {
	if set.IsNull() {
		return types.StringValue(fallback)
	}
	return types.StringValue(strings.Trim(set.ValueString(), "/"))
}

// setPolicy sets the policy, or says all that is wrong with what was asked for.
func (m *policyDocumentModel) setPolicy(ctx context.Context, diagnostics *diag.Diagnostics) {
	grant := policy.Grant{
		Role:  parseRole(m.Role, "role", diagnostics),
		Mount: m.Mount.ValueString(), Prefix: m.Prefix.ValueString(),
		Workflows:         setToNames(ctx, m.Workflows, diagnostics),
		WorkflowPrefixes:  setToNames(ctx, m.WorkflowPrefixes, diagnostics),
		ConnectionsDomain: m.ConnectionsDomain.ValueString(),
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
		diagnostics.AddError("No policy can be made of this", sentence(err.Error()))
		return
	}
	m.Policy = types.StringValue(text)
}

// parseRole is none where the attribute is left out.
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

// setToNames is nil where the set is left out.
func setToNames(ctx context.Context, set types.Set, diagnostics *diag.Diagnostics) []string {
	var names []string
	diagnostics.Append(set.ElementsAs(ctx, &names, false)...)
	return names
}
