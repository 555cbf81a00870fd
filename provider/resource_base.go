// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// resourceBase is what all resources have in common.
type resourceBase struct {
	// backend is nil while the provider is not configured.
	backend *backend
}

// Configure takes the backend from the provider.
func (r *resourceBase) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	if ready, ok := req.ProviderData.(*backend); ok {
		r.backend = ready
	}
}

// begin limits an operation by its timeout. The returned function ends it and
// reports the warnings of the Vault client.
func (r *resourceBase) begin(ctx context.Context, limit timeLimit, diagnostics *diag.Diagnostics) (context.Context, func()) {
	ctx, cancel := withTimeout(ctx, limit, diagnostics)
	return ctx, func() {
		cancel()
		r.backend.warnings.drain(diagnostics)
	}
}

// plans reports whether ModifyPlan has work to do: not for a destroy, and not
// while the provider is not configured.
//
// It reports an invalid provider block once, and the plan goes on: an apply plans
// again, and Terraform reports each resource whose second plan differs.
func (r *resourceBase) plans(req resource.ModifyPlanRequest, diagnostics *diag.Diagnostics) bool {
	_ = r.backend.usable(diagnostics)
	return !req.Plan.Raw.IsNull() && r.backend != nil
}

// priorState returns the model and the private state of a resource that exists. For a
// new one the model is nil; the private state is then that of the resource that it
// replaces.
func priorState[M any, P privateState | setPrivateState](ctx context.Context, req resource.ModifyPlanRequest, diagnostics *diag.Diagnostics) (*M, P) {
	private := loadPrivateState[P](ctx, req.Private, diagnostics)
	if req.State.Raw.IsNull() {
		return nil, private
	}
	state := new(M)
	diagnostics.Append(getModel(ctx, req.State.Raw, req.State.Schema, state)...)
	return state, private
}

// checkNew refuses to create an object that this owner has already. An object of
// another owner is refused by the client.
func (b *backend) checkNew(address secrets.Address, importID string, observed secrets.Entry, adopt bool) error {
	if text := alreadyExists(address, importID, b.client.Owner(), observed); text != "" && !adopt {
		return &existsError{text}
	}
	return nil
}

// checkMount compares the mount with the one where an object was written.
func (b *backend) checkMount(ctx context.Context, a secrets.Address, private *privateState) error {
	uuid, err := b.mountUUID(ctx, a.Scope, private.MountUUID)
	if err == nil {
		private.MountUUID = uuid
	}
	return err
}

// mountUUID returns the id of a mount, which has to be the known one. It returns the known
// one if Vault does not describe the mount, and the new one if the provider accepts it.
func (b *backend) mountUUID(ctx context.Context, scope secrets.Scope, known string) (string, error) {
	found, err := b.client.Mount(ctx, scope)
	switch {
	case err != nil || found.UUID == "":
		return known, err
	case known == "" || known == found.UUID || b.acceptNewMount:
		return found.UUID, nil
	}
	return known, fmt.Errorf("mount %q is not the one where this was written (its id is %s, and the state has %s): this is another Vault, "+
		"or the mount was made again. Nothing was changed. Check the provider's address and namespace. To write all secrets into this mount, "+
		"set accept_new_mount = true in the provider block for one apply", scope.Mount, found.UUID, known)
}

// refresh observes an object and sets its computed attributes. It returns false,
// with an error reported, if Vault cannot answer. A token that cannot read
// metadata is a warning only; drift is then not checked.
func (r *resourceBase) refresh(ctx context.Context, a secrets.Address, c *computedAttributes, private *privateState, observe func() error, diagnostics *diag.Diagnostics) bool {
	private.AddressUnknown = r.backend.addressUnknown
	if r.backend.unknownSettings != "" {
		c.setNotChecked(private, r.backend.knownDuringApply())
		return true
	}
	err := r.backend.checkMount(ctx, a, private)
	if err == nil {
		err = observe()
	}
	switch {
	case err == nil:
	case cannotReadMetadata(err):
		c.setNotChecked(private, metadataNotReadable)
		diagnostics.AddAttributeWarning(path.Root("name"), driftNotChecked, sentence(err.Error()))
	default:
		report(diagnostics, cannotCheckDrift, withInterruption(ctx, err))
		return false
	}
	return true
}

