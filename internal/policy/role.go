// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"fmt"
	"slices"
	"strings"
)

// Role is what somebody may do to workflow secrets: one of the constants below.
// The zero Role is none.
type Role int

// The roles. Writer and Reader are for programs. The others are Relay's for
// people, each with all that the one before it has; none of them reads a value.
const (
	// Writer creates, overwrites, deletes and lists secrets and notes who wrote
	// them. It reads no value.
	Writer Role = iota + 1
	// Reader reads the values of its workflows and lists their names. It writes
	// nothing. It is for the steps of a workflow.
	Reader
	// Viewer sees names, versions and owners.
	Viewer
	// Operator adds, overwrites and deletes secrets too, unless Grant.SecretsBy
	// reserves that to a higher role.
	Operator
	// Approver is Operator to Vault: what it approves is a plan, not a secret.
	Approver
	// Administrator also undeletes, destroys, settles how long versions are kept,
	// removes entries, and writes connections.
	Administrator
)

// roleNames are in the order in which people should read of them.
var roleNames = []struct {
	role Role
	name string
}{
	{Viewer, "viewer"},
	{Operator, "operator"},
	{Approver, "approver"},
	{Administrator, "administrator"},
	{Writer, "writer"},
	{Reader, "reader"},
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

// ParseRole reads a role as users write it. The error lists those there are.
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

// rights are what a grant allows with secrets, or with connections. Names may be
// listed by everybody.
type rights struct {
	// read opens values.
	read bool
	// observe shows versions, times and owners.
	observe bool
	// write creates, overwrites and soft-deletes, and notes who did.
	write bool
	// undelete and destroy are for versions.
	undelete, destroy bool
	// settings makes metadata before the first version; remove takes an entry away
	// with all its versions and records.
	settings, remove bool
}

// withSecrets are the rights of a grant on the secrets of its workflows.
func (g Grant) withSecrets() rights {
	switch g.Role {
	case Reader:
		return rights{read: true}
	case Writer:
		return rights{observe: true, write: true, undelete: g.Undelete, destroy: g.Destroy, settings: g.Settings}
	case Administrator:
		return rights{observe: true, write: true, undelete: true, destroy: true, settings: true, remove: true}
	}
	return rights{observe: true, write: g.Role >= max(g.SecretsBy, Operator)}
}

// withConnections are the rights of a grant on connections. They are shared by
// workflows, and both of Relay's pages reserve them to administrators.
func (g Grant) withConnections() rights {
	if g.Role == Operator || g.Role == Approver {
		return rights{observe: true}
	}
	g.Settings = false // no connection expires
	return g.withSecrets()
}

// rule is one line of a policy before it has a place.
type rule struct {
	// operation is the first segment below the mount in KV v2's API.
	operation string
	// below is what the rule is about inside its place: "+" for the entries of a
	// folder, "" for the folder itself, which is what lists their names.
	below        string
	capabilities []string
}

// rules are the lines for these rights (ARCHITECTURE.md, Policies). KV v2 asks for "patch" where a
// key of metadata changes, and for "create" only where there is no entry yet;
// "update" would replace the records of others and is granted to nobody.
func (r rights) rules() []rule {
	var out []rule
	add := func(granted bool, operation string, capabilities ...string) {
		if granted {
			out = append(out, rule{operation, "+", capabilities})
		}
	}
	metadata := []string{"read"}
	if r.settings {
		metadata = slices.Insert(metadata, 0, "create")
	}
	if r.write {
		metadata = append(metadata, "patch")
	}
	if r.remove {
		metadata = append(metadata, "delete")
	}
	add(r.read, "data", "read")
	add(r.write, "data", "create", "update")
	add(r.observe, "metadata", metadata...)
	out = append(out, rule{"metadata", "", []string{"list"}})
	add(r.write, "delete", "update")
	add(r.undelete, "undelete", "update")
	add(r.destroy, "destroy", "update")
	return out
}

// purpose says what the rules are for.
func (r rights) purpose(of string) string {
	if r.read {
		return "read values and list names; write nothing"
	}
	if !r.write {
		return "see names, versions and owners; read no value, write nothing"
	}
	verbs := []string{"create", "overwrite", "delete"}
	for _, more := range []struct {
		granted bool
		verb    string
	}{{r.undelete, "undelete"}, {r.destroy, "destroy"}, {r.settings, "configure"}, {r.remove, "remove"}} {
		if more.granted {
			verbs = append(verbs, more.verb)
		}
	}
	return strings.Join(verbs, ", ") + " and list " + of + "; read no value"
}
