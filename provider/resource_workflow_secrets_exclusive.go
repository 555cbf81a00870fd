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

// noUndeclared is undeclared while exclusive is "off".
var noUndeclared = types.MapNull(types.StringType)

// listsUndeclared reports whether exclusive lists the undeclared secrets.
func (m workflowSecretsModel) listsUndeclared() bool {
	return m.Exclusive.ValueString() == exclusiveShow || m.deletesUndeclared()
}

func (m workflowSecretsModel) deletesUndeclared() bool {
	return m.Exclusive.ValueString() == exclusiveDelete
}

// planUndeclared plans the undeclared secrets from those that the last refresh found,
// without those that are declared now and those that exclusive = "delete" deletes. It
// is unknown if no refresh has listed them; state is nil for a new set. planned is
// used only if it is known.
func (m workflowSecretsModel) planUndeclared(state *workflowSecretsModel, planned elements, known bool, ownUndeclared map[string]secrets.Seen) types.Map {
	switch {
	case m.Exclusive.IsUnknown():
		return types.MapUnknown(types.StringType)
	case !m.listsUndeclared():
		return noUndeclared
	case !known, state == nil, !state.listsUndeclared():
		return types.MapUnknown(types.StringType)
	case state.Undeclared.IsNull():
		return noUndeclared // the token cannot list
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

// toDelete returns the undeclared secrets that the approved plan deletes.
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

// findUndeclared lists the undeclared secrets, if exclusive is set, and warns of those
// that neither this apply nor the next deletes. A token that cannot list is a warning.
func (r *workflowSecretsResource) findUndeclared(ctx context.Context, m *workflowSecretsModel, private *setPrivateState, declared elements, diagnostics *diag.Diagnostics) {
	private.Undeclared, m.Undeclared = nil, noUndeclared
	if !m.listsUndeclared() {
		return
	}
	at := path.Root("exclusive")
	scope := private.scope(r.backend.root(), m.Workflow.ValueString())
	found, other, err := r.backend.undeclared(ctx, scope, declared)
	if err != nil {
		diagnostics.AddAttributeWarning(at, "Cannot list undeclared secrets", sentence(err.Error()))
		return
	}
	texts, left := map[string]attr.Value{}, []string{}
	private.Undeclared = map[string]secrets.Seen{}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		text, entry := describeOwner(found[name]), found[name]
		texts[name] = types.StringValue(text)
		owner, owned := entry.Owner()
		own := owned && owner == r.backend.client.Owner()
		if own {
			private.Undeclared[name] = entry.Seen()
		}
		if !own || !m.deletesUndeclared() {
			left = append(left, fmt.Sprintf("%s (%s)", name, text))
		}
	}
	for _, key := range other {
		o := scope.Other(key)
		texts[o.Name] = types.StringValue("cannot be managed: " + o.Cause)
	}
	m.Undeclared = types.MapValueMust(types.StringType, texts)
	if len(other) > 0 {
		diagnostics.AddAttributeWarning(at, "Workflow has names that cannot be managed", scope.DescribeOther(other))
	}
	if len(left) == 0 {
		return
	}
	cause := `The last apply had exclusive = "show", so they are only listed. With exclusive = "delete" the plan shows what the apply deletes.`
	if m.deletesUndeclared() {
		cause = "They are not deleted, because this configuration does not own them."
	}
	diagnostics.AddAttributeWarning(at, "Workflow has undeclared secrets",
		fmt.Sprintf("%s: %s.\n\n%s", m.Workflow.ValueString(), strings.Join(left, ", "), cause))
}

// undeclared returns the live secrets of a workflow that are not declared, and the keys
// that cannot be managed.
func (b *backend) undeclared(ctx context.Context, scope secrets.Scope, declared elements) (map[string]secrets.Entry, []string, error) {
	listed, err := b.client.List(ctx, scope)
	if err != nil {
		return nil, nil, err
	}
	names := slices.DeleteFunc(listed.Manageable, func(name string) bool {
		_, found := declared[name]
		return found
	})
	found, failed := inParallel(ctx, b.client.Concurrency(), names, func(ctx context.Context, name string) (secrets.Entry, error) {
		return b.client.Describe(ctx, scope.Secret(name))
	})
	for _, name := range slices.Sorted(maps.Keys(failed)) {
		return nil, nil, failed[name] // a partial list is not used
	}
	maps.DeleteFunc(found, func(_ string, e secrets.Entry) bool { return !e.Live() })
	return found, listed.Other, nil
}

// describeOwner describes who owns a live secret.
func describeOwner(e secrets.Entry) string {
	owner, owned := e.Owner()
	if last, _, found := e.LastOwner(); !owned && found {
		return "last " + secrets.OwnedBy(last)
	}
	return secrets.OwnedBy(owner)
}
