// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
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
type connectionResource struct{ resourceBase }

func newConnectionResource() resource.Resource { return &connectionResource{} }

func (r *connectionResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_connection"
}

func (r *connectionResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = connectionSchema(ctx)
}

// Create writes a new connection.
func (r *connectionResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	const summary = "Cannot create the connection"
	var plan, config connectionModel
	resp.Diagnostics.Append(getModel(ctx, req.Plan.Raw, req.Plan.Schema, &plan)...)
	resp.Diagnostics.Append(getModel(ctx, req.Config.Raw, req.Config.Schema, &config)...)
	address := r.address(plan, privateState{})
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, connectionIdentityOf(address))...)
	if resp.Diagnostics.HasError() || !r.ready(&resp.Diagnostics) {
		return
	}
	ctx, end := r.begin(ctx, plan.Timeouts.Create, &resp.Diagnostics)
	defer end()
	plan.takeAdopt(config.options, r.backend.defaults.options)
	private := newPrivateState(address)
	if _, err := config.fields(); err != nil {
		report(&resp.Diagnostics, summary, err)
		return
	}
	err := r.backend.checkMount(ctx, address, &private)
	var observed secrets.Entry
	if err == nil {
		observed, err = r.backend.observePlanned(ctx, address)
	}
	if err == nil {
		err = r.backend.checkNew(address, address.String(), observed, plan.adopting.ValueBool())
	}
	if err != nil {
		report(&resp.Diagnostics, summary, withInterruption(ctx, err))
		return
	}
	started := time.Now()
	wrote, err := r.put(ctx, config, secrets.Write{Address: address, Observed: observed, Adopt: plan.adopting.ValueBool()})
	r.reportRelayBodies(ctx, connections.Pointer{Address: address, Entry: observed}, err, &resp.Diagnostics)
	created := firstWrite{address: address, observed: observed, started: started, wrote: wrote, err: withInterruption(ctx, err)}
	if err := plan.setCreated(created, r.backend.client.Owner(), &private, &resp.Diagnostics); err != nil {
		report(&resp.Diagnostics, summary, err)
		return
	}
	plan.Path = types.StringValue(pathOf(address))
	resp.Diagnostics.Append(setModel(ctx, &resp.State.Raw, resp.State.Schema, plan)...)
	resp.Diagnostics.Append(private.save(ctx, resp.Private)...)
}

// Read observes the connection in Vault's metadata.
func (r *connectionResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state connectionModel
	resp.Diagnostics.Append(getModel(ctx, req.State.Raw, req.State.Schema, &state)...)
	private := loadPrivateState[privateState](ctx, req.Private, &resp.Diagnostics)
	address := r.address(state, private)
	resp.Diagnostics.Append(keepIdentity(ctx, resp.Identity, connectionIdentityOf(address))...)
	if resp.Diagnostics.HasError() || !r.backend.usable(&resp.Diagnostics) {
		return
	}
	ctx, end := r.begin(ctx, state.Timeouts.Read, &resp.Diagnostics)
	defer end()
	state.Path = types.StringValue(pathOf(address))
	observe := func() error {
		_, err := r.backend.observe(ctx, r.client(), address, &state.computedAttributes, &private)
		return err
	}
	if !r.refresh(ctx, address, &state.computedAttributes, &private, observe, &resp.Diagnostics) {
		return
	}
	resp.Diagnostics.Append(setModel(ctx, &resp.State.Raw, resp.State.Schema, state)...)
	resp.Diagnostics.Append(private.save(ctx, resp.Private)...)
}

// Update sends the fields if that is planned and the connection has not changed
// since the plan. After an error the state keeps the old baseline.
func (r *connectionResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	const summary = "Cannot update the connection"
	var plan, config, state connectionModel
	resp.Diagnostics.Append(getModel(ctx, req.Plan.Raw, req.Plan.Schema, &plan)...)
	resp.Diagnostics.Append(getModel(ctx, req.Config.Raw, req.Config.Schema, &config)...)
	resp.Diagnostics.Append(getModel(ctx, req.State.Raw, req.State.Schema, &state)...)
	private := loadPrivateState[privateState](ctx, req.Private, &resp.Diagnostics)
	address := r.address(plan, private)
	resp.Diagnostics.Append(keepIdentity(ctx, resp.Identity, connectionIdentityOf(address))...)
	if resp.Diagnostics.HasError() {
		return
	}
	private.Replaces = nil
	if !plan.writePlanned() {
		resp.Diagnostics.Append(setModel(ctx, &resp.State.Raw, resp.State.Schema, plan)...)
		resp.Diagnostics.Append(private.save(ctx, resp.Private)...)
		return
	}
	if !r.ready(&resp.Diagnostics) {
		return
	}
	ctx, end := r.begin(ctx, plan.Timeouts.Update, &resp.Diagnostics)
	defer end()
	plan.takeAdopt(config.options, r.backend.defaults.options)
	err := r.backend.checkMount(ctx, address, &private)
	var observed secrets.Entry
	if err == nil {
		observed, err = r.backend.client.Confirm(ctx, address, private.Observed)
	}
	if err != nil {
		report(&resp.Diagnostics, summary, withInterruption(ctx, err))
		return
	}
	wrote, err := r.put(ctx, config, secrets.Write{
		Address: address, Observed: observed, Adopt: plan.adopting.ValueBool(),
		Baseline: r.backend.lastWrite(state.computedAttributes, private, observed),
	})
	r.reportRelayBodies(ctx, connections.Pointer{Address: address, Entry: observed}, err, &resp.Diagnostics)
	if err != nil {
		report(&resp.Diagnostics, summary, withInterruption(ctx, err))
	}
	if !plan.setUpdated(wrote, err, r.backend.client.Owner(), &private) {
		plan = state
	}
	resp.Diagnostics.Append(setModel(ctx, &resp.State.Raw, resp.State.Schema, plan)...)
	resp.Diagnostics.Append(private.save(ctx, resp.Private)...)
}

