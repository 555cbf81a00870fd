// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/relay-secrets/terraform-provider-relay/internal/connections"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

var (
	_ resource.ResourceWithConfigure   = &connectionResource{}
	_ resource.ResourceWithImportState = &connectionResource{}
	_ resource.ResourceWithIdentity    = &connectionResource{}
	_ resource.ResourceWithModifyPlan  = &connectionResource{}
)

// connectionResource is relay_connection.
type connectionResource struct {
	// backend is nil while the provider is not configured.
	backend *backend
}

func newConnectionResource() resource.Resource { return &connectionResource{} }

func (r *connectionResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_connection"
}

func (r *connectionResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = connectionSchema(ctx)
}

func (r *connectionResource) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	if ready, ok := req.ProviderData.(*backend); ok {
		r.backend = ready
	}
}

// Create writes a connection for the first time. A write that may have happened is
// notCreated an error: Terraform would taint the resource and destroy it.
func (r *connectionResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	const attempted = "Creating the connection"
	var plan, config connectionModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() || !r.ready(&resp.Diagnostics) {
		return
	}
	defer r.backend.warnings.drain(&resp.Diagnostics)
	ctx, cancel := withTimeout(ctx, plan.Timeouts.Create, &resp.Diagnostics)
	defer cancel()
	address := r.address(plan, privateState{})
	private := newPrivateState(address)
	observed, err := r.backend.client.Describe(ctx, address.Pointer())
	if err != nil {
		report(&resp.Diagnostics, attempted, withInterruption(ctx, err))
		return
	}
	if taken := alreadyExists(address.Pointer(), address.String(), r.backend.client.Owner(), observed); taken != "" && !plan.Adopt.ValueBool() {
		resp.Diagnostics.AddAttributeError(path.Root("name"), attempted, taken+adoptHint)
		return
	}
	begun := time.Now()
	wrote, err := r.put(ctx, config, plan.Adopt.ValueBool(), connections.Write{Address: address, Observed: observed})
	tried := firstWrite{address: address.Pointer(), observed: observed, begun: begun, wrote: wrote, err: withInterruption(ctx, err)}
	if err := plan.setCreated(tried, r.backend.client.Owner(), &private, &resp.Diagnostics); err != nil {
		reportFields(&resp.Diagnostics, attempted, err)
		return
	}
	plan.Path = types.StringValue(address.Pointer().Path())
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(private.save(ctx, resp.Private)...)
	resp.Diagnostics.Append(setConnectionIdentity(ctx, resp.Identity, address)...)
}

