// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"errors"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/capability"
)

// Defaults of a scope, Relay's own (ARCHITECTURE.md, Layout).
const (
	DefaultMount  = "customers"
	DefaultPrefix = "workflows"
)

// Scope is a folder of addresses of one kind.
type Scope struct {
	// Namespace is the namespace of Vault Enterprise or OpenBao, in the form of
	// CanonicalNamespace.
	Namespace string
	// Kind is what the addresses of the scope are of.
	Kind Kind
	// Mount is the KV v2 mount, Prefix the path below it.
	Mount, Prefix string
	// Group is the last folder: the workflow of secrets, the type of connections, or
	// the id of a connection's body.
	Group string
}

// Address is one secret, one connection, or one field of a connection's body: a name
// inside a scope.
type Address struct {
	Scope
	Name string
}

// Kind is what an address is of: a closed set.
type Kind int

// The kinds. A Field belongs to a connection; package connections alone uses it.
const (
	Secret Kind = iota
	Connection
	Field
)

// String is the word for one of the kind, as errors have it.
func (k Kind) String() string { return [...]string{"secret", "connection", "field"}[k] }

// Label marks the kind in texts that name both kinds: the word, and "" for a secret.
func (k Kind) Label() string {
	if k == Secret {
		return ""
	}
	return k.String()
}

// group is the word for a scope of the kind.
func (k Kind) group() string { return [...]string{"workflow", "connection type", "connection body"}[k] }

// CanonicalNamespace is the one form of a namespace in an address: without slashes at
// both ends, and empty for the root namespace.
func CanonicalNamespace(namespace string) string {
	if namespace = strings.Trim(namespace, "/"); namespace == "root" {
		return "" // Vault reserves this name for the root namespace
	}
	return namespace
}

// In is the scope of a group in the same namespace, mount and prefix.
func (s Scope) In(group string) Scope {
	s.Group = group
	return s
}

// Secret is the address of a name in the scope.
func (s Scope) Secret(name string) Address { return Address{Scope: s, Name: name} }

// Check rejects a scope whose parts are not valid names. The error lists all of them
// and wraps ErrInvalid.
func (s Scope) Check() error {
	prefix := CheckPath("prefix", s.Prefix)
	if s.Kind == Secret {
		prefix = CheckPrefix(s.Prefix)
	}
	return errors.Join(
		CheckPath("mount", s.Mount),
		prefix,
		CheckName(s.Kind.group(), s.Group),
	)
}

// Check rejects an address with an invalid scope or name. The error wraps
// ErrInvalid.
func (a Address) Check() error {
	return errors.Join(a.Scope.Check(), CheckName(a.Kind.String(), a.Name))
}

// String is "group/name", as people refer to a secret and as Terraform imports it.
func (a Address) String() string { return a.Group + "/" + a.Name }

// ConnectionsPrefix begins the prefix of every connection (package connections).
const ConnectionsPrefix = "connections/"

// Title is the address with its kind, where both a secret and a connection can be
// named: "workflow/name", "connection:type/name".
func (a Address) Title() string {
	if label := a.Kind.Label(); label != "" {
		return label + ":" + a.String()
	}
	return a.String()
}

// Workflow is the workflow of a secret; "" for another kind, which every workflow may use.
func (a Address) Workflow() string {
	if a.Kind == Secret {
		return a.Group
	}
	return ""
}

// Title names the scope in errors: workflow "deploy", connection type "aws".
func (s Scope) Title() string { return s.Kind.group() + " " + quoteName(s.Group) }

// Path is the API path of the value, as in a Vault policy: "mount/data/prefix/workflow/name".
func (a Address) Path() string { return a.Mount + "/data/" + a.path() }

func (s Scope) path() string   { return s.Prefix + "/" + s.Group }
func (a Address) path() string { return a.Scope.path() + "/" + a.Name }

// ParseAddress reads "workflow/name", inside the namespace, mount and prefix of root.
// The error wraps ErrInvalid.
func ParseAddress(root Scope, id string) (Address, error) {
	workflow, name, found := strings.Cut(id, "/")
	if !found {
		return Address{}, invalidf("%s: expected workflow/name", quoteName(id))
	}
	a := root.In(workflow).Secret(name)
	return a, a.Check()
}

// CheckPrefix rejects a prefix of workflows that CheckPath rejects, and one inside the
// folder of connections or of relay-sync's own data, where the rights on workflows would be
// rights on connections or on approvals. The error wraps ErrInvalid.
func CheckPrefix(prefix string) error {
	if err := CheckPath("prefix", prefix); err != nil {
		return err
	}
	first, _, _ := strings.Cut(prefix, "/")
	switch first {
	case capability.ApprovalsRoot:
		return invalidf("prefix %s: %q is reserved for the approvals and teams of relay-sync", quoteName(prefix), first)
	case strings.TrimSuffix(ConnectionsPrefix, "/"):
		return invalidf("prefix %s: %q is reserved for connections", quoteName(prefix), first)
	}
	return nil
}

// CheckPath rejects a mount or prefix with a segment that is not a valid name. The error wraps ErrInvalid.
func CheckPath(kind, path string) error {
	for segment := range strings.SplitSeq(path, "/") {
		if problem := nameProblem(segment); problem != "" {
			return invalidf("%s %s: segment %s: %s", kind, quoteName(path), quoteName(segment), problem)
		}
	}
	return nil
}
