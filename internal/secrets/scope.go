// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"errors"
	"strings"
)

// Defaults of a scope, Relay's own (ARCHITECTURE.md, Layout).
const (
	DefaultMount  = "customers"
	DefaultPrefix = "workflows"
)

// Scope is where one workflow's secrets live inside the namespace that the
// client is connected to: the KV v2 mount, the prefix below it, the workflow.
type Scope struct {
	Mount    string
	Prefix   string
	Workflow string
}

// Address is one secret: a name inside a scope.
type Address struct {
	Scope
	Name string
}

// Secret returns the address of a secret in the scope.
func (s Scope) Secret(name string) Address { return Address{Scope: s, Name: name} }

// Check refuses a scope whose parts are not valid names, listing all that is
// wrong. The error wraps ErrInvalid.
func (s Scope) Check() error {
	return errors.Join(
		CheckPath("mount", s.Mount),
		CheckPath("prefix", s.Prefix),
		CheckName("workflow", s.Workflow),
	)
}

// Check refuses an address with an invalid scope or name. The error wraps
// ErrInvalid.
func (a Address) Check() error {
	return errors.Join(a.Scope.Check(), CheckName("secret", a.Name))
}

// String is "workflow/name", as people refer to a secret and as Terraform
// imports it.
func (a Address) String() string { return a.Workflow + "/" + a.Name }

// ConnectionsPrefix begins the prefix of every scope that holds connections, whose
// "workflow" is a connection's type (package connections).
const ConnectionsPrefix = "connections/"

// Kind is the word for what lies in the scope: "secret" or "connection".
func (s Scope) Kind() string {
	if strings.HasPrefix(s.Prefix, ConnectionsPrefix) {
		return "connection"
	}
	return "secret"
}

// Title names the scope in errors: workflow "deploy", connections of type "aws".
func (s Scope) Title() string {
	if s.Kind() == "connection" {
		return "connections of type " + quoteName(s.Workflow)
	}
	return "workflow " + quoteName(s.Workflow)
}

// Path is where the value lies, as in a Vault policy: "mount/data/prefix/workflow/name".
func (a Address) Path() string { return a.Mount + "/data/" + a.path() }

func (s Scope) path() string   { return s.Prefix + "/" + s.Workflow }
func (a Address) path() string { return a.Scope.path() + "/" + a.Name }

// ParseAddress reads "workflow/name". The error wraps ErrInvalid.
func ParseAddress(mount, prefix, id string) (Address, error) {
	workflow, name, found := strings.Cut(id, "/")
	if !found {
		return Address{}, invalidf("%s: expected workflow/name", quoteName(id))
	}
	a := Scope{Mount: mount, Prefix: prefix, Workflow: workflow}.Secret(name)
	return a, a.Check()
}

// CheckPath refuses a mount or prefix that has a segment which is not a valid
// name. The error wraps ErrInvalid.
func CheckPath(kind, path string) error {
	for segment := range strings.SplitSeq(path, "/") {
		if problem := nameProblem(segment); problem != "" {
			return invalidf("%s %s: segment %s: %s", kind, quoteName(path), quoteName(segment), problem)
		}
	}
	return nil
}
