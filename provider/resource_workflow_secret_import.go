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

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

var (
	_ resource.ResourceWithIdentity    = &workflowSecretResource{}
	_ resource.ResourceWithImportState = &workflowSecretResource{}
)

// secretIdentity identifies a secret, for Terraform and OpenTofu 1.12 and later. It
// never changes: another address is another secret.
type secretIdentity struct {
	// Namespace is null for the root namespace.
	Namespace types.String `tfsdk:"namespace"`
	Mount     types.String `tfsdk:"mount"`
	Prefix    types.String `tfsdk:"prefix"`
	Workflow  types.String `tfsdk:"workflow"`
	Name      types.String `tfsdk:"name"`
}

func (r *workflowSecretResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{
		Attributes: map[string]identityschema.Attribute{
			"workflow":  identityschema.StringAttribute{RequiredForImport: true, Description: "Workflow that the secret belongs to."},
			"name":      identityschema.StringAttribute{RequiredForImport: true, Description: "Name of the secret in the workflow."},
			"namespace": identityschema.StringAttribute{OptionalForImport: true, Description: "Namespace of Vault. Default: the provider's."},
			"mount":     identityschema.StringAttribute{OptionalForImport: true, Description: "Mount of the secrets engine. Default: the provider's."},
			"prefix":    identityschema.StringAttribute{OptionalForImport: true, Description: "Path below the mount. Default: the provider's."},
		},
	}
}

func identityOf(a secrets.Address) secretIdentity {
	return secretIdentity{
		Namespace: namespaceOf(a),
		Mount:     types.StringValue(a.Mount), Prefix: types.StringValue(a.Prefix),
		Workflow: types.StringValue(a.Group), Name: types.StringValue(a.Name),
	}
}

// namespaceOf returns the namespace for an identity; null for the root namespace.
func namespaceOf(a secrets.Address) types.String {
	if a.Namespace == "" {
		return types.StringNull()
	}
	return types.StringValue(a.Namespace)
}

// ImportState imports a secret by "workflow/name" or by identity. It writes nothing: the
// first apply writes the value.
func (r *workflowSecretResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	const summary = "Cannot import the secret"
	if !r.backend.ready(&resp.Diagnostics) {
		return
	}
	address, err := r.importAddress(ctx, req, &resp.Diagnostics)
	if err != nil {
		resp.Diagnostics.AddError(summary, sentence(err.Error()))
	}
	if resp.Diagnostics.HasError() {
		return
	}
	entry, err := r.backend.client.Describe(ctx, address)
	if err != nil {
		report(&resp.Diagnostics, summary, err)
		return
	}
	if entry.Current == 0 {
		resp.Diagnostics.AddError(summary, fmt.Sprintf("Secret %s not found at %s. To create it, apply without the import.", address, address.Path()))
		return
	}
	state, private := r.backend.importedState(address)
	// The refresh that follows sets the other attributes.
	resp.Diagnostics.Append(setModel(ctx, &resp.State.Raw, resp.State.Schema, state)...)
	resp.Diagnostics.Append(private.save(ctx, resp.Private)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, identityOf(address))...)
}

// importAddress returns the address of the secret to import.
func (r *workflowSecretResource) importAddress(ctx context.Context, req resource.ImportStateRequest, diagnostics *diag.Diagnostics) (secrets.Address, error) {
	mount, prefix := r.backend.mount, r.backend.prefix
	if req.ID != "" || req.Identity == nil {
		return secrets.ParseAddress(r.backend.root(), req.ID)
	}
	var identity secretIdentity
	diagnostics.Append(req.Identity.Get(ctx, &identity)...)
	if err := errors.Join(
		checkIdentity("namespace", identity.Namespace, r.backend.namespace),
		checkIdentity("mount", identity.Mount, mount), checkIdentity("prefix", identity.Prefix, prefix),
	); err != nil {
		return secrets.Address{}, err
	}
	address := r.backend.root().In(identity.Workflow.ValueString()).Secret(identity.Name.ValueString())
	return address, address.Check()
}

// importedState returns the state of a secret that this configuration does not have
// yet, without a baseline. Its settings stay unmanaged.
func (b *backend) importedState(address secrets.Address) (workflowSecretModel, privateState) {
	state := newSecretModel(address.Group, address.Name)
	state.fill(workflowSecretModel{}, defaults{options: b.defaults.options, DetectChanges: b.defaults.DetectChanges})
	state.Path = types.StringValue(pathOf(address))
	private := newPrivateState(address)
	private.Imported = true
	return state, private
}

// newSecretModel returns the state of a secret that was neither written nor observed.
func newSecretModel(workflow, name string) workflowSecretModel {
	return workflowSecretModel{
		Workflow:          types.StringValue(workflow),
		Name:              types.StringValue(name),
		CustomMetadata:    types.MapNull(types.StringType),
		CustomMetadataAll: types.MapNull(types.StringType),
		Timeouts:          noTimeouts(),
	}
}
