// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

var _ resource.ResourceWithMoveState = &workflowSecretResource{}

// cannotMove heads what stops a move.
const cannotMove = "Secret cannot be moved here"

// MoveState takes over from the Vault provider where a secret is, and nothing
// else: the value that its state holds stays behind.
func (r *workflowSecretResource) MoveState(context.Context) []resource.StateMover {
	return []resource.StateMover{{StateMover: moveFromVaultProvider}}
}

func moveFromVaultProvider(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) {
	if req.SourceTypeName != "vault_kv_secret_v2" && req.SourceTypeName != "vault_generic_secret" {
		return // the framework says that it cannot be moved
	}
	var was vaultSecret
	if err := json.Unmarshal(req.SourceRawState.JSON, &was); err != nil {
		// Not the error's own text: it may quote the state.
		resp.Diagnostics.AddError(cannotMove, "The state of the "+req.SourceTypeName+" is not as the Vault provider writes it.")
		return
	}
	workflow, name, err := was.secret()
	if err != nil {
		resp.Diagnostics.AddError(cannotMove, fmt.Sprintf("The %s at %q %s.\n\nLeave it with the Vault provider, or make a new "+
			"relay_workflow_secret, send the value there, and let go of this one with a removed block.", req.SourceTypeName, was.path(), err))
		return
	}
	state := newSecretModel(workflow, name)
	state.fill(workflowSecretModel{}, defaults{})
	resp.Diagnostics.Append(resp.TargetState.Set(ctx, state)...)
	resp.Diagnostics.Append(privateState{MovedFrom: was.path()}.save(ctx, resp.TargetPrivate)...)
	if was.Namespace != "" {
		resp.Diagnostics.AddWarning("Secret is moved from a namespace", fmt.Sprintf(
			"The %s at %q has the namespace %q, below the one of its provider. Make sure that both together are this provider's namespace.",
			req.SourceTypeName, was.path(), was.Namespace))
	}
}

// vaultSecret is where the Vault provider's resources say that a secret is. It has
// no field that could take a value up.
type vaultSecret struct {
	// Mount and Name are of vault_kv_secret_v2.
	Mount string `json:"mount"`
	Name  string `json:"name"`
	// Path is of vault_generic_secret, where it begins with the mount; in
	// vault_kv_secret_v2 it is Vault's API path.
	Path      string `json:"path"`
	Namespace string `json:"namespace"`
}

// path is mount and path in it, without the API's "data".
func (v vaultSecret) path() string {
	if v.Mount != "" {
		return strings.Trim(v.Mount, "/") + "/" + strings.Trim(v.Name, "/")
	}
	return strings.Trim(v.Path, "/")
}

// secret is the workflow's secret that the path would be. Which part of the rest
// is the mount, only a provider block says.
func (v vaultSecret) secret() (workflow, name string, err error) {
	segments := strings.Split(v.path(), "/")
	if len(segments) < 4 {
		return "", "", errors.New("is no secret of a workflow: those are at <mount>/<prefix>/<workflow>/<name>, such as " +
			"customers/workflows/deploy-production/token")
	}
	workflow, name = segments[len(segments)-2], segments[len(segments)-1]
	if err := errors.Join(secrets.CheckName("workflow", workflow), secrets.CheckName("secret", name)); err != nil {
		return "", "", fmt.Errorf("has a name that no workflow could refer to: %w", err)
	}
	return workflow, name, nil
}

// completeMove finds out whether what was moved here is where this provider keeps
// the secrets of workflows, which only a configured provider can say.
func (b *backend) completeMove(state *workflowSecretModel, private *privateState, diagnostics *diag.Diagnostics) bool {
	if private.MovedFrom == "" {
		return true
	}
	if !b.ready(diagnostics) {
		return false
	}
	address := b.address(*state, privateState{})
	if here := strings.Join([]string{address.Mount, address.Prefix, address.Workflow, address.Name}, "/"); here != private.MovedFrom {
		diagnostics.AddAttributeError(path.Root("name"), cannotMove, fmt.Sprintf("It is at %q, and the secret %s of this provider is at %q. "+
			"Move it with a provider block (it may be an alias) whose mount and prefix are those of the secret, or leave it with the Vault provider.",
			private.MovedFrom, address, here))
		return false
	}
	state.Path = types.StringValue(address.Path())
	private.Mount, private.Prefix, private.MovedFrom = address.Mount, address.Prefix, ""
	return true
}