const (
	cannotCheckDrift    = "Cannot check for drift"
	driftNotChecked     = "Drift is not checked"
	metadataNotReadable = "the token cannot read the metadata"
)

func cannotReadMetadata(err error) bool {
	return errors.Is(err, secrets.ErrMissingCapability) || errors.Is(err, secrets.ErrPermissionDenied)
}

// firstWrite is an attempt to create an object, and its result.
type firstWrite struct {
	// address is the secret's, or that of a connection's pointer.
	address  secrets.Address
	observed secrets.Entry
	started  time.Time
	wrote    secrets.Written
	err      error
}

// setCreated sets the result of a create. A write that may have reached Vault is a
// warning: after an error Terraform would taint the resource and destroy it. The
// returned error is of a write that did not happen.
func (c *computedAttributes) setCreated(w firstWrite, owner secrets.Owner, private *privateState, diagnostics *diag.Diagnostics) error {
	switch kind := w.address.Kind.String(); {
	case w.err == nil:
		c.setWritten(private, owner, w.wrote)
	case errors.Is(w.err, secrets.ErrNoRecord):
		c.setRecordMissing(private, owner, w.wrote)
		diagnostics.AddWarning(capital(kind)+" was written without its record", sentence(w.err.Error()))
	case errors.Is(w.err, secrets.ErrOutcomeUnknown):
		c.setResultUnknown(private, owner, w.observed, w.started)
		diagnostics.AddWarning("Result of the write is unknown", sentence(w.err.Error()))
	default:
		return w.err
	}
	return nil
}

// setUpdated sets the result of an update. It returns false if the planned value
// is not in Vault: the state then keeps what it had.
func (c *computedAttributes) setUpdated(wrote secrets.Written, err error, owner secrets.Owner, private *privateState) bool {
	switch {
	case err == nil:
		c.setWritten(private, owner, wrote)
	case errors.Is(err, secrets.ErrNoRecord):
		c.setRecordMissing(private, owner, wrote)
	default:
		private.Unfinished = private.Unfinished || errors.Is(err, secrets.ErrOutcomeUnknown)
		return false
	}
	return true
}

// deleter deletes secrets, or connections.
type deleter interface {
	Delete(ctx context.Context, a secrets.Address, claim secrets.Claim) (secrets.Deletion, error)
	Purge(ctx context.Context, a secrets.Address, claim secrets.Claim) (secrets.Deletion, error)
}

// remove deletes an object, or destroys all its versions.
func remove(ctx context.Context, d deleter, a secrets.Address, purge bool, claim secrets.Claim) (secrets.Deletion, error) {
	if purge {
		return d.Purge(ctx, a, claim)
	}
	return d.Delete(ctx, a, claim)
}

// delete deletes the version that this resource wrote, and reports what remains.
func (r *resourceBase) delete(ctx context.Context, d deleter, a secrets.Address, purge bool, c computedAttributes, private privateState, diagnostics *diag.Diagnostics) (done secrets.Deletion) {
	err := r.backend.checkMount(ctx, a, &private)
	if err == nil {
		done, err = remove(ctx, d, a, purge, r.backend.claim(c, private))
	}
	reportDeletion(diagnostics, a, done, withInterruption(ctx, err))
	return done
}

// reportDeletion reports what a delete left in Vault, or why it failed.
func reportDeletion(diagnostics *diag.Diagnostics, a secrets.Address, done secrets.Deletion, err error) {
	switch kind := a.Kind.String(); {
	case err != nil:
		report(diagnostics, "Cannot delete the "+kind, err)
	case !done.Outcome.Deleted():
		diagnostics.AddWarning(capital(kind)+" was not deleted in Vault", describeKept(a, done.Remaining))
	}
}

