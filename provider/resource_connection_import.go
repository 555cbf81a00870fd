// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/relay-secrets/terraform-provider-relay/internal/connections"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// connectionIdentity identifies a connection. It never changes.
type connectionIdentity struct {
	// Namespace is null for the root namespace.
	Namespace types.String `tfsdk:"namespace"`
	Mount     types.String `tfsdk:"mount"`
	Domain    types.String `tfsdk:"domain"`
	Type      types.String `tfsdk:"type"`
	Name      types.String `tfsdk:"name"`
}

func (r *connectionResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{
		Attributes: map[string]identityschema.Attribute{
			"type":      identityschema.StringAttribute{RequiredForImport: true, Description: "Type of the connection."},
			"name":      identityschema.StringAttribute{RequiredForImport: true, Description: "Name of the connection."},
			"namespace": identityschema.StringAttribute{OptionalForImport: true, Description: "Namespace of Vault. Default: the provider's."},
			"mount":     identityschema.StringAttribute{OptionalForImport: true, Description: "Mount of the secrets engine. Default: the provider's."},
			"domain":    identityschema.StringAttribute{OptionalForImport: true, Description: "Domain of the connection. Default: the provider's."},
		},
	}
}

func connectionIdentityOf(a secrets.Address) connectionIdentity {
	domain, _ := connections.Domain(a.Prefix)
	return connectionIdentity{
		Namespace: namespaceOf(a),
		Mount:     types.StringValue(a.Mount), Domain: types.StringValue(domain),
		Type: types.StringValue(a.Group), Name: types.StringValue(a.Name),
	}
}

// ImportState imports a connection by "type/name" or by identity. It writes nothing: the
// first apply writes the fields.
func (r *connectionResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	const summary = "Cannot import the connection"
	if !r.ready(&resp.Diagnostics) {
		return
	}
	address, err := r.importAddress(ctx, req, &resp.Diagnostics)
	if err != nil {
		resp.Diagnostics.AddError(summary, sentence(err.Error()))
	}
	if resp.Diagnostics.HasError() {
		return
	}
	pointer, err := r.backend.client.Describe(ctx, address)
	if err != nil {
		report(&resp.Diagnostics, summary, err)
		return
	}
	if pointer.Current == 0 {
		resp.Diagnostics.AddError(summary, fmt.Sprintf("Connection %s not found at %s. To create it, apply without the import.", address, address.Path()))
		return
	}
	state := connectionModel{
		Type: types.StringValue(address.Group), Name: types.StringValue(address.Name),
		FieldsWO: types.MapNull(types.StringType), Timeouts: noTimeouts(),
		Path: types.StringValue(pathOf(address)),
	}
	state.fill(options{}, r.backend.defaults.options)
	private := newPrivateState(address)
	private.Imported = true
	// The refresh that follows sets the other attributes.
	resp.Diagnostics.Append(setModel(ctx, &resp.State.Raw, resp.State.Schema, state)...)
	resp.Diagnostics.Append(private.save(ctx, resp.Private)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, connectionIdentityOf(address))...)
}

// importAddress returns the address of the connection to import.
func (r *connectionResource) importAddress(ctx context.Context, req resource.ImportStateRequest, diagnostics *diag.Diagnostics) (secrets.Address, error) {
	if req.ID != "" || req.Identity == nil {
		return connections.ParseAddress(r.backend.root(), r.backend.domain, req.ID)
	}
	var identity connectionIdentity
	diagnostics.Append(req.Identity.Get(ctx, &identity)...)
	mount, domain := r.backend.mount, r.backend.domain
	a := connections.Address(r.backend.root(), domain, identity.Type.ValueString(), identity.Name.ValueString())
	if err := errors.Join(
		checkIdentity("namespace", identity.Namespace, r.backend.namespace),
		checkIdentity("mount", identity.Mount, mount), checkIdentity("domain", identity.Domain, domain),
	); err != nil {
		return a, err
	}
	return a, connections.Check(a)
}
