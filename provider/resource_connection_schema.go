// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
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
	Timeouts        timeouts.Value `tfsdk:"timeouts"`
	Path            types.String   `tfsdk:"path"`
	options
	computedAttributes
}

func connectionSchema(ctx context.Context) schema.Schema {
	attributes := connectionArguments()
	maps.Copy(attributes, optionAttributes("a connection", "its fields"))
	maps.Copy(attributes, computedAttributeSchemas("of the pointer in Vault", "`in sync`, or the change outside Terraform, as in "+
		"`relay_workflow_secret`. For a change of a field, its name comes first. It never contains a value."))
	attributes["timeouts"] = timeouts.Attributes(ctx, timeoutsOptions())
	attributes["path"] = schema.StringAttribute{
		Computed: true,
		MarkdownDescription: "Path of the pointer in Vault, as in a policy. A change of `mount` or `domain` in the provider block replaces the " +
			"connection: Terraform creates it at the new path and deletes it at the old one.",
	}
	return schema.Schema{
		Version: schemaVersion,
		MarkdownDescription: "Manages one connection: a typed, named set of fields that every workflow of a domain can use, stored as " +
			"Relay stores it. The provider's `domain` is the domain of the connection.\n\n" +
			"A change writes all fields to a new path and then switches the pointer that readers follow, so that a reader never gets " +
			"a mix of old and new fields. A later change deletes the replaced fields, ten minutes later at the " +
			"earliest. Fields are write-only and are never read back. The provider detects drift from Vault's metadata.",
		Attributes: attributes,
	}
}

func connectionArguments() map[string]schema.Attribute {
	replaced := []planmodifier.String{stringplanmodifier.RequiresReplace()}
	return map[string]schema.Attribute{
		"type": schema.StringAttribute{
			Required: true,
			MarkdownDescription: "Type of the connection, such as `aws` or `kubernetes`. It determines the fields. The provider checks the fields of " +
				"the types that Relay's integrations use; any other type can have any fields. A change replaces the connection.",
			PlanModifiers: replaced,
			Validators:    []validator.String{connectionTypeValidator{}},
		},
		"name": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "Name of the connection. A change replaces the connection.",
			PlanModifiers:       replaced,
			Validators:          []validator.String{nameValidator{"connection"}},
		},
		"fields_wo": schema.MapAttribute{
			Required:    true,
			WriteOnly:   true,
			Sensitive:   true,
			ElementType: types.StringType,
			MarkdownDescription: "Values of all fields by name, each up to 512 KiB. They are neither in the state nor in the plan, and they " +
				"can come from ephemeral resources.",
			Validators: []validator.Map{mapvalidator.SizeBetween(1, connections.MaxFields), mapvalidator.NoNullValues(), mapvalidator.KeysAre(nameValidator{"field"})},
		},
		"fields_wo_version": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "Version of the fields: any string. Terraform sends all fields whenever this string changes. It does not send " +
				"fields that change while this string stays the same.",
		},
	}
}

// fields returns the configured values, which all have to be known.
func (m connectionModel) fields() (map[string]secrets.Value, error) {
	if m.FieldsWO.IsNull() || m.FieldsWO.IsUnknown() {
		return nil, fmt.Errorf("%w: fields_wo is null, and this apply has to send it; set it, and remove it from ignore_changes", secrets.ErrInvalid)
	}
	out := map[string]secrets.Value{}
	for name, element := range m.FieldsWO.Elements() {
		text, ok := element.(types.String)
		if !ok || text.IsNull() || text.IsUnknown() {
			return nil, fmt.Errorf("%w: field %s of fields_wo is null; set it to a string, which can be empty", secrets.ErrInvalid, name)
		}
		out[name] = secrets.NewValue(text.ValueString())
	}
	return out, nil
}

// fieldNames returns the configured names; false while they are not known, or not to
// this plan because of ignore_changes.
func (m connectionModel) fieldNames() ([]string, bool) {
	if m.FieldsWO.IsUnknown() || m.FieldsWO.IsNull() || m.Type.IsUnknown() {
		return nil, false
	}
	names := make([]string, 0, len(m.FieldsWO.Elements()))
	for name := range m.FieldsWO.Elements() {
		names = append(names, name)
	}
	return names, true
}

// connectionTypeValidator refuses invalid types of connections.
type connectionTypeValidator struct{}

func (connectionTypeValidator) Description(context.Context) string {
	return "a name that is not a UUID"
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
