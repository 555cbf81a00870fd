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

// cannotMove is the summary of every error of a move.
const cannotMove = "Cannot move the secret"

// MoveState takes the address of a secret from the state of the Vault provider. It
// does not take the value that this state contains.
func (r *workflowSecretResource) MoveState(context.Context) []resource.StateMover {
	return []resource.StateMover{{StateMover: moveFromVaultProvider}}
}

func moveFromVaultProvider(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) {
	if req.SourceTypeName != "vault_kv_secret_v2" && req.SourceTypeName != "vault_generic_secret" {
		return // the framework reports that the type is not supported
	}
	var source vaultSecret
	if err := json.Unmarshal(req.SourceRawState.JSON, &source); err != nil {
		// The text of err may quote the state.
		resp.Diagnostics.AddError(cannotMove, "Invalid state of "+req.SourceTypeName+": it does not match the schema of the Vault provider.")
		return
	}
	workflow, name, err := source.secret()
	if err != nil {
		resp.Diagnostics.AddError(cannotMove, fmt.Sprintf("The %s at %q %s.\n\nKeep it in the Vault provider, or create a new "+
			"relay_workflow_secret with the value and remove this one from the state with a removed block.", req.SourceTypeName, source.path(), err))
		return
	}
	state := newSecretModel(workflow, name)
	state.fill(workflowSecretModel{}, defaults{})
	resp.Diagnostics.Append(setModel(ctx, &resp.TargetState.Raw, resp.TargetState.Schema, state)...)
	resp.Diagnostics.Append(privateState{MovedFrom: source.path()}.save(ctx, resp.TargetPrivate)...)
	if source.Namespace != "" {
		resp.Diagnostics.AddWarning("Secret is moved from a namespace", fmt.Sprintf(
			"The %s at %q has the namespace %q, relative to the namespace of its provider. Check that both together are the namespace of the relay provider.",
			req.SourceTypeName, source.path(), source.Namespace))
	}
}

// vaultSecret is the address of a secret in the state of the Vault provider. It has
// no field for a value.
type vaultSecret struct {
	// Mount and Name are of vault_kv_secret_v2.
	Mount string `json:"mount"`
	Name  string `json:"name"`
	// Path is of vault_generic_secret, where it begins with the mount. In
	// vault_kv_secret_v2 it is the path of Vault's API.
	Path      string `json:"path"`
	Namespace string `json:"namespace"`
}

// path returns the mount and the path in it, without the "data" of the API.
func (v vaultSecret) path() string {
	if v.Mount != "" {
		return strings.Trim(v.Mount, "/") + "/" + strings.Trim(v.Name, "/")
	}
	return strings.Trim(v.Path, "/")
}

// secret returns workflow and name of the path. The length of the mount is known
// only from a provider block, so mount and prefix are checked later.
func (v vaultSecret) secret() (workflow, name string, err error) {
	segments := strings.Split(v.path(), "/")
	if len(segments) < 4 {
		return "", "", errors.New("is not a secret of a workflow; the path must be <mount>/<prefix>/<workflow>/<name>, such as " +
			"customers/workflows/deploy-production/token")
	}
	workflow, name = segments[len(segments)-2], segments[len(segments)-1]
	if err := errors.Join(secrets.CheckName("workflow", workflow), secrets.CheckName("secret", name)); err != nil {
		return "", "", fmt.Errorf("has an invalid name: %w", err)
	}
	return workflow, name, nil
}

// completeMove checks that a moved secret is at the path where this provider stores
// it, which needs a configured provider.
func (b *backend) completeMove(state *workflowSecretModel, private *privateState, diagnostics *diag.Diagnostics) bool {
	if private.MovedFrom == "" {
		return true
	}
	if !b.ready(diagnostics) {
		return false
	}
	address := b.address(*state, privateState{})
	if expected := strings.Join([]string{address.Mount, address.Prefix, address.Group, address.Name}, "/"); expected != private.MovedFrom {
		diagnostics.AddAttributeError(path.Root("name"), cannotMove, fmt.Sprintf("The secret is at %q, but this provider block stores %s at %q. "+
			"Use a provider block (for example with an alias) that has the mount and prefix of the secret, or keep the secret in the Vault provider.",
			private.MovedFrom, address, expected))
		return false
	}
	state.Path = types.StringValue(pathOf(address))
	*private = newPrivateState(address)
	return true
}