const onlyState = " Terraform removed it only from the state."

// describeKept describes what a delete left in Vault, with the command that deletes it.
func describeKept(a secrets.Address, e secrets.Entry) string {
	text := fmt.Sprintf("%s: %s", a, describeRemaining(e)) + onlyState
	if e.Live() {
		text += " It is the value of that writer now. If no program needs it any more, delete it:\n\n  " + a.DeleteCommand(e.Current)
	}
	return text
}

// describeRemaining describes the version of an object that a delete found in
// Vault and did not delete.
func describeRemaining(e secrets.Entry) string {
	if e.Current == 0 {
		return "not found in Vault."
	}
	if !e.Live() {
		return e.DescribeCurrent() + " was already deleted."
	}
	return e.DescribeCurrent() + ", stays in Vault."
}

// alreadyExists explains why a create does not write over a live value of the same
// owner: a second resource or configuration with this owner manages it, or a state
// was lost. It is empty if this owner has no live value there.
func alreadyExists(address secrets.Address, importID string, owner secrets.Owner, e secrets.Entry) string {
	last, record, found := e.LastOwner()
	if !e.Live() || !found || last != owner {
		return ""
	}
	return fmt.Sprintf("%[1]s %[2]s already exists: %[3]s wrote version %[4]d at %[5]s. Nothing was changed in Vault.\n\n"+
		"  - If this plan replaces a resource with create_before_destroy, remove create_before_destroy from it and from the resources that "+
		"depend on it: two instances cannot have one %[6]s. If the state has a deposed object already, set adopt = true for one apply; the "+
		"destroy of the deposed object then deletes nothing.\n"+
		"  - If the resource is tainted, untaint it (\"terraform untaint\").\n"+
		"  - If only the address of the resource in the configuration changed, add a moved block.\n"+
		"  - If the %[6]s moves here from another resource of this configuration, remove it there only in a second apply: first apply both, here with adopt = true.\n"+
		"  - If its state was lost, import it with the id %[7]q.\n"+
		"  - If another configuration with the same owner manages it, give each configuration its own owner.\n"+
		"  - If its value may be lost, set adopt = true for one apply, which overwrites it.",
		capital(address.Kind.String()), address, owner, record.Version, record.Time.UTC().Format(time.RFC3339), address.Kind, importID)
}

// existsError is a create of an object that this owner has already.
type existsError struct{ text string }

func (e *existsError) Error() string { return e.text }
func (e *existsError) Unwrap() error { return secrets.ErrNotOwner }

// setIdentity sets the identity of a resource. Each operation calls it, or keepIdentity,
// before it can return: the framework reports a missing identity as an error of the
// provider, also if the operation only could not reach Vault. Hosts without identities,
// such as Terraform before 1.12, pass nil.
func setIdentity(ctx context.Context, identity *tfsdk.ResourceIdentity, value any) diag.Diagnostics {
	if identity == nil {
		return nil
	}
	return identity.Set(ctx, value)
}

// keepIdentity is setIdentity for a resource that exists: an identity never changes.
func keepIdentity(ctx context.Context, identity *tfsdk.ResourceIdentity, value any) diag.Diagnostics {
	if identity == nil || !identity.Raw.IsFullyNull() {
		return nil
	}
	return identity.Set(ctx, value)
}

// checkIdentity compares an optional part of an imported identity with the
// provider's setting of the same name.
func checkIdentity(setting string, imported types.String, current string) error {
	if imported.IsNull() || imported.ValueString() == current {
		return nil
	}
	return fmt.Errorf("the %[1]s in the identity is %[2]q, and the provider's %[1]s is %[3]q; import it with a provider block, "+
		"for example an alias, that has %[1]s = %[2]q", setting, imported.ValueString(), current)
}

func capital(word string) string { return strings.ToUpper(word[:1]) + word[1:] }
