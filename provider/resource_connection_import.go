// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/relay-secrets/terraform-provider-relay/internal/connections"
)

// connectionIdentity is which connection a resource stands for. It never changes.
type connectionIdentity struct {
	Mount  types.String `tfsdk:"mount"`
	Domain types.String `tfsdk:"domain"`
	Type   types.String `tfsdk:"type"`
	Name   types.String `tfsdk:"name"`
}

func (r *connectionResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{
		Attributes: map[string]identityschema.Attribute{
			"type":   identityschema.StringAttribute{RequiredForImport: true, Description: "Type of the connection."},
			"name":   identityschema.StringAttribute{RequiredForImport: true, Description: "Name of the connection."},
			"mount":  identityschema.StringAttribute{OptionalForImport: true, Description: "Mount of the secrets engine. Default: the provider's."},
			"domain": identityschema.StringAttribute{OptionalForImport: true, Description: "Whose connection it is. Default: the provider's."},
		},
	}
}

// setConnectionIdentity sets the identity, where the host knows of identities.
func setConnectionIdentity(ctx context.Context, identity *tfsdk.ResourceIdentity, a connections.Address) diag.Diagnostics {
	if identity == nil {
		return nil
	}
	return identity.Set(ctx, connectionIdentity{
		Mount: types.StringValue(a.Mount), Domain: types.StringValue(a.Domain),
		Type: types.StringValue(a.Type), Name: types.StringValue(a.Name),
	})
}

// ImportState takes a connection into the state by "type/name" or by identity.
// What its own record says is known; nothing is written.
func (r *connectionResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	const attempted = "Importing the connection"
	if !r.ready(&resp.Diagnostics) {
		return
	}
	address, err := r.importAddress(ctx, req, &resp.Diagnostics)
	if err != nil {
		resp.Diagnostics.AddError(attempted, sentence(err.Error()))
	}
	if resp.Diagnostics.HasError() {
		return
	}
	pointer, err := r.backend.client.Describe(ctx, address.Pointer())
	if err != nil {
		report(&resp.Diagnostics, attempted, err)
		return
	}
	if pointer.Current == 0 {
		resp.Diagnostics.AddError(attempted, fmt.Sprintf("There is no connection %s at %s. To create it, apply without an import.", address, address.Pointer().Path()))
		return
	}
	state := connectionModel{
		Type: types.StringValue(address.Type), Name: types.StringValue(address.Name),
		FieldsWO: types.MapNull(types.StringType), Timeouts: noTimeouts(),
		Path: types.StringValue(address.Pointer().Path()),
	}
	state.fill(connectionModel{}, r.backend.defaults)
	private := newPrivateState(address)
	state.setFromRecord(&private, r.backend.client.Owner(), pointer)
	// The refresh that follows fills in the rest.
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	resp.Diagnostics.Append(private.save(ctx, resp.Private)...)
	resp.Diagnostics.Append(setConnectionIdentity(ctx, resp.Identity, address)...)
}

// importAddress is the connection that an import names.
func (r *connectionResource) importAddress(ctx context.Context, req resource.ImportStateRequest, diagnostics *diag.Diagnostics) (connections.Address, error) {
	if req.ID != "" || req.Identity == nil {
		return connections.ParseAddress(r.backend.mount, r.backend.domain, req.ID)
	}
	var identity connectionIdentity
	diagnostics.Append(req.Identity.Get(ctx, &identity)...)
	a := connections.Address{Mount: r.backend.mount, Domain: r.backend.domain, Type: identity.Type.ValueString(), Name: identity.Name.ValueString()}
	if !identity.Mount.IsNull() && identity.Mount.ValueString() != a.Mount || !identity.Domain.IsNull() && identity.Domain.ValueString() != a.Domain {
		return a, fmt.Errorf("the identity's mount and domain are %q and %q, the provider's %q and %q: import it with a provider block "+
			"(it may be an alias) that has the identity's", identity.Mount.ValueString(), identity.Domain.ValueString(), a.Mount, a.Domain)
	}
	return a, a.Check()
}
