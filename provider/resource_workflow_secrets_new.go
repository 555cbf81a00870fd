// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// replacedSet is what the replacement of a set deletes; see replacedObject.
type replacedSet struct {
	// Path is where the secrets are.
	Path string `json:"path"`
	// Versions are the baselines by name; zero without one.
	Versions map[string]secrets.Seen `json:"versions,omitempty"`
}

// replaced returns what a replacement of these secrets would delete.
func (all elements) replaced(path string, private setPrivateState) *replacedSet {
	out := &replacedSet{Path: path, Versions: make(map[string]secrets.Seen, len(all))}
	for name, element := range all {
		one := element.replaced(path, private.of(name, element.computedAttributes))
		out.Versions[name] = secrets.Seen{Version: one.Version, Created: one.Created}
	}
	return out
}

// isElsewhere reports whether the first plan of a replacement has checked the new path.
func (r *replacedSet) isElsewhere(path types.String) bool {
	return r != nil && r.Path != path.ValueString()
}

// of returns what a replacement deletes at one address; nil for nothing.
func (r *replacedSet) of(address secrets.Address) *replacedObject {
	if r == nil || r.Path != pathOfScope(address.Scope) {
		return nil
	}
	wrote, found := r.Versions[address.Name]
	if !found {
		return nil
	}
	return &replacedObject{Path: pathOf(address), Version: wrote.Version, Created: wrote.Created}
}

// planCreate reports during the plan what the apply would refuse of the secrets that it
// creates, so that nothing is deleted before. It reports whose secrets an adopt takes over.
func (r *workflowSecretsResource) planCreate(ctx context.Context, plan workflowSecretsModel, names []string, private setPrivateState, replaces *replacedSet, diagnostics *diag.Diagnostics) {
	if r.backend.client == nil || plan.Path.IsUnknown() || len(names) == 0 || diagnostics.HasError() {
		return // known only during the apply, or reported
	}
	ctx, end := r.begin(ctx, plan.Timeouts.Read, diagnostics)
	defer end()
	b := r.newBatch(plan, private, nil)
	taken, failed := inParallel(ctx, b.client.Concurrency(), names, func(ctx context.Context, name string) (string, error) {
		return b.planCreate(ctx, b.scope.Secret(name), plan.adopting, replaces)
	})
	failed.addErrors(diagnostics, "Cannot create the secrets")
	var texts []string
	for _, name := range names {
		if taken[name] != "" {
			texts = append(texts, taken[name])
		}
	}
	if len(texts) > 0 {
		diagnostics.AddAttributeWarning(path.Root("adopt"), "Existing secrets will be taken over", fmt.Sprintf("%s: %s.\n\nBecause adopt is true, "+
			"the apply overwrites them with the values of this configuration.", b.scope.Group, strings.Join(texts, ", ")))
	}
}

// planCreate observes a secret that the apply creates. taken describes one that it takes
// over.
func (b batch) planCreate(ctx context.Context, address secrets.Address, adopt types.Bool, replaces *replacedSet) (taken string, err error) {
	observed, err := b.client.Describe(ctx, address)
	if err == nil {
		err = b.client.CanWrite(ctx, address)
	}
	if err != nil {
		return "", err
	}
	b.planned.Store(address, observed)
	refused := b.refuseNew(address, observed, replaces.of(address))
	switch {
	case refused == nil || adopt.IsUnknown():
		return "", nil
	case adopt.ValueBool():
		return fmt.Sprintf("%s (%s)", address.Name, describeOwner(observed)), nil
	}
	return "", refused
}
