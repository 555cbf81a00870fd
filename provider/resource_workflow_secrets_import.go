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

// ImportState takes those secrets of a workflow into the state that this owner
// setVersion last, by the workflow's name. What the records say is known; nothing is
// written.
func (r *workflowSecretsResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	const attempted = "Importing the secrets"
	if !r.backend.ready(&resp.Diagnostics) {
		return
	}
	if err := secrets.CheckName("workflow", req.ID); err != nil {
		resp.Diagnostics.AddError(attempted, sentence(err.Error()))
		return
	}
	client := r.backend.client
	private := setPrivateState{Mount: r.backend.mount, Prefix: r.backend.prefix, Owner: client.Owner()}
	scope := private.scope(req.ID)
	names, err := client.List(ctx, scope)
	if err != nil {
		resp.Diagnostics.AddError(attempted, sentence(err.Error()))
		return
	}
	found, failed := inParallel(ctx, client.Concurrency(), names, func(ctx context.Context, name string) (secrets.Entry, error) {
		return client.Describe(ctx, scope.Secret(name))
	})
	if failed.addErrors(&resp.Diagnostics, attempted); len(failed) > 0 {
		return
	}
	ours := elements{}
	for name, entry := range found {
		if owner, record, noted := entry.LastOwner(); noted && owner == client.Owner() {
			var element secretElement
			element.Version = types.Int64Value(int64(record.Version))
			element.CreatedTime = timeValue(record.Time)
			ours[name] = element
			private.put(name, element.computedAttributes, privateState{Owner: owner, Expires: record.Expires})
		}
	}
	if len(ours) == 0 {
		resp.Diagnostics.AddError(attempted, fmt.Sprintf("%s holds no secret of workflow %q, so there is nothing to import. "+
			"To take over what is there, declare it and apply once with adopt = true.", client.Owner(), req.ID))
		return
	}
	state := workflowSecretsModel{
		Workflow:   types.StringValue(req.ID),
		Secrets:    ours.encode(ctx, &resp.Diagnostics),
		Exclusive:  types.StringValue(exclusiveOff),
		Undeclared: noUndeclared,
		Path:       r.backend.scopePath(types.StringValue(req.ID)),
		Timeouts:   noTimeouts(),
	}
	state.fill(workflowSecretsModel{}, r.backend.defaults)
	// The refresh that follows fills in the rest.
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	resp.Diagnostics.Append(private.save(ctx, resp.Private)...)
}
