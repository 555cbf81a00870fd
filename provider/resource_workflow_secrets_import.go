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

// ImportState imports the secrets of a workflow that this owner wrote last, by the
// name of the workflow. It reads the owner's records and writes nothing.
func (r *workflowSecretsResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	const summary = "Cannot import the secrets"
	if !r.backend.ready(&resp.Diagnostics) {
		return
	}
	if err := secrets.CheckName("workflow", req.ID); err != nil {
		resp.Diagnostics.AddError(summary, sentence(err.Error()))
		return
	}
	client := r.backend.client
	private := setPrivateState{Mount: r.backend.mount, Prefix: r.backend.prefix, Owner: client.Owner()}
	scope := private.scope(r.backend.root(), req.ID)
	names, err := client.List(ctx, scope)
	if err != nil {
		resp.Diagnostics.AddError(summary, sentence(err.Error()))
		return
	}
	found, failed := inParallel(ctx, client.Concurrency(), names.Manageable, func(ctx context.Context, name string) (secrets.Entry, error) {
		return client.Describe(ctx, scope.Secret(name))
	})
	if failed.addErrors(&resp.Diagnostics, summary); len(failed) > 0 {
		return
	}
	own := elements{}
	for name, entry := range found {
		if owner, record, noted := entry.LastOwner(); noted && owner == client.Owner() {
			var element secretElement
			element.Version = types.Int64Value(int64(record.Version))
			element.CreatedTime = timeValue(record.Time)
			own[name] = element
			private.put(name, element.computedAttributes, privateState{Owner: owner, Expires: record.Expires})
		}
	}
	if len(own) == 0 {
		resp.Diagnostics.AddError(summary, fmt.Sprintf("No secret of workflow %[2]q is owned by %[1]s. "+
			"To take over existing secrets, declare them and apply once with adopt = true.", client.Owner(), req.ID))
		return
	}
	state := workflowSecretsModel{
		Workflow:   types.StringValue(req.ID),
		Secrets:    own.encode(ctx, &resp.Diagnostics),
		Exclusive:  types.StringValue(exclusiveOff),
		Undeclared: noUndeclared,
		Path:       r.backend.scopePath(types.StringValue(req.ID)),
		Timeouts:   noTimeouts(),
	}
	state.fill(workflowSecretsModel{}, r.backend.defaults)
	// The refresh that follows sets the other attributes.
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	resp.Diagnostics.Append(private.save(ctx, resp.Private)...)
}
