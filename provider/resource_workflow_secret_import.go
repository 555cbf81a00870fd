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

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

var (
	_ resource.ResourceWithIdentity    = &workflowSecretResource{}
	_ resource.ResourceWithImportState = &workflowSecretResource{}
)

// secretIdentity is which secret a resource stands for, for Terraform and
// OpenTofu 1.12 and later. It never changes: another place is another secret.
type secretIdentity struct {
	Mount    types.String `tfsdk:"mount"`
	Prefix   types.String `tfsdk:"prefix"`
	Workflow types.String `tfsdk:"workflow"`
	Name     types.String `tfsdk:"name"`
}

func (r *workflowSecretResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{
		Attributes: map[string]identityschema.Attribute{
			"workflow": identityschema.StringAttribute{RequiredForImport: true, Description: "Workflow that the secret belongs to."},
			"name":     identityschema.StringAttribute{RequiredForImport: true, Description: "Name of the secret in the workflow."},
			"mount":    identityschema.StringAttribute{OptionalForImport: true, Description: "Mount of the secrets engine. Default: the provider's."},
			"prefix":   identityschema.StringAttribute{OptionalForImport: true, Description: "Path below the mount. Default: the provider's."},
		},
	}
}

// setSecretIdentity sets the identity, where the host knows of identities.
func setSecretIdentity(ctx context.Context, identity *tfsdk.ResourceIdentity, a secrets.Address) diag.Diagnostics {
	if identity == nil {
		return nil
	}
	return identity.Set(ctx, secretIdentity{
		Mount: types.StringValue(a.Mount), Prefix: types.StringValue(a.Prefix),
		Workflow: types.StringValue(a.Workflow), Name: types.StringValue(a.Name),
	})
}

// ImportState takes a secret into the state by "workflow/name" or by identity.
// What its own record says is known; nothing is written.
func (r *workflowSecretResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	const attempted = "Importing the secret"
	if !r.backend.ready(&resp.Diagnostics) {
		return
	}
	address, err := r.importAddress(ctx, req, &resp.Diagnostics)
	if err != nil {
		resp.Diagnostics.AddError(attempted, sentence(err.Error()))
	}
	if resp.Diagnostics.HasError() {
		return
	}
	entry, err := r.backend.client.Describe(ctx, address)
	if err != nil {
		report(&resp.Diagnostics, attempted, err)
		return
	}
	if entry.Current == 0 {
		resp.Diagnostics.AddError(attempted, fmt.Sprintf("There is no secret %s at %s. To create it, apply without an import.", address, address.Path()))
		return
	}
	state, private := r.backend.importedState(address, entry)
	// The refresh that follows fills in the rest.
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	resp.Diagnostics.Append(private.save(ctx, resp.Private)...)
	resp.Diagnostics.Append(setSecretIdentity(ctx, resp.Identity, address)...)
}

// importAddress is the secret that an import names.
func (r *workflowSecretResource) importAddress(ctx context.Context, req resource.ImportStateRequest, diagnostics *diag.Diagnostics) (secrets.Address, error) {
	mount, prefix := r.backend.mount, r.backend.prefix
	if req.ID != "" || req.Identity == nil {
		return secrets.ParseAddress(mount, prefix, req.ID)
	}
	var identity secretIdentity
	diagnostics.Append(req.Identity.Get(ctx, &identity)...)
	for _, part := range []struct {
		kind    string
		asked   types.String
		current string
	}{{"mount", identity.Mount, mount}, {"prefix", identity.Prefix, prefix}} {
		if !part.asked.IsNull() && part.asked.ValueString() != part.current {
			return secrets.Address{}, fmt.Errorf("the identity's %s is %q and the provider's is %q: import it with a provider block "+
				"(it may be an alias) whose %s is the identity's", part.kind, part.asked.ValueString(), part.current, part.kind)
		}
	}
	address := secrets.Scope{Mount: mount, Prefix: prefix, Workflow: identity.Workflow.ValueString()}.Secret(identity.Name.ValueString())
	return address, address.Check()
}

// newReferencesModel is the state of a secret that this configuration did not have yet, with
// what the owner's own record says of it.
func (b *backend) importedState(address secrets.Address, entry secrets.Entry) (workflowSecretModel, privateState) {
	state := newSecretModel(address.Workflow, address.Name)
	state.fill(workflowSecretModel{}, defaults{OnDrift: b.defaults.OnDrift, Adopt: b.defaults.Adopt, Deletion: b.defaults.Deletion, DetectChanges: b.defaults.DetectChanges})
	state.Path = types.StringValue(address.Path())
	private := privateState{Mount: address.Mount, Prefix: address.Prefix}
	state.setFromRecord(&private, b.client.Owner(), entry)
	return state, private
}

// newSecretModel is the state of a secret of which nothing is known.
func newSecretModel(workflow, name string) workflowSecretModel {
	return workflowSecretModel{
		Workflow:          types.StringValue(workflow),
		Name:              types.StringValue(name),
		CustomMetadata:    types.MapNull(types.StringType),
		CustomMetadataAll: types.MapNull(types.StringType),
		Timeouts:          noTimeouts(),
	}
}
