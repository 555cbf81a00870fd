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
	// vault is nil while the provider is not configured.
	vault *connection
}

func newConnection() resource.Resource { return &connectionResource{} }

func (r *connectionResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_connection"
}

func (r *connectionResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = connectionSchema(ctx)
}

func (r *connectionResource) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	if ready, ok := req.ProviderData.(*connection); ok {
		r.vault = ready
	}
}

// Create writes a connection for the first time. A write that may have happened is
// never an error: Terraform would taint the resource and destroy it.
func (r *connectionResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	const attempted = "Creating the connection"
	var plan, config connectionModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() || !r.connected(&resp.Diagnostics) {
		return
	}
	defer r.vault.notes.drain(&resp.Diagnostics)
	ctx, cancel := within(ctx, plan.Timeouts.Create, &resp.Diagnostics)
	defer cancel()
	address := r.address(plan, memory{})
	remembered := memoryOf(address)
	observed, err := r.vault.client.Describe(ctx, address.Pointer())
	if err != nil {
		report(&resp.Diagnostics, attempted, interruption(ctx, err))
		return
	}
	if taken := alreadyOurs(address.Pointer(), address.String(), r.vault.client.Owner(), observed); taken != "" && !plan.Adopt.ValueBool() {
		resp.Diagnostics.AddAttributeError(path.Root("name"), attempted, taken+adoptAdvice)
		return
	}
	begun := time.Now()
	wrote, err := r.send(ctx, config, plan.Adopt.ValueBool(), connections.Write{Address: address, Observed: observed})
	tried := firstWrite{address: address.Pointer(), observed: observed, begun: begun, wrote: wrote, err: interruption(ctx, err)}
	if err := plan.created(tried, r.vault.client.Owner(), &remembered, &resp.Diagnostics); err != nil {
		reportFields(&resp.Diagnostics, attempted, err)
		return
	}
	plan.Path = types.StringValue(address.Pointer().Path())
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(remembered.save(ctx, resp.Private)...)
	resp.Diagnostics.Append(identifyConnection(ctx, resp.Identity, address)...)
}

