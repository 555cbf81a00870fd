// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"math/big"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// secretMark is in each value, and must be in nothing that a host shows or stores.
const secretMark = "c4n4ry"

// host does for one instance of a resource what Terraform does, through the protocol server in
// this process: it refreshes, plans and applies.
type host struct {
	t         *testing.T
	variables map[string]string
	settings  map[string]any
	kind      string
	instance
}

// instance is what a state has of a resource.
type instance struct {
	state    *tfprotov6.DynamicValue // nil for none
	private  []byte
	identity *tfprotov6.ResourceIdentityData
}

// run is one command of the host: its provider, and what it printed.
type run struct {
	*host
	*server
	schema *tfprotov6.Schema
	// errors and output are the texts of the diagnostics.
	errors, output string
}

func (h *host) start() *run {
	h.t.Helper()
	p := &relayProvider{version: "test", env: environmentOf(h.variables)}
	served := p.protocolServer().(protocol)
	schemas, err := served.GetProviderSchema(h.t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		h.t.Fatal(err)
	}
	r := &run{host: h, server: &server{served, schemas}, schema: schemas.ResourceSchemas[h.kind]}
	configured, err := served.ConfigureProvider(h.t.Context(), &tfprotov6.ConfigureProviderRequest{
		TerraformVersion: "1.14.0", Config: r.encode(value(schemas.Provider.ValueType(), h.settings)),
	})
	if err != nil {
		h.t.Fatal(err)
	}
	noErrors(h.t, configured.Diagnostics)
	return r
}

// apply refreshes, plans and applies the arguments; nil is a configuration without the
// resource. It returns the errors. A state is stored as soon as a host stores it.
func (h *host) apply(arguments map[string]any) string {
	h.t.Helper()
	planning := h.start()
	after, ok := planning.plan(arguments)
	if !ok || after == nil {
		return planning.errors
	}
	applying := h.start()
	applying.applyPlan(*after)
	return applying.errors
}

// settled reports whether a plan changes nothing.
func (h *host) settled(arguments map[string]any) bool {
	h.t.Helper()
	after, ok := h.start().plan(arguments)
	return ok && after == nil
}

// importID imports the resource.
func (h *host) importID(id string) string {
	h.t.Helper()
	r := h.start()
	imported, err := r.ImportResourceState(h.t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: h.kind, ID: id})
	if err != nil {
		h.t.Fatal(err)
	}
	if r.shown(imported.Diagnostics) && len(imported.ImportedResources) == 1 {
		got := imported.ImportedResources[0]
		h.instance = instance{state: got.State, private: got.Private, identity: got.Identity}
	}
	return r.errors
}

// plannedChange is a change that an apply makes.
type plannedChange struct {
	config, state *tfprotov6.DynamicValue
	private       []byte
}

// plan refreshes and plans. It returns nil if nothing is to be done, and false after an error.
func (r *run) plan(arguments map[string]any) (*plannedChange, bool) {
	r.t.Helper()
	if !r.refresh() {
		return nil, false
	}
	none := tftypes.NewValue(r.schema.ValueType(), nil)
	prior := none
	if r.state != nil {
		prior = r.decode(r.state)
	}
	config, proposal := none, none
	if arguments != nil {
		config = value(r.schema.ValueType(), arguments)
		proposal = propose(r.schema.Block.Attributes, prior, config)
	}
	if prior.IsNull() && config.IsNull() {
		return nil, true
	}
	response, err := r.PlanResourceChange(r.t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: r.kind, PriorState: r.encode(prior), ProposedNewState: r.encode(proposal), Config: r.encode(config),
		PriorPrivate: r.private, PriorIdentity: r.identity,
	})
	if err != nil {
		r.t.Fatal(err)
	}
	if !r.shown(response.Diagnostics) {
		return nil, false
	}
	if len(response.RequiresReplace) > 0 {
		r.t.Errorf("the plan replaces the resource because of %v", response.RequiresReplace)
	}
	after := r.decode(response.PlannedState)
	if after.Equal(prior) {
		r.private = response.PlannedPrivate
		return nil, true
	}
	return &plannedChange{config: r.encode(config), state: response.PlannedState, private: response.PlannedPrivate}, true
}

func (r *run) refresh() bool {
	r.t.Helper()
	if r.state == nil {
		return true
	}
	response, err := r.ReadResource(r.t.Context(), &tfprotov6.ReadResourceRequest{
		TypeName: r.kind, CurrentState: r.state, Private: r.private, CurrentIdentity: r.identity,
	})
	if err != nil {
		r.t.Fatal(err)
	}
	if !r.shown(response.Diagnostics) {
		return false
	}
	r.store(response.NewState, response.Private, response.NewIdentity)
	return true
}

