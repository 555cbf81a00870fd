// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

var _ datasource.DataSourceWithConfigure = &workflowSecretsDataSource{}

// workflowSecretsDataSource is relay_workflow_secrets as a data source: what metadata tells
// of the secrets of one workflow, whoever holds them. It reads no value.
type workflowSecretsDataSource struct {
	// backend is nil while the provider is not configured.
	backend *backend
}

func newWorkflowSecretsDataSource() datasource.DataSource { return &workflowSecretsDataSource{} }

// workflowSecretsDataModel is data relay_workflow_secrets.
type workflowSecretsDataModel struct {
	Workflow types.String              `tfsdk:"workflow"`
	Secrets  map[string]surveyedSecret `tfsdk:"secrets"`
}

// surveyedSecret is one secret, as everybody may see it who may see metadata.
type surveyedSecret struct {
	Version         types.Int64  `tfsdk:"version"`
	CreatedTime     types.String `tfsdk:"created_time"`
	Drift           types.String `tfsdk:"drift"`
	Owner           types.String `tfsdk:"owner"`
	LastOwner       types.String `tfsdk:"last_owner"`
	RecordedVersion types.Int64  `tfsdk:"recorded_version"`
	RecordedTime    types.String `tfsdk:"recorded_time"`
	Origin          types.String `tfsdk:"origin"`
	Revision        types.String `tfsdk:"revision"`
	Deleted         types.Bool   `tfsdk:"deleted"`
	DeletedTime     types.String `tfsdk:"deleted_time"`
	ExpiresAt       types.String `tfsdk:"expires_at"`
}

func (d *workflowSecretsDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_workflow_secrets"
}

func (d *workflowSecretsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The secrets of one workflow, for audits: who holds each, since when, and what has drifted, whoever " +
			"wrote it. Names and metadata only; nothing here can return a value. It costs one request, and one for each secret.",
		Attributes: map[string]schema.Attribute{
			"workflow": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "Workflow to look at. One without secrets is no error.",
				Validators:          []validator.String{nameValidator{"workflow"}},
			},
			"secrets": schema.MapNestedAttribute{
				Computed: true,
				MarkdownDescription: "What Vault's metadata tells of each secret, by name. Deleted ones are among them, because Vault " +
					"keeps their names; a name that is no valid one is left out.",
				NestedObject: schema.NestedAttributeObject{Attributes: surveyedSecretAttributes()},
			},
		},
	}
}

func surveyedSecretAttributes() map[string]schema.Attribute {
	text := func(description string) schema.Attribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	number := func(description string) schema.Attribute {
		return schema.Int64Attribute{Computed: true, MarkdownDescription: description}
	}
	return map[string]schema.Attribute{
		"version":      number("Current version in Vault; `0` where there is a name and no version yet."),
		"created_time": text("When the current version was written, in RFC 3339."),
		"drift": text("`in sync`, or how the secret differs from what its last owner wrote: `overwritten: version 4 at <time>, last " +
			"written 3`, `deleted at <time>`, `destroyed`, `expired at <time>`. `held by nobody`: somebody wrote the value without " +
			"leaving a record, as `vault kv put` does. `record lost`: there is a record, and it does not fit. `absent`: " +
			"there is no value, and no owner who misses one."),
		"owner": text("Who wrote the current version: `terraform/<owner>`, `gitops/<controller>/<source>` or `person/<name>`. Not set " +
			"where nobody's record says so."),
		"last_owner": text("Whose write is the last that a record tells of. It differs from `owner`, which is then not set, where " +
			"somebody wrote over it without a record. Not set where there is none, or the owner let the secret go."),
		"recorded_version": number("Version that the last owner wrote."),
		"recorded_time":    text("When the last owner wrote it, in RFC 3339."),
		"origin":           text("File that the last owner's value came from, if the owner works from files."),
		"revision":         text("Git commit that the last owner's value came from, if the owner works from git."),
		"deleted": schema.BoolAttribute{
			Computed:            true,
			MarkdownDescription: "Whether there is no value now: it was deleted or destroyed, or has expired, by whomever.",
		},
		"deleted_time": text("When the value was deleted or expired, in RFC 3339. Not set for one that was only destroyed."),
		"expires_at":   text("When Vault will delete the value by itself, in RFC 3339. Not set if never."),
	}
}

func (d *workflowSecretsDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	if ready, ok := req.ProviderData.(*backend); ok {
		d.backend = ready
	}
}

// Read surveys the workflow. It tells everything or fails: an audit that leaves
// something out would be believed.
func (d *workflowSecretsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	const attempted = "Looking at the secrets of a workflow"
	var model workflowSecretsDataModel
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("workflow"), &model.Workflow)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if d.backend != nil && d.backend.unknownSettings != "" {
		resp.Diagnostics.AddError("Not connected to Vault", fmt.Sprintf(
			"The provider's %s is known only during the apply. Apply first what it comes from; or name that in "+
				"the depends_on of this data source, which puts it off until then.", d.backend.unknownSettings))
		return
	}
	if !d.backend.ready(&resp.Diagnostics) {
		return
	}
	defer d.backend.warnings.drain(&resp.Diagnostics)
	scope := secrets.Scope{Mount: d.backend.mount, Prefix: d.backend.prefix, Workflow: model.Workflow.ValueString()}
	seen, err := d.backend.client.Survey(ctx, scope)
	if err == nil {
		err = seen.Failed[scope]
	}
	if err != nil {
		resp.Diagnostics.AddError(attempted, sentence(err.Error()))
		return
	}
	model.Secrets = make(map[string]surveyedSecret, len(seen.Entries))
	for address, entry := range seen.Entries {
		model.Secrets[address.Name] = newSurveyedSecret(entry)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}

// newSurveyedSecret is what an entry tells.
func newSurveyedSecret(e secrets.Entry) surveyedSecret {
	current := e.Versions[e.Current]
	out := surveyedSecret{
		Version:     types.Int64Value(int64(e.Current)),
		CreatedTime: timeValue(current.Created),
		Drift:       types.StringValue(secrets.JudgeAsOwner(e).String()),
		Deleted:     types.BoolValue(!e.Live()),
		ExpiresAt:   timeValue(e.Expires()),
	}
	if !e.Live() {
		out.DeletedTime = timeValue(current.Deleted)
	}
	if holder, held := e.Owner(); held {
		out.Owner = types.StringValue(string(holder))
	}
	if owner, record, found := e.LastOwner(); found {
		out.LastOwner = types.StringValue(string(owner))
		out.RecordedVersion = types.Int64Value(int64(record.Version))
		out.RecordedTime = timeValue(record.Time)
		out.Origin = textValue(record.Origin)
		out.Revision = textValue(record.Revision)
	}
	return out
}

// textValue is null for no text. Vault may hand out anything; Terraform takes UTF-8.
func textValue(text string) types.String {
	if text == "" {
		return types.StringNull()
	}
	return types.StringValue(strings.ToValidUTF8(text, "\uFFFD"))
}
