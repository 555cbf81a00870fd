// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// address returns the address of a secret: where it was written, else where the
// provider block puts it.
func (b *backend) address(m workflowSecretModel, private privateState) secrets.Address {
	return private.in(b.root()).In(m.Workflow.ValueString()).Secret(m.Name.ValueString())
}

// path returns where the provider block puts the secret; unknown while that is not
// known.
func (b *backend) path(m workflowSecretModel) types.String {
	if b.addressUnknown || m.Workflow.IsUnknown() || m.Name.IsUnknown() {
		return types.StringUnknown()
	}
	return types.StringValue(pathOf(b.address(m, privateState{})))
}

// errNoValue is a value that is null when it is to be sent.
var errNoValue = fmt.Errorf("value_wo is null, and this apply has to send it; set it to a string, which can be empty, "+
	"and remove it from ignore_changes: %w", secrets.ErrInvalid)

// send writes a value. It must come from the configuration: plan and state never
// contain it.
func (b *backend) send(ctx context.Context, value types.String, w secrets.Write) (secrets.Written, error) {
	if value.IsNull() || value.IsUnknown() {
		return secrets.Written{}, errNoValue
	}
	w.Value = secrets.NewValue(value.ValueString())
	w.Provenance.HMAC1 = b.fingerprint.HMAC1(w.Address, w.Value).Newest()
	wrote, err := b.client.Put(ctx, w)
	if err == nil {
		tflog.Info(ctx, "wrote a secret", map[string]any{"workflow": w.Address.Group, "name": w.Address.Name, "version": wrote.Version})
	}
	return wrote, err
}

// applyResult is the result of the plan for one secret.
type applyResult struct {
	wrote secrets.Written
	// err is an error of the value, or of settings that have to precede it.
	err error
	// settings is an error of the settings that follow the value.
	settings error
}

// apply writes the value, if the plan sends it, and the settings. A changed
// delete_version_after precedes the value, because Vault applies it to new versions
// only. All other settings follow the value, so that a secret that must not be
// written does not get labels either.
func (b *backend) apply(ctx context.Context, plan, state workflowSecretModel, value types.String, w secrets.Write) applyResult {
	want, forget := plan.desiredSettings(state, w.Observed.Settings)
	configure := func(observed secrets.Entry) error {
		return b.client.Configure(ctx, w.Address, observed, want, forget)
	}
	if !plan.writePlanned() {
		return applyResult{settings: configure(w.Observed)}
	}
	settingsFirst := want.DeleteVersionAfter != w.Observed.Settings.DeleteVersionAfter &&
		(plan.adopting.ValueBool() || !secrets.NeedsAdopt(b.client.Owner(), w.Observed, w.Baseline))
	if settingsFirst {
		if err := configure(w.Observed); err != nil {
			return applyResult{err: err}
		}
	}
	w.Adopt = plan.adopting.ValueBool()
	wrote, err := b.send(ctx, value, w)
	if settingsFirst || err != nil {
		return applyResult{wrote: wrote, err: err}
	}
	// The write has created the entry if it did not exist.
	return applyResult{wrote: wrote, settings: configure(secrets.Entry{Settings: w.Observed.Settings})}
}
