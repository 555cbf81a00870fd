// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/relay-secrets/terraform-provider-relay/internal/connections"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// connectionModel is relay_connection.
type connectionModel struct {
	Type            types.String   `tfsdk:"type"`
	Name            types.String   `tfsdk:"name"`
	FieldsWO        types.Map      `tfsdk:"fields_wo"`
	FieldsWOVersion types.String   `tfsdk:"fields_wo_version"`
	OnDrift         types.String   `tfsdk:"on_drift"`
	Adopt           types.Bool     `tfsdk:"adopt"`
	Deletion        types.String   `tfsdk:"deletion"`
	Timeouts        timeouts.Value `tfsdk:"timeouts"`
	Path            types.String   `tfsdk:"path"`
	computedAttributes
}

func connectionSchema(ctx context.Context) schema.Schema {
	replaced := []planmodifier.String{stringplanmodifier.RequiresReplace()}
	attributes := map[string]schema.Attribute{
		"type": schema.StringAttribute{
			Required: true,
			MarkdownDescription: "Type of the connection, which says which fields it has, such as `aws` or `kubernetes`. The fields of " +
				"the types that Relay's integrations use are checked; any other type may have any fields. A change makes a " +
				"new connection and deletes this one.",
			PlanModifiers: replaced,
			Validators:    []validator.String{connectionTypeValidator{}},
		},
		"name": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "Name of the connection. A change makes a new connection and deletes this one.",
			PlanModifiers:       replaced,
			Validators:          []validator.String{nameValidator{"connection"}},
		},
		"fields_wo": schema.MapAttribute{
			Required:    true,
			WriteOnly:   true,
			Sensitive:   true,
			ElementType: types.StringType,
			MarkdownDescription: "Values of all fields by name, each up to 512 KiB. They are in no state and in no plan, and may come " +
				"from ephemeral resources.",
			Validators: []validator.Map{mapvalidator.SizeBetween(1, connections.MaxFields), mapvalidator.NoNullValues(), mapvalidator.KeysAre(nameValidator{"field"})},
		},
		"fields_wo_version": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "Any text that stands for the fields. A change of it, in whatever direction, sends all of them. Fields that " +
				"change under the same version are not sent.",
		},
		"on_drift": schema.StringAttribute{
			Optional: true,
			Computed: true,
			MarkdownDescription: "What a plan does when the connection was changed outside Terraform: `overwrite` plans to send " +
				"all fields again, `warn` warns and changes nothing, `error` stops the plan. Default: the provider's, else `overwrite`.",
			Validators: []validator.String{stringvalidator.OneOf(onDriftOverwrite, onDriftWarn, onDriftError)},
		},
		"adopt": schema.BoolAttribute{
			Optional: true,
			Computed: true,
			MarkdownDescription: "Take the connection over if it exists already or if another owner holds it. Set it for one apply and " +
				"take it away again. Default: the provider's, else `false`.",
		},
		"deletion": schema.StringAttribute{
			Optional: true,
			Computed: true,
			MarkdownDescription: "What destroying the resource does in Vault: `soft` deletes the pointer and the fields, which an " +
				"administrator can undelete; `purge` destroys every version for good. Default: the provider's, else `soft`.",
			Validators: []validator.String{stringvalidator.OneOf(deletionSoft, deletionPurge)},
		},
		"timeouts": timeouts.Attributes(ctx, timeoutsOptions()),
		"version": schema.Int64Attribute{
			Computed: true,
			MarkdownDescription: "Version of the pointer in Vault that this resource wrote last. Drift is judged from it; a refresh never " +
				"changes it.",
		},
		"created_time": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "When Vault took that version, in RFC 3339.",
		},
		"observed_version": schema.Int64Attribute{
			Computed:            true,
			MarkdownDescription: "Current version of the pointer in Vault at the last refresh; `0` where there is none.",
		},
		"drift": schema.StringAttribute{
			Computed: true,
			MarkdownDescription: "`in sync`, or what happened to the connection outside Terraform, in the words of `relay_workflow_secret`; " +
				"where it happened to a field, with the field's name before them. Never a value.",
		},
		"expires_at": schema.StringAttribute{
			Computed: true,
			MarkdownDescription: "When Vault will delete the current pointer by itself (the mount's `delete_version_after`), in RFC 3339. Not " +
				"set if never.",
		},
		"path": schema.StringAttribute{
			Computed: true,
			MarkdownDescription: "Where the pointer lies in Vault, as a policy names it. Another `mount` or `domain` in the provider " +
				"block moves it: the connection is made anew there and deleted here.",
		},
	}
	return schema.Schema{
		MarkdownDescription: "One connection: a typed, named set of fields, reusable by every workflow of a domain, in Relay's own " +
			"layout. The provider's `domain` says whose connections they are.\n\n" +
			"A change writes all fields to a fresh place, and then moves the pointer that readers follow: no reader ever gets " +
			"half of the old and half of the new. What was replaced is deleted by a later change, ten minutes later at the " +
			"soonest. Fields are write-only and never read back; drift is found from Vault's metadata.",
		Attributes: attributes,
	}
}

// load puts in what holds where the resource itself says nothing: the provider's
// defaults, else ours.
func (m *connectionModel) fill(config connectionModel, d defaults) {
	m.OnDrift = firstString(config.OnDrift, d.OnDrift, types.StringValue(onDriftOverwrite))
	m.Adopt = firstBool(config.Adopt, d.Adopt, types.BoolValue(false))
	m.Deletion = firstString(config.Deletion, d.Deletion, types.StringValue(deletionSoft))
}

// fields are the values of a configuration, which all have to be known.
func (m connectionModel) fields() (map[string]secrets.Value, error) {
	out := map[string]secrets.Value{}
	for name, element := range m.FieldsWO.Elements() {
		text, is := element.(types.String)
		if !is || text.IsNull() || text.IsUnknown() {
			return nil, fmt.Errorf("%w: field %s of fields_wo has no value; give it a text, which may be empty", secrets.ErrInvalid, name)
		}
		out[name] = secrets.NewValue(text.ValueString())
	}
	return out, nil
}

// fieldNames are those of a configuration; false where they are not known yet.
func (m connectionModel) fieldNames() ([]string, bool) {
	if m.FieldsWO.IsUnknown() || m.Type.IsUnknown() {
		return nil, false
	}
	names := make([]string, 0, len(m.FieldsWO.Elements()))
	for name := range m.FieldsWO.Elements() {
		names = append(names, name)
	}
	return names, true
}

// connectionTypeValidator refuses what is no type of connection.
type connectionTypeValidator struct{}

func (connectionTypeValidator) Description(context.Context) string {
	return "a name that does not read as a UUID"
}

func (v connectionTypeValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

func (connectionTypeValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if err := connections.CheckType(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid type", sentence(err.Error()))
	}
}

// errNoDomain is why a connection has no place.
var errNoDomain = errors.New("the provider block has no domain: set it to the name of whose connections these are, as Relay's account is")
