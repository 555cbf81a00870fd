// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package person

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/capability"
	"github.com/relay-secrets/terraform-provider-relay/internal/connections"
	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaultclient"
)

// Rights are what a token may do in a workflow, or with the connections of a domain. They
// are for a page that shows what is possible; Vault decides at each request.
type Rights struct {
	List, Observe, Write, Delete, Undelete bool
	// Missing are the lines of policy for what is false.
	Missing Missing
}

// Missing are lines of a Vault policy, in HCL, for each of the Rights that a token does not
// have; empty for the others.
type Missing struct{ List, Observe, Write, Delete, Undelete string }

// operations are those of Rights.
var operations = []capability.Operation{capability.List, capability.Observe, capability.Write, capability.Delete, capability.Undelete}

const (
	// anyName stands for every name in a folder: rules for single names do not count.
	anyName = "any"
	// maxPaths limits the paths of one request.
	maxPaths = 1000
)

// RightsIn returns the rights in each of the workflows, in the namespace, mount and prefix
// of root: one request for up to 200 workflows. Errors: secrets.ErrInvalid for an invalid
// name, secrets.ErrTokenRejected, or a *kv.Error.
func RightsIn(ctx context.Context, d vaultclient.Directory, root secrets.Scope, workflows ...string) (map[string]Rights, error) {
	return inEach(ctx, d, root, workflows, rightsAt, operations...)
}

// MayView reports for each of the workflows whether the token may list its secrets and read
// their metadata. Vault needs about half a millisecond for each path: RightsIn has five for
// a workflow, and MayView two. Errors: as of RightsIn.
func MayView(ctx context.Context, d vaultclient.Directory, root secrets.Scope, workflows ...string) (map[string]bool, error) {
	both := func(a secrets.Address, granted map[string][]string) bool {
		return len(a.MissingRules(granted, capability.List)) == 0 && len(a.MissingRules(granted, capability.Observe)) == 0
	}
	return inEach(ctx, d, root, workflows, both, capability.List, capability.Observe)
}

// inEach is what decide makes of the capabilities for operations in each workflow.
func inEach[T any](ctx context.Context, d vaultclient.Directory, root secrets.Scope, workflows []string,
	decide func(secrets.Address, map[string][]string) T, ops ...capability.Operation,
) (map[string]T, error) {
	var paths []string
	for _, name := range workflows {
		a := root.In(name).Secret(anyName)
		if err := a.Check(); err != nil {
			return nil, err
		}
		paths = append(paths, a.RequiredPaths(ops...)...)
	}
	granted, err := Capabilities(ctx, d, root.Namespace, paths...)
	if err != nil {
		return nil, err
	}
	out := make(map[string]T, len(workflows))
	for _, name := range workflows {
		out[name] = decide(root.In(name).Secret(anyName), granted)
	}
	return out, nil
}

// RightsInDomain returns the rights with the connections of a domain. A connection cannot be
// undeleted. Errors: as of RightsIn.
func RightsInDomain(ctx context.Context, d vaultclient.Directory, root secrets.Scope, domain string) (Rights, error) {
	a := connections.Address(root, domain, anyName, anyName)
	if err := connections.Check(a); err != nil {
		return Rights{}, err
	}
	folder := a.Mount + "/metadata/" + a.Prefix + "/"
	granted, err := Capabilities(ctx, d, root.Namespace, append(a.RequiredPaths(operations...), folder)...)
	if err != nil {
		return Rights{}, err
	}
	out := rightsAt(a, granted)
	out.Undelete, out.Missing.Undelete = false, ""
	if needs := capability.For(capability.List)[0].Capabilities; !capability.Grants(granted[folder], needs...) {
		out.List = false
		out.Missing.List = strings.TrimSpace(capability.Line(folder, needs...) + "\n" + out.Missing.List)
	}
	return out, nil
}

// MayApprove reports for each of the sources of a controller whether the person of the token
// may approve its planned changes: one request for all. Errors: as of RightsIn.
func MayApprove(ctx context.Context, d vaultclient.Directory, namespace, mount, controller, entity string, sources ...string) (map[string]bool, error) {
	err := errors.Join(secrets.CheckPath("mount", mount), secrets.CheckName("controller", controller))
	may, paths := make(map[string]bool, len(sources)), make([]string, len(sources))
	for i, source := range sources {
		err = errors.Join(err, secrets.CheckName("source", source))
		may[source], paths[i] = false, capability.ApprovalPath(mount, controller, source, entity)
	}
	if err != nil || secrets.CheckName("entity", entity) != nil { // a token without an entity may not
		return may, err
	}
	granted, err := Capabilities(ctx, d, namespace, paths...)
	for i, source := range sources {
		may[source] = capability.Grants(granted[paths[i]], capability.Approval...)
	}
	return may, err
}

// ApprovalRule is the line of policy that an approver of a source requires.
func ApprovalRule(mount, controller, source string) string {
	return capability.Line(capability.ApprovalPath(mount, controller, source, "{{identity.entity.id}}"), capability.Approval...)
}

func rightsAt(a secrets.Address, granted map[string][]string) Rights {
	missing := func(op capability.Operation) (bool, string) {
		lines := a.MissingRules(granted, op)
		return len(lines) == 0, strings.Join(lines, "\n")
	}
	var r Rights
	r.List, r.Missing.List = missing(capability.List)
	r.Observe, r.Missing.Observe = missing(capability.Observe)
	r.Write, r.Missing.Write = missing(capability.Write)
	r.Delete, r.Missing.Delete = missing(capability.Delete)
	r.Undelete, r.Missing.Undelete = missing(capability.Undelete)
	return r
}

// Capabilities returns those of the token, by path: one request for each thousand paths.
// Errors: secrets.ErrTokenRejected, also for a token that may not read its own capabilities,
// or a *kv.Error.
func Capabilities(ctx context.Context, d vaultclient.Directory, namespace string, paths ...string) (map[string][]string, error) {
	out := make(map[string][]string, len(paths))
	for chunk := range slices.Chunk(paths, maxPaths) {
		granted, err := d.Capabilities(ctx, namespace, chunk...)
		if errors.Is(err, kv.ErrPermissionDenied) {
			return nil, secrets.ErrTokenRejected
		}
		if err != nil {
			return nil, err
		}
		for path, names := range granted {
			out[path] = names
		}
	}
	return out, nil
}
