// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// ImportState stores the name of the workflow only. The next plan takes the secrets that
// the configuration declares, and its apply writes their values: an import is not a write,
// and a set that has written nothing deletes nothing.
func (r *workflowSecretsResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	const summary = "Cannot import the secrets"
	if !r.backend.ready(&resp.Diagnostics) {
		return
	}
	if err := secrets.CheckName("workflow", req.ID); err != nil {
		resp.Diagnostics.AddError(summary, sentence(err.Error()))
		return
	}
	private := newSetPrivateState(r.backend.root())
	private.Owner, private.Imported = r.backend.client.Owner(), true
	names, err := r.backend.client.List(ctx, private.scope(r.backend.root(), req.ID))
	if err != nil {
		resp.Diagnostics.AddError(summary, sentence(err.Error()))
		return
	}
	if len(names.Manageable) == 0 {
		resp.Diagnostics.AddError(summary, fmt.Sprintf("Workflow %q has no secrets. Check the name of the workflow. "+
			"To create its first secrets, apply the configuration without an import.", req.ID))
		return
	}
	state := workflowSecretsModel{
		Workflow:   types.StringValue(req.ID),
		Secrets:    elements{}.encode(ctx, &resp.Diagnostics),
		Exclusive:  types.StringValue(exclusiveOff),
		Undeclared: noUndeclared,
		Path:       r.backend.scopePath(types.StringValue(req.ID)),
		Timeouts:   noTimeouts(),
	}
	state.fill(workflowSecretsModel{}, r.backend.defaults)
	resp.Diagnostics.Append(setModel(ctx, &resp.State.Raw, resp.State.Schema, state)...)
	resp.Diagnostics.Append(private.save(ctx, resp.Private)...)
}
