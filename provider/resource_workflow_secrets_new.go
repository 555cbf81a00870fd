// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// replacedKey is the key of replacedSet in the private data of a plan.
const replacedKey = "replaced"

// replacedSet is what a set has written, for the plan of its replacement: Terraform plans
// a replacement twice, and the second time the set has no state.
type replacedSet struct {
	// Path is where the secrets are.
	Path string `json:"path"`
	// Versions are the versions that the destroy deletes, by name.
	Versions map[string]secrets.Seen `json:"versions,omitempty"`
}

// replaces returns what the destroy of a set deletes.
func (m workflowSecretsModel) replaces(current elements, private setPrivateState) replacedSet {
	out := replacedSet{Path: m.Path.ValueString(), Versions: map[string]secrets.Seen{}}
	for name, element := range current {
		if wrote := baseline(element.computedAttributes, private.of(name, element.computedAttributes)); wrote != nil {
			out.Versions[name] = secrets.Seen{Version: wrote.Version, Created: wrote.Created}
		}
	}
	return out
}

func (r replacedSet) save(ctx context.Context, private privateWriter) diag.Diagnostics {
	data, err := json.Marshal(r)
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Cannot write the private data of the plan", err.Error())}
	}
	return private.SetKey(ctx, replacedKey, data)
}

// loadReplaced returns what the first plan of a replacement saved; the zero value for a
// set that does not exist yet.
func loadReplaced(ctx context.Context, private privateReader, diagnostics *diag.Diagnostics) replacedSet {
	var out replacedSet
	data, problems := private.GetKey(ctx, replacedKey)
	diagnostics.Append(problems...)
	if len(data) > 0 && json.Unmarshal(data, &out) != nil {
		diagnostics.AddError("Cannot read the private data of the plan", "Invalid data: this provider did not write it.")
	}
	return out
}

// version returns the version of a name that the destroy deletes before the create, and
// whether the set that is replaced has the name at the same path.
func (r replacedSet) version(path, name string) (secrets.Seen, bool) {
	if r.Path == "" || r.Path != path {
		return secrets.Seen{}, false
	}
	seen, found := r.Versions[name]
	return seen, found
}

// checkNew observes the secrets that the plan creates, refuses what the apply would
// refuse, and warns of those that it takes over.
func (r *workflowSecretsResource) checkNew(ctx context.Context, plan workflowSecretsModel, names []string, private setPrivateState, replaced replacedSet, diagnostics *diag.Diagnostics) {
	if r.backend.client == nil || plan.Path.IsUnknown() || plan.adopting.IsUnknown() || len(names) == 0 {
		return
	}
	b := r.newBatch(plan, private, nil)
	observed, failed := inParallel(ctx, b.client.Concurrency(), names, func(ctx context.Context, name string) (secrets.Entry, error) {
		if seen, found := replaced.version(plan.Path.ValueString(), name); found {
			return b.observeReplaced(ctx, name, seen)
		}
		return b.observeNew(ctx, name)
	})
	failed.addErrors(diagnostics, "Cannot create the secrets")
	if len(failed) == 0 {
		b.warnOfTakeover(names, observed, replaced, plan.Path.ValueString(), diagnostics)
	}
}

// observeReplaced is observeNew for a name of the set that is replaced: its destroy
// deletes the version that it wrote, and no other.
func (b batch) observeReplaced(ctx context.Context, name string, wrote secrets.Seen) (secrets.Entry, error) {
	address := b.scope.Secret(name)
	observed, err := b.client.Describe(ctx, address)
	if err == nil {
		err = b.client.CanWrite(ctx, address)
	}
	now := observed.Seen()
	if err != nil || b.adopt || !observed.Live() || (now.Version == wrote.Version && now.Created.Equal(wrote.Created)) {
		return observed, err
	}
	return observed, &existsError{fmt.Sprintf("%s %s has changed since this resource wrote version %d. Apply without a replacement first, "+
		"which repairs it.", address.Kind, address, wrote.Version)}
}

// warnOfTakeover names the live secrets that an apply with adopt overwrites.
func (b batch) warnOfTakeover(names []string, observed map[string]secrets.Entry, replaced replacedSet, at string, diagnostics *diag.Diagnostics) {
	if !b.adopt {
		return
	}
	var taken []string
	for _, name := range names {
		if _, own := replaced.version(at, name); !own && observed[name].Live() {
			taken = append(taken, fmt.Sprintf("%s (%s)", name, describeOwner(observed[name])))
		}
	}
	slices.Sort(taken)
	if len(taken) > 0 {
		diagnostics.AddAttributeWarning(path.Root("adopt"), "Existing secrets are taken over",
			fmt.Sprintf("%s: %s. The apply overwrites their values.", b.scope.Group, strings.Join(taken, ", ")))
	}
}
