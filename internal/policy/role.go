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

const (
	// Writer creates, overwrites, deletes and lists secrets and notes who wrote
	// them. It reads no value.
	Writer Role = iota + 1
	// Reader reads the values of its workflows and lists their names. It writes
	// nothing. It is for the steps of a workflow.
	Reader
)

var roleNames = map[Role]string{Writer: "writer", Reader: "reader"}

// String is the role as users write it.
func (r Role) String() string { return roleNames[r] }

// RoleNames are all roles as users write them, sorted.
func RoleNames() []string {
	names := make([]string, 0, len(roleNames))
	for _, name := range roleNames {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// ParseRole reads a role as users write it. The error lists those there are.
func ParseRole(text string) (Role, error) {
	for role, name := range roleNames {
		if name == text {
			return role, nil
		}
	}
	return 0, fmt.Errorf("role %q: expected one of %s", text, strings.Join(RoleNames(), ", "))
}

// rule is one line of a policy, for one workflow.
type rule struct {
	// operation is the first segment below the mount in KV v2's API.
	operation string
	// below is what the rule is about below the prefix and the workflow: "+" for
	// its secrets, "" for the folder, which is what lists their names.
	below        string
	capabilities []string
}

// rules are what the role may do in one workflow (DESIGN 5).
func (g Grant) rules() []rule {
	switch g.Role {
	case Writer:
		out := []rule{
			{"data", "+", []string{"create", "update"}},
			{"metadata", "+", []string{"read", "patch"}},
			{"metadata", "", []string{"list"}},
			{"delete", "+", []string{"update"}},
		}
		if g.Undelete {
			out = append(out, rule{"undelete", "+", []string{"update"}})
		}
		if g.Destroy {
			out = append(out, rule{"destroy", "+", []string{"update"}})
		}
		return out
	case Reader:
		return []rule{
			{"data", "+", []string{"read"}},
			{"metadata", "", []string{"list"}},
		}
	}
	return nil
}

// purpose says what the rules are for.
func (g Grant) purpose() string {
	switch g.Role {
	case Writer:
		verbs := "create, overwrite, delete"
		if g.Undelete {
			verbs += ", undelete"
		}
		if g.Destroy {
			verbs += ", destroy"
		}
		return verbs + " and list secrets; read no value"
	case Reader:
		return "read values and list names; write nothing"
	}
	return ""
}
