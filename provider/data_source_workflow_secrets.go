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

// workflowSecretsDataSource is the data source relay_workflow_secrets: the metadata of
// all secrets of a workflow, of every owner. It reads no values.
type workflowSecretsDataSource struct{ dataSourceBase }

func newWorkflowSecretsDataSource() datasource.DataSource { return &workflowSecretsDataSource{} }

// workflowSecretsDataModel is the data source relay_workflow_secrets.
type workflowSecretsDataModel struct {
	Workflow     types.String              `tfsdk:"workflow"`
	Secrets      map[string]surveyedSecret `tfsdk:"secrets"`
	InvalidNames []invalidName             `tfsdk:"invalid_names"`
}

// invalidName is a name in Vault that cannot be managed.
type invalidName struct {
	Name    types.String `tfsdk:"name"`
	Cause   types.String `tfsdk:"cause"`
	Command types.String `tfsdk:"command"`
}

// surveyedSecret is the metadata of one secret.
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
		MarkdownDescription: "Reads the metadata of all secrets of one workflow, for audits: the owner of each secret, the time of the last " +
			"write, and drift. It includes the secrets of every owner. It cannot return values. It sends one request, and one more for each secret.",
		Attributes: map[string]schema.Attribute{
			"workflow": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "Workflow whose secrets are read. A workflow without secrets is not an error.",
				Validators:          []validator.String{nameValidator{"workflow"}},
			},
			"secrets": schema.MapNestedAttribute{
				Computed: true,
				MarkdownDescription: "Metadata of each secret, by name. It includes deleted secrets, because Vault keeps their names. " +
					"Invalid names are in `invalid_names`.",
				NestedObject: schema.NestedAttributeObject{Attributes: surveyedSecretAttributes()},
			},
			"invalid_names": schema.ListNestedAttribute{
				Computed: true,
				MarkdownDescription: "Names in Vault that cannot be managed here, such as `slack:webhook`, and folders. Steps of the workflow " +
					"can read them, and nothing here writes or deletes them.",
				NestedObject: schema.NestedAttributeObject{Attributes: invalidNameAttributes()},
			},
		},
	}
}

func invalidNameAttributes() map[string]schema.Attribute {
	text := func(description string) schema.Attribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	return map[string]schema.Attribute{
		"name":    text("The name, quoted, and shortened if it is long."),
		"cause":   text("Why it cannot be managed."),
		"command": text("Shell command that removes it with all versions; for a folder, the command that lists what is in it."),
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
		"version":      number("Current version in Vault; `0` if the name has no version yet."),
		"created_time": text("When the current version was written, in RFC 3339."),
		"drift": text("`in sync`, or how the secret differs from the last write of its owner: `overwritten: version 4 at <time>, last " +
			"written 3`, `deleted at <time>`, `destroyed`, `expired at <time>`. `unmanaged`: the value has no record, as after " +
			"`vault kv put`. `record lost`: there is a record, but it does not match the value. `record not authentic`: the MAC of " +
			"this configuration's record is invalid. `absent`: there is no value, and no record of one."),
		"owner": text("Owner of the current version: `terraform/<owner>`, `gitops/<controller>/<source>`, `person/<name>-<hash>` or `team/<team>`. Null if " +
			"the version has no record."),
		"last_owner": text("Owner of the newest record. After an overwrite without a record, `owner` is null and `last_owner` is " +
			"the previous owner. Null if there is no record or the owner has released the secret."),
		"recorded_version": number("Version that the last owner wrote."),
		"recorded_time":    text("When the last owner wrote it, in RFC 3339."),
		"origin":           text("File that the last owner's value came from, for owners that read files."),
		"revision":         text("Git commit that the last owner's value came from, for owners that read git."),
		"deleted": schema.BoolAttribute{
			Computed:            true,
			MarkdownDescription: "Whether the current version has no value: it was deleted or destroyed, or it has expired.",
		},
		"deleted_time": text("When the value was deleted or expired, in RFC 3339. Null for a value that was only destroyed."),
		"expires_at":   text("When Vault will delete the value by itself, in RFC 3339. Null for never."),
	}
}

// Read reads the metadata of all secrets, or fails: a partial audit looks complete.
func (d *workflowSecretsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	const summary = "Cannot read the secrets of the workflow"
	var model workflowSecretsDataModel
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("workflow"), &model.Workflow)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if d.backend != nil && d.backend.unknownSettings != "" {
		resp.Diagnostics.AddError(noVault, fmt.Sprintf(
			"The provider's %s is known only during the apply. First apply the resources that define it, or list them in "+
				"the depends_on of this data source: Terraform then reads it during the apply.", d.backend.unknownSettings))
		return
	}
	if !d.backend.ready(&resp.Diagnostics) {
		return
	}
	defer d.backend.warnings.drain(&resp.Diagnostics)
	scope := d.backend.root().In(model.Workflow.ValueString())
	survey, err := d.backend.client.Survey(ctx, scope)
	if err == nil {
		err = survey.Failed[scope]
	}
	if err != nil {
		resp.Diagnostics.AddError(summary, sentence(err.Error()))
		return
	}
	model.Secrets = make(map[string]surveyedSecret, len(survey.Entries))
	for address, entry := range survey.Entries {
		model.Secrets[address.Name] = newSurveyedSecret(entry)
	}
	model.InvalidNames = invalidNames(scope, survey.Other[scope])
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}

// invalidNames is never nil: an empty list shows a complete audit.
func invalidNames(scope secrets.Scope, keys []string) []invalidName {
	out := make([]invalidName, len(keys))
	for i, key := range keys {
		o := scope.Other(key)
		out[i] = invalidName{types.StringValue(o.Name), types.StringValue(o.Cause), types.StringValue(o.Command)}
	}
	return out
}

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
	if owner, owned := e.Owner(); owned {
		out.Owner = types.StringValue(string(owner))
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

// textValue is null for an empty text. Vault can return any bytes; Terraform accepts
// UTF-8 only.
func textValue(text string) types.String {
	if text == "" {
		return types.StringNull()
	}
	return types.StringValue(strings.ToValidUTF8(text, "\uFFFD"))
}