// Read asks Vault's metadata what became of the connection.
func (r *connectionResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state connectionModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	private := loadPrivateState[privateState](ctx, req.Private, &resp.Diagnostics)
	if resp.Diagnostics.HasError() || !r.backend.usable(&resp.Diagnostics) {
		return
	}
	defer r.backend.warnings.drain(&resp.Diagnostics)
	ctx, cancel := withTimeout(ctx, state.Timeouts.Read, &resp.Diagnostics)
	defer cancel()
	address := r.address(state, private)
	if r.backend.unknownSettings != "" {
		state.setNotChecked(&private, "the provider's "+r.backend.unknownSettings+" is known only during the apply")
	} else if err := r.observe(ctx, address, &state.computedAttributes, &private); err != nil {
		if !errors.Is(err, secrets.ErrMissingCapability) && !errors.Is(err, secrets.ErrPermissionDenied) {
			report(&resp.Diagnostics, "Looking for drift", withInterruption(ctx, err))
			return
		}
		state.setNotChecked(&private, "the token may not read the metadata")
		resp.Diagnostics.AddAttributeWarning(path.Root("name"), "Drift is not checked", sentence(err.Error()))
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	resp.Diagnostics.Append(private.save(ctx, resp.Private)...)
	resp.Diagnostics.Append(setConnectionIdentity(ctx, resp.Identity, address)...)
}

// Update sends the fields if the plan says so, and only if the connection is still
// what the plan was made from. An error leaves the old baseline in the state.
func (r *connectionResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	const attempted = "Updating the connection"
	var plan, config, state connectionModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	private := loadPrivateState[privateState](ctx, req.Private, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	address := r.address(plan, private)
	resp.Diagnostics.Append(setConnectionIdentity(ctx, resp.Identity, address)...)
	if !plan.writePlanned() {
		resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
		return
	}
	if !r.ready(&resp.Diagnostics) {
		return
	}
	defer r.backend.warnings.drain(&resp.Diagnostics)
	ctx, cancel := withTimeout(ctx, plan.Timeouts.Update, &resp.Diagnostics)
	defer cancel()
	observed, err := r.backend.client.Confirm(ctx, address.Pointer(), private.Observed)
	if err != nil {
		report(&resp.Diagnostics, attempted, withInterruption(ctx, err))
		return
	}
	wrote, err := r.put(ctx, config, plan.Adopt.ValueBool(), connections.Write{
		Address: address, Observed: observed, Baseline: r.backend.lastWrite(state.computedAttributes, private, observed),
	})
	if err != nil {
		reportFields(&resp.Diagnostics, attempted, withInterruption(ctx, err))
	}
	switch {
	case err == nil:
		plan.setWritten(&private, r.backend.client.Owner(), wrote)
	case errors.Is(err, secrets.ErrNoRecord):
		plan.setRecordMissing(&private, wrote)
	default:
		plan = state
		private.Unfinished = private.Unfinished || errors.Is(err, secrets.ErrOutcomeUnknown)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(private.save(ctx, resp.Private)...)
}

// Delete lets go of the connection, and says what it leaves.
func (r *connectionResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state connectionModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	private := loadPrivateState[privateState](ctx, req.Private, &resp.Diagnostics)
	if resp.Diagnostics.HasError() || !r.ready(&resp.Diagnostics) {
		return
	}
	defer r.backend.warnings.drain(&resp.Diagnostics)
	ctx, cancel := withTimeout(ctx, state.Timeouts.Delete, &resp.Diagnostics)
	defer cancel()
	address := r.address(state, private)
	left, err := r.backend.client.Describe(ctx, address.Pointer())
	if err != nil {
		report(&resp.Diagnostics, "Deleting the connection", withInterruption(ctx, err))
		return
	}
	remove := r.client().Delete
	if state.Deletion.ValueString() == deletionPurge {
		remove = r.client().Purge
	}
	done, err := remove(ctx, address, r.backend.lastWrite(state.computedAttributes, private, left))
	reportDeletion(&resp.Diagnostics, address.Pointer(), left, done, withInterruption(ctx, err))
}

// client speaks of connections where the provider's speaks of secrets.
func (r *connectionResource) client() *connections.Client {
	return connections.New(r.backend.client, r.backend.warnings.add)
}

// ready reports whether Vault can be asked about connections, and an error if
// not.
func (r *connectionResource) ready(diagnostics *diag.Diagnostics) bool {
	if !r.backend.ready(diagnostics) {
		return false
	}
	if r.backend.domain == "" {
		diagnostics.AddError("Connections have no place", sentence(errNoDomain.Error()))
		return false
	}
	return true
}

// address is where the connection lies: where it was written, else where the
// provider block says.
func (r *connectionResource) address(m connectionModel, private privateState) connections.Address {
	a := connections.Address{Mount: r.backend.mount, Domain: r.backend.domain, Type: m.Type.ValueString(), Name: m.Name.ValueString()}
	if domain, is := strings.CutPrefix(private.Prefix, secrets.ConnectionsPrefix); is {
		a.Mount, a.Domain = private.Mount, domain
	}
	return a
}

func newPrivateState(a connections.Address) privateState {
	return privateState{Mount: a.Mount, Prefix: secrets.ConnectionsPrefix + a.Domain}
}

// put writes all fields, which have to be the configuration's: plan and state never
// have them.
func (r *connectionResource) put(ctx context.Context, config connectionModel, adopt bool, w connections.Write) (wrote secrets.Written, err error) {
	if w.Fields, err = config.fields(); err != nil {
		return secrets.Written{}, err
	}
	put := r.client().Put
	if adopt {
		put = r.client().Adopt
	}
	if wrote, err = put(ctx, w); err == nil {
		r.deleteOrphaned(ctx, w.Address)
	}
	return wrote, err
}

// deleteOrphaned deletes, once in an apply that writes, what a crash of an earlier one left. A
// token that may not list the domain leaves it.
func (r *connectionResource) deleteOrphaned(ctx context.Context, a connections.Address) {
	r.backend.orphansDeleted.Do(func() {
		_, err := r.client().DeleteOrphaned(ctx, a.Mount, a.Domain, map[string]bool{})
		if err != nil && !errors.Is(err, secrets.ErrPermissionDenied) {
			r.backend.warnings.add("bodies of connections that nobody uses could not be looked for: " + err.Error())
		}
	})
}

// observe puts what Vault says of the connection into findings and memory.
func (r *connectionResource) observe(ctx context.Context, a connections.Address, f *computedAttributes, private *privateState) error {
	seen, err := r.client().Describe(ctx, a)
	if err != nil {
		return err
	}
	wrote := r.backend.lastWrite(*f, *private, seen.Pointer)
	verdict := connections.Judge(r.backend.client.Owner(), seen, wrote)
	f.setObserved(private, seen.Pointer, verdict.String(), repairFor(verdict, secrets.NeedsAdopt(r.backend.client.Owner(), seen.Pointer, wrote)))
	return nil
}

// reportFields is report, with what is wrong with the input at fields_wo.
func reportFields(diagnostics *diag.Diagnostics, attempted string, err error) {
	if errors.Is(err, secrets.ErrInvalid) {
		diagnostics.AddAttributeError(path.Root("fields_wo"), attempted, sentence(err.Error()))
		return
	}
	report(diagnostics, attempted, err)
}