// Delete deletes the connection if this owner has it, and reports what remains.
func (r *connectionResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state connectionModel
	resp.Diagnostics.Append(getModel(ctx, req.State.Raw, req.State.Schema, &state)...)
	private := loadPrivateState[privateState](ctx, req.Private, &resp.Diagnostics)
	if resp.Diagnostics.HasError() || !r.ready(&resp.Diagnostics) {
		return
	}
	ctx, end := r.begin(ctx, state.Timeouts.Delete, &resp.Diagnostics)
	defer end()
	address := r.address(state, private)
	done := r.delete(ctx, r.client(), address, state.purges(), state.computedAttributes, private, &resp.Diagnostics)
	if done.Outcome.Deleted() {
		r.cleanUp(ctx, address)
		resp.Diagnostics.AddWarning("Fields of the connection stay for some minutes", fmt.Sprintf("Connection %s was deleted: no step finds it any more. "+
			"Its fields stay in Vault for steps that are reading them now. After ten minutes, the next apply of this configuration that changes a "+
			"connection deletes them; relay-sync tidy removes them in the end.", address))
	}
}

// client returns the client for connections.
func (r *connectionResource) client() *connections.Client {
	return connections.New(r.backend.client, r.backend.warnings.add)
}

// ready reports whether Vault can be reached and a domain is set; if not, it
// reports an error.
func (r *connectionResource) ready(diagnostics *diag.Diagnostics) bool {
	if !r.backend.ready(diagnostics) {
		return false
	}
	if r.backend.domain == "" {
		diagnostics.AddError(noDomain, noDomainDetail)
		return false
	}
	return true
}

const (
	noDomain       = "Domain of the connections is not set"
	noDomainDetail = "Connections require the argument `domain` in the provider block. Set it to the domain of the connections; in Relay, that is the account."
)

// address returns the address of a connection: where it was written, else where the
// provider block puts it.
func (r *connectionResource) address(m connectionModel, private privateState) secrets.Address {
	a := connections.Address(r.backend.root(), r.backend.domain, m.Type.ValueString(), m.Name.ValueString())
	a.Scope = private.in(a.Scope)
	return a
}

// put writes all fields. They must come from the configuration: plan and state
// never contain them.
func (r *connectionResource) put(ctx context.Context, config connectionModel, w secrets.Write) (wrote secrets.Written, err error) {
	if w.Fields, err = config.fields(); err != nil {
		return secrets.Written{}, err
	}
	if wrote, err = r.client().Put(ctx, w); err == nil {
		r.cleanUp(ctx, w.Address)
	}
	return wrote, err
}

// cleanUp deletes the bodies of connections that no reader uses any more, once in an apply
// that changes a connection. It does nothing if the token cannot list the domain.
func (r *connectionResource) cleanUp(ctx context.Context, a secrets.Address) {
	r.backend.cleanedUp.Do(func() {
		domain, _ := connections.Domain(a.Prefix)
		pointer, err := r.backend.client.Describe(ctx, a)
		if err == nil {
			known := map[secrets.Address]secrets.Entry{a: pointer}
			err = r.client().CleanUp(ctx, a.Scope, domain, known, connections.Settled{})
		}
		if err != nil && !errors.Is(err, secrets.ErrPermissionDenied) {
			r.backend.warnings.add("cannot clean up connections: " + err.Error())
		}
	})
}

// reportRelayBodies warns of bodies that Relay's own programs wrote and that stay live
// after a write replaced the pointer. failed is the error of the write.
func (r *connectionResource) reportRelayBodies(ctx context.Context, replaced connections.Pointer, failed error, diagnostics *diag.Diagnostics) {
	if failed != nil {
		return
	}
	const summary = "Relay's own data stays in Vault"
	bodies, err := r.backend.relayBodies.Left(ctx, r.client(), replaced)
	if text := connections.DescribeRelayBodies(bodies); text != "" {
		diagnostics.AddWarning(summary, sentence(text))
	}
	if err != nil {
		diagnostics.AddWarning(summary, sentence(err.Error()))
	}
}