// Read asks Vault's metadata what became of the connection.
func (r *connectionResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state connectionModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	remembered := recall[memory](ctx, req.Private, &resp.Diagnostics)
	if resp.Diagnostics.HasError() || !r.vault.usable(&resp.Diagnostics) {
		return
	}
	defer r.vault.notes.drain(&resp.Diagnostics)
	ctx, cancel := within(ctx, state.Timeouts.Read, &resp.Diagnostics)
	defer cancel()
	address := r.address(state, remembered)
	if r.vault.pending != "" {
		state.notChecked(&remembered, "the provider's "+r.vault.pending+" is known only during the apply")
	} else if err := r.observe(ctx, address, &state.findings, &remembered); err != nil {
		if !errors.Is(err, secrets.ErrMissingCapability) && !errors.Is(err, secrets.ErrPermissionDenied) {
			report(&resp.Diagnostics, "Looking for drift", interruption(ctx, err))
			return
		}
		state.notChecked(&remembered, "the token may not read the metadata")
		resp.Diagnostics.AddAttributeWarning(path.Root("name"), "Drift is not checked", sentence(err.Error()))
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	resp.Diagnostics.Append(remembered.save(ctx, resp.Private)...)
	resp.Diagnostics.Append(identifyConnection(ctx, resp.Identity, address)...)
}

// Update sends the fields if the plan says so, and only if the connection is still
// what the plan was made from. An error leaves the old baseline in the state.
func (r *connectionResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	const attempted = "Updating the connection"
	var plan, config, state connectionModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	remembered := recall[memory](ctx, req.Private, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	address := r.address(plan, remembered)
	resp.Diagnostics.Append(identifyConnection(ctx, resp.Identity, address)...)
	if !plan.writePlanned() {
		resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
		return
	}
	if !r.connected(&resp.Diagnostics) {
		return
	}
	defer r.vault.notes.drain(&resp.Diagnostics)
	ctx, cancel := within(ctx, plan.Timeouts.Update, &resp.Diagnostics)
	defer cancel()
	observed, err := r.vault.client.Confirm(ctx, address.Pointer(), remembered.Seen)
	if err != nil {
		report(&resp.Diagnostics, attempted, interruption(ctx, err))
		return
	}
	wrote, err := r.send(ctx, config, plan.Adopt.ValueBool(), connections.Write{
		Address: address, Observed: observed, Baseline: r.vault.lastWrite(state.findings, remembered, observed),
	})
	if err != nil {
		reportFields(&resp.Diagnostics, attempted, interruption(ctx, err))
	}
	switch {
	case err == nil:
		plan.finish(&remembered, r.vault.client.Owner(), wrote)
	case errors.Is(err, secrets.ErrNoRecord):
		plan.finishWithoutRecord(&remembered, wrote)
	default:
		plan = state
		remembered.Unfinished = remembered.Unfinished || errors.Is(err, secrets.ErrOutcomeUnknown)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(remembered.save(ctx, resp.Private)...)
}

// Delete lets go of the connection, and says what it leaves.
func (r *connectionResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state connectionModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	remembered := recall[memory](ctx, req.Private, &resp.Diagnostics)
	if resp.Diagnostics.HasError() || !r.connected(&resp.Diagnostics) {
		return
	}
	defer r.vault.notes.drain(&resp.Diagnostics)
	ctx, cancel := within(ctx, state.Timeouts.Delete, &resp.Diagnostics)
	defer cancel()
	address := r.address(state, remembered)
	left, err := r.vault.client.Describe(ctx, address.Pointer())
	if err != nil {
		report(&resp.Diagnostics, "Deleting the connection", interruption(ctx, err))
		return
	}
	remove := r.client().Delete
	if state.Deletion.ValueString() == deletionPurge {
		remove = r.client().Purge
	}
	done, err := remove(ctx, address, r.vault.lastWrite(state.findings, remembered, left))
	reportRemoval(&resp.Diagnostics, address.Pointer(), left, done, interruption(ctx, err))
}

// client speaks of connections where the provider's speaks of secrets.
func (r *connectionResource) client() *connections.Client {
	return connections.New(r.vault.client, r.vault.notes.add)
}

// connected reports whether Vault can be asked about connections, and an error if
// not.
func (r *connectionResource) connected(diagnostics *diag.Diagnostics) bool {
	if !r.vault.connected(diagnostics) {
		return false
	}
	if r.vault.domain == "" {
		diagnostics.AddError("Connections have no place", sentence(errNoDomain.Error()))
		return false
	}
	return true
}

// address is where the connection lies: where it was written, else where the
// provider block says.
func (r *connectionResource) address(m connectionModel, remembered memory) connections.Address {
	a := connections.Address{Mount: r.vault.mount, Domain: r.vault.domain, Type: m.Type.ValueString(), Name: m.Name.ValueString()}
	if domain, is := strings.CutPrefix(remembered.Prefix, secrets.ConnectionsPrefix); is {
		a.Mount, a.Domain = remembered.Mount, domain
	}
	return a
}

func memoryOf(a connections.Address) memory {
	return memory{Mount: a.Mount, Prefix: secrets.ConnectionsPrefix + a.Domain}
}

// send writes all fields, which have to be the configuration's: plan and state never
// have them.
func (r *connectionResource) send(ctx context.Context, config connectionModel, adopt bool, w connections.Write) (wrote secrets.Written, err error) {
	if w.Fields, err = config.fields(); err != nil {
		return secrets.Written{}, err
	}
	put := r.client().Put
	if adopt {
		put = r.client().Adopt
	}
	if wrote, err = put(ctx, w); err == nil {
		r.sweep(ctx, w.Address)
	}
	return wrote, err
}

// sweep deletes, once in an apply that writes, what a crash of an earlier one left. A
// token that may not list the domain leaves it.
func (r *connectionResource) sweep(ctx context.Context, a connections.Address) {
	r.vault.swept.Do(func() {
		_, err := r.client().DeleteOrphaned(ctx, a.Mount, a.Domain, map[string]bool{})
		if err != nil && !errors.Is(err, secrets.ErrPermissionDenied) {
			r.vault.notes.add("bodies of connections that nobody uses could not be looked for: " + err.Error())
		}
	})
}

// observe puts what Vault says of the connection into findings and memory.
func (r *connectionResource) observe(ctx context.Context, a connections.Address, f *findings, remembered *memory) error {
	seen, err := r.client().Describe(ctx, a)
	if err != nil {
		return err
	}
	wrote := r.vault.lastWrite(*f, *remembered, seen.Pointer)
	verdict := connections.Judge(r.vault.client.Owner(), seen, wrote)
	f.saw(remembered, seen.Pointer, verdict.String(), remedyFor(verdict, secrets.NeedsAdopt(r.vault.client.Owner(), seen.Pointer, wrote)))
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
