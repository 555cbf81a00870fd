// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/capability"
)

// Role is a set of operations on workflow secrets: one of the constants below. The
// zero Role is none.
type Role int

// The roles. Writer, Controller, Reader and Tidy are for programs. The others are Relay's
// for people, each with all rights on secrets that the one before it has; none of them
// reads a value.
const (
	// Writer creates, overwrites, deletes and lists secrets, and writes their records.
	// It reads no value.
	Writer Role = iota + 1
	// Reader reads the values of its workflows and lists their names. It writes
	// nothing. It is for the steps of a workflow.
	Reader
	// Viewer reads names, versions and owners.
	Viewer
	// Operator adds, overwrites and deletes secrets too, unless Grant.SecretsBy
	// reserves that to a higher role.
	Operator
	// Approver also approves planned changes of Grant.Controller, as the person of its
	// token. No other person's role does, so that an administrator of secrets approves only
	// with the policy of an approver.
	Approver
	// Administrator also undeletes and destroys versions, sets how long they are kept,
	// removes entries, and writes connections.
	Administrator
	// Tidy removes the metadata of names that are dead and released. It has no right on
	// values, and no other role of programs removes metadata.
	Tidy
	// Controller is a Writer that also reads and removes the approvals of its sources, for
	// relay-sync.
	Controller
)

// roleNames are in the order of the documentation.
var roleNames = []struct {
	role Role
	name string
}{
	{Viewer, "viewer"},
	{Operator, "operator"},
	{Approver, "approver"},
	{Administrator, "administrator"},
	{Writer, "writer"},
	{Controller, "controller"},
	{Reader, "reader"},
	{Tidy, "tidy"},
}

// String is the role as users write it.
func (r Role) String() string {
	for _, known := range roleNames {
		if known.role == r {
			return known.name
		}
	}
	return ""
}

// RoleNames are all roles as users write them: first people's, each with what the
// one before it has, then those of programs.
func RoleNames() []string {
	names := make([]string, len(roleNames))
	for i, known := range roleNames {
		names[i] = known.name
	}
	return names
}

// ParseRole parses a role as users write it. The error lists the valid ones.
func ParseRole(text string) (Role, error) {
	for _, known := range roleNames {
		if known.name == text {
			return known.role, nil
		}
	}
	return 0, fmt.Errorf("role %q: expected one of %s", text, strings.Join(RoleNames(), ", "))
}

// person reports whether the role is one of Relay's for people.
func (r Role) person() bool { return r >= Viewer && r <= Administrator }

// writer reports whether the role is a program's that writes secrets.
func (r Role) writer() bool { return r == Writer || r == Controller }

// rights are the operations that a grant allows on secrets, or on connections. Every
// role lists names.
type rights []capability.Operation

func (r rights) allow(op capability.Operation) bool { return slices.Contains(r, op) }

// withSecrets are the rights of a grant on the secrets of its workflows.
func (g Grant) withSecrets() rights {
	if g.Role == Reader {
		return rights{capability.Read, capability.List}
	}
	out := rights{capability.List, capability.Observe}
	if g.Role == Tidy {
		return append(out, capability.Tidy)
	}
	if g.Role.writer() || g.Role.person() && g.Role >= max(g.SecretsBy, Operator) {
		out = append(out, capability.Write, capability.Delete)
	}
	if g.Role == Administrator {
		return append(out, capability.Undelete, capability.Purge, capability.Configure, capability.Tidy)
	}
	if g.Undelete {
		out = append(out, capability.Undelete)
	}
	if g.Destroy {
		out = append(out, capability.Purge)
	}
	if g.Settings {
		out = append(out, capability.Configure)
	}
	return out
}

// withConnections are the rights of a grant on connections. Workflows share them, and
// both of Relay's pages reserve them to administrators.
func (g Grant) withConnections() rights {
	if g.Role == Operator || g.Role == Approver {
		return rights{capability.List, capability.Observe}
	}
	g.Settings = false // no connection expires
	return g.withSecrets()
}

// purpose describes the rights.
func (r rights) purpose(of string) string {
	if r.allow(capability.Read) {
		return "read values and list names, write nothing"
	}
	if !r.allow(capability.Write) && r.allow(capability.Tidy) {
		return "remove dead and released names of " + of + "; read and write no value"
	}
	if !r.allow(capability.Write) {
		return "see names, versions and owners; read no value, write nothing"
	}
	verbs := []string{"create", "overwrite", "delete"}
	for _, more := range []struct {
		op   capability.Operation
		verb string
	}{{capability.Undelete, "undelete"}, {capability.Purge, "destroy"}, {capability.Configure, "configure"}, {capability.Tidy, "remove"}} {
		if r.allow(more.op) {
			verbs = append(verbs, more.verb)
		}
	}
	return strings.Join(verbs, ", ") + " and list " + of + "; read no value"
}
