// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// address is where the secret lies: where it was written, else where the
// provider block says.
func (b *backend) address(m workflowSecretModel, private privateState) secrets.Address {
	scope := secrets.Scope{Mount: b.mount, Prefix: b.prefix, Workflow: m.Workflow.ValueString()}
	if private.Mount != "" {
		scope.Mount, scope.Prefix = private.Mount, private.Prefix
	}
	return scope.Secret(m.Name.ValueString())
}

// path is where the provider block puts the secret, unknown as long as that is.
func (b *backend) path(m workflowSecretModel) types.String {
	if b.mount == "" || b.prefix == "" || m.Workflow.IsUnknown() || m.Name.IsUnknown() {
		return types.StringUnknown()
	}
	return types.StringValue(b.address(m, privateState{}).Path())
}

// put writes a value, which has to be the configuration's: plan and state never
// have it.
func (b *backend) send(ctx context.Context, value types.String, adopt bool, w secrets.Write) (secrets.Written, error) {
	if value.IsNull() || value.IsUnknown() {
		return secrets.Written{}, fmt.Errorf("value_wo is null; give it a text, which may be empty: %w", secrets.ErrInvalid)
	}
	w.Value = secrets.NewValue(value.ValueString())
	w.Provenance.HMAC1 = b.fingerprint.HMAC1(w.Address, w.Value)
	write := b.client.Put
	if adopt {
		write = b.client.Adopt
	}
	wrote, err := write(ctx, w)
	if err == nil {
		tflog.Info(ctx, "wrote a secret", map[string]any{"workflow": w.Address.Workflow, "name": w.Address.Name, "version": wrote.Version})
	}
	return wrote, err
}

// applyResult is what became of the plan for one secret.
type applyResult struct {
	wrote secrets.Written
	// err is of the value, or of what has to be there before it.
	err error
	// settings is of the settings that follow the value.
	settings error
}

// apply brings about the value, if the plan sends it, and the settings. A
// changed lifetime goes before the value that it is to hold for; all else goes
// after it, so that what may not be written is not labelled either.
func (b *backend) apply(ctx context.Context, plan, state workflowSecretModel, value types.String, w secrets.Write) applyResult {
	want, forget := plan.desiredSettings(state, w.Observed.Settings)
	configure := func(observed secrets.Entry) error {
		return b.client.Configure(ctx, w.Address, observed, want, forget)
	}
	if !plan.writePlanned() {
		return applyResult{settings: configure(w.Observed)}
	}
	first := want.DeleteVersionAfter != w.Observed.Settings.DeleteVersionAfter &&
		(plan.Adopt.ValueBool() || !secrets.NeedsAdopt(b.client.Owner(), w.Observed, w.Baseline))
	if first {
		if err := configure(w.Observed); err != nil {
			return applyResult{err: err}
		}
	}
	wrote, err := b.send(ctx, value, plan.Adopt.ValueBool(), w)
	if first || err != nil {
		return applyResult{wrote: wrote, err: err}
	}
	// The entry is there now, whatever it was before.
	return applyResult{wrote: wrote, settings: configure(secrets.Entry{Settings: w.Observed.Settings})}
}

// alreadyExists says why a live value of our own is not created once more: either a
// second resource, or a second configuration with the same owner, has it, or the
// state that had it is lost. It is empty where nothing of ours is there; what
// others hold the client refuses. id is what it would be imported by.
func alreadyExists(address secrets.Address, id string, me secrets.Owner, e secrets.Entry) string {
	owner, record, found := e.LastOwner()
	if !e.Live() || !found || owner != me {
		return ""
	}
	return sentence(fmt.Sprintf("%s %s exists already: %s wrote version %d at %s. Another resource, or another configuration with the same owner, "+
		"manages it, or a state was lost. Import it by the id %q, or give each configuration an owner of its own.",
		address.Kind(), address, me, record.Version, record.Time.UTC().Format(time.RFC3339), id))
}

// describeRemaining says what of a secret is in Vault.
func describeRemaining(e secrets.Entry) string {
	if e.Current == 0 {
		return "nothing of it is left in Vault."
	}
	what := fmt.Sprintf("version %d of %s", e.Current, e.Versions[e.Current].Created.UTC().Format(time.RFC3339))
	if !e.Live() {
		return what + " was deleted already."
	}
	if holder, held := e.Owner(); held {
		return fmt.Sprintf("%s, written by %s, stays in Vault.", what, holder)
	}
	return what + ", which somebody else wrote, stays in Vault."
}