func (r *run) applyPlan(p plannedChange) {
	r.t.Helper()
	before := r.state
	prior := before
	if prior == nil {
		prior = r.encode(tftypes.NewValue(r.schema.ValueType(), nil))
	}
	response, err := r.ApplyResourceChange(r.t.Context(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: r.kind, PriorState: prior, PlannedState: p.state, Config: p.config, PlannedPrivate: p.private, PlannedIdentity: r.identity,
	})
	if err != nil {
		r.t.Fatal(err)
	}
	failed := !r.shown(response.Diagnostics)
	if r.store(response.NewState, response.Private, response.NewIdentity); failed && before == nil && r.state != nil {
		r.t.Errorf("the create failed and left a state, so the host replaces the resource: %s", r.errors)
	}
}

// store keeps a state as a host stores it.
func (r *run) store(state *tfprotov6.DynamicValue, private []byte, identity *tfprotov6.ResourceIdentityData) {
	r.t.Helper()
	r.instance = instance{}
	if strings.Contains(string(private), secretMark) {
		r.t.Errorf("a value is in the private state:\n%s", private)
	}
	if state != nil && !r.decode(state).IsNull() {
		r.instance = instance{state, private, identity}
	}
}

// shown keeps the texts of diagnostics, and reports whether none is an error.
func (r *run) shown(diagnostics []*tfprotov6.Diagnostic) bool {
	ok := true
	for _, d := range diagnostics {
		text := d.Summary + ": " + d.Detail + "\n"
		r.output += text
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			r.errors += text
			ok = false
		}
	}
	if strings.Contains(r.output, secretMark) {
		r.t.Errorf("a value is in the output:\n%s", r.output)
	}
	return ok
}

func (r *run) encode(v tftypes.Value) *tfprotov6.DynamicValue {
	r.t.Helper()
	out, err := tfprotov6.NewDynamicValue(v.Type(), v)
	if err != nil {
		r.t.Fatal(err)
	}
	return &out
}

func (r *run) decode(v *tfprotov6.DynamicValue) tftypes.Value {
	r.t.Helper()
	out, err := v.Unmarshal(r.schema.ValueType())
	if err != nil {
		r.t.Fatal(err)
	}
	if strings.Contains(out.String(), secretMark) {
		r.t.Errorf("a value is in a state or plan:\n%s", out)
	}
	return out
}

// value is Go's value of a type; what a map does not have is null.
func value(kind tftypes.Type, v any) tftypes.Value {
	object, isObject := kind.(tftypes.Object)
	if v == nil {
		return tftypes.NewValue(kind, nil)
	}
	switch v := v.(type) {
	case int:
		return tftypes.NewValue(kind, big.NewFloat(float64(v)))
	case map[string]any:
		out := map[string]tftypes.Value{}
		if !isObject {
			for key, element := range v {
				out[key] = value(kind.(tftypes.Map).ElementType, element)
			}
			return tftypes.NewValue(kind, out)
		}
		for name, attribute := range object.AttributeTypes {
			out[name] = value(attribute, v[name])
		}
		return tftypes.NewValue(kind, out)
	}
	return tftypes.NewValue(kind, v)
}

// propose is the new state that a host proposes: the configuration without values that are only
// written, and the prior state where the provider computes what the configuration leaves out.
func propose(attributes []*tfprotov6.SchemaAttribute, prior, config tftypes.Value) tftypes.Value {
	was, now := members(prior), members(config)
	out := map[string]tftypes.Value{}
	for _, a := range attributes {
		next := now[a.Name]
		switch {
		case a.WriteOnly:
			next = tftypes.NewValue(a.ValueType(), nil)
		case next.IsNull() && a.Computed && was != nil:
			next = was[a.Name]
		case a.NestedType != nil && a.NestedType.Nesting == tfprotov6.SchemaObjectNestingModeMap && next.IsKnown() && !next.IsNull():
			before, elements := map[string]tftypes.Value(nil), map[string]tftypes.Value{}
			if was != nil {
				before = members(was[a.Name])
			}
			for key, element := range members(next) {
				former, had := before[key]
				if !had {
					former = tftypes.NewValue(element.Type(), nil)
				}
				elements[key] = propose(a.NestedType.Attributes, former, element)
			}
			next = tftypes.NewValue(a.ValueType(), elements)
		}
		out[a.Name] = next
	}
	return tftypes.NewValue(config.Type(), out)
}

// members are the attributes or elements of a value; nil for none.
func members(v tftypes.Value) map[string]tftypes.Value {
	var out map[string]tftypes.Value
	if v.IsNull() || !v.IsKnown() || v.As(&out) != nil {
		return nil
	}
	return out
}
