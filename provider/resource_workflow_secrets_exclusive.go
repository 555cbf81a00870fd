// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// noUndeclared is undeclared where nobody looks for them.
var noUndeclared = types.MapNull(types.StringType)

// listsUndeclared reports whether exclusive asks for the undeclared secrets.
func (m workflowSecretsModel) listsUndeclared() bool {
	return m.Exclusive.ValueString() == exclusiveShow || m.deletesUndeclared()
}

func (m workflowSecretsModel) deletesUndeclared() bool {
	return m.Exclusive.ValueString() == exclusiveDelete
}

// planUndeclared is what a plan makes of the undeclared secrets that the last
// refresh found: what is declared now is none of them any more, nor what
// exclusive = "delete" deletes. Where nobody has looked yet, the apply will; state
// is nil before there is one. wanted counts only if it is known.
func (m workflowSecretsModel) planUndeclared(state *workflowSecretsModel, planned elements, known bool, ownUndeclared map[string]secrets.Seen) types.Map {
	switch {
	case !m.listsUndeclared():
		return noUndeclared
	case !known, state == nil, !state.listsUndeclared():
		return types.MapUnknown(types.StringType)
	case state.Undeclared.IsNull():
		return noUndeclared // the token may not look
	}
	next := state.Undeclared.Elements()
	for name := range planned {
		delete(next, name)
	}
	if m.deletesUndeclared() {
		for name := range ownUndeclared {
			delete(next, name)
		}
	}
	return types.MapValueMust(types.StringType, next)
}

// toDelete are the undeclared secrets that the approved plan deletes.
func (m workflowSecretsModel) toDelete(state workflowSecretsModel, planned elements, ownUndeclared map[string]secrets.Seen) []string {
	if !m.deletesUndeclared() || m.Undeclared.IsUnknown() || m.Undeclared.IsNull() {
		return nil
	}
	var names []string
	for name := range ownUndeclared {
		_, shown := state.Undeclared.Elements()[name]
		_, stays := m.Undeclared.Elements()[name]
		_, declared := planned[name]
		if shown && !stays && !declared {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// findUndeclared fills in the undeclared secrets, where exclusive asks for them,
// and warns of those that this apply or the next leaves. That the token may not
// observeNew is a warning too.
func (r *workflowSecretsResource) findUndeclared(ctx context.Context, m *workflowSecretsModel, private *setPrivateState, declared elements, diagnostics *diag.Diagnostics) {
	private.Undeclared, m.Undeclared = nil, noUndeclared
	if !m.listsUndeclared() {
		return
	}
	at := path.Root("exclusive")
	found, err := r.backend.undeclared(ctx, private.scope(m.Workflow.ValueString()), declared)
	if err != nil {
		diagnostics.AddAttributeWarning(at, "Undeclared secrets are not looked for", sentence(err.Error()))
		return
	}
	texts, left := map[string]attr.Value{}, []string{}
	private.Undeclared = map[string]secrets.Seen{}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		text, entry := describeOwner(found[name]), found[name]
		texts[name] = types.StringValue(text)
		holder, held := entry.Owner()
		if held && holder == r.backend.client.Owner() {
			private.Undeclared[name] = entry.Seen()
		}
		if !held || holder != r.backend.client.Owner() || !m.deletesUndeclared() {
			left = append(left, fmt.Sprintf("%s (%s)", name, text))
		}
	}
	m.Undeclared = types.MapValueMust(types.StringType, texts)
	if len(left) == 0 {
		return
	}
	why := `They stay, because exclusive is "show".`
	if m.deletesUndeclared() {
		why = "They stay, because this owner does not hold them."
	}
	diagnostics.AddAttributeWarning(at, "Workflow has secrets that this resource does not declare",
		fmt.Sprintf("%s: %s.\n\n%s", m.Workflow.ValueString(), strings.Join(left, ", "), why))
}

// undeclared are the live secrets of a workflow that are not declared.
func (b *backend) undeclared(ctx context.Context, scope secrets.Scope, declared elements) (map[string]secrets.Entry, error) {
	names, err := b.client.List(ctx, scope)
	if err != nil {
		return nil, err
	}
	names = slices.DeleteFunc(names, func(name string) bool {
		_, is := declared[name]
		return is
	})
	found, failed := inParallel(ctx, b.client.Concurrency(), names, func(ctx context.Context, name string) (secrets.Entry, error) {
		return b.client.Describe(ctx, scope.Secret(name))
	})
	for _, name := range slices.Sorted(maps.Keys(failed)) {
		return nil, failed[name] // what is not seen whole is not judged
	}
	maps.DeleteFunc(found, func(_ string, e secrets.Entry) bool { return !e.Live() })
	return found, nil
}

// describeOwner says whose a live secret is.
func describeOwner(e secrets.Entry) string {
	if holder, held := e.Owner(); held {
		return "held by " + string(holder)
	}
	if last, _, found := e.LastOwner(); found {
		return "last held by " + string(last)
	}
	return "of unknown origin"
}
