// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package connections

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// MaxFields is the most fields that one connection may have.
const MaxFields = 100

// prefix is the prefix of the connections of a domain, which is Relay's account.
func prefix(domain string) string { return secrets.ConnectionsPrefix + domain }

// Domain is the domain of a prefix, and whether it is one of connections.
func Domain(ofPrefix string) (string, bool) {
	return strings.CutPrefix(ofPrefix, secrets.ConnectionsPrefix)
}

// Address is the connection of a type, such as aws, and a name, inside a domain in the
// namespace and mount of root. The entry there is the pointer, which names the live body
// and has the owner's record.
func Address(root secrets.Scope, domain, kind, name string) secrets.Address {
	scope := secrets.Scope{Kind: secrets.Connection, Namespace: root.Namespace, Mount: root.Mount, Prefix: prefix(domain), Group: kind}
	return secrets.Address{Scope: scope, Name: name}
}

// bodyOf is the scope of a body beside a connection.
func bodyOf(a secrets.Address, id string) secrets.Scope {
	return secrets.Scope{Kind: secrets.Field, Namespace: a.Namespace, Mount: a.Mount, Prefix: a.Prefix, Group: id}
}

// Check rejects an address whose parts are not names, and a type that Relay would
// take for the id of a body: it parses as a UUID in any of the forms that Relay's
// parser knows (ARCHITECTURE.md, Connections). The error wraps secrets.ErrInvalid.
func Check(a secrets.Address) error {
	domain, _ := Domain(a.Prefix)
	return errors.Join(
		secrets.CheckPath("mount", a.Mount),
		secrets.CheckName("domain", domain),
		CheckType(a.Group),
		secrets.CheckName("connection", a.Name),
	)
}

// CheckType rejects a type that is not a name, or that is a UUID. The error wraps
// secrets.ErrInvalid.
func CheckType(name string) error {
	if err := secrets.CheckName("connection type", name); err != nil {
		return err
	}
	if isID(name) {
		return fmt.Errorf("%w: connection type %q is a UUID, which Relay reads as the id of a connection's fields", secrets.ErrInvalid, name)
	}
	return nil
}

// isID reports whether Relay's reader accepts the name as the id of a body.
func isID(name string) bool { return uuid.Validate(name) == nil }

// ParseAddress reads "type/name", inside the namespace and mount of root. The error wraps
// secrets.ErrInvalid.
func ParseAddress(root secrets.Scope, domain, id string) (secrets.Address, error) {
	kind, name, found := strings.Cut(id, "/")
	if !found {
		return secrets.Address{}, fmt.Errorf("%w: %q: expected type/name", secrets.ErrInvalid, id)
	}
	a := Address(root, domain, kind, name)
	return a, Check(a)
}

// known are the fields of the types that Relay's integrations use (ARCHITECTURE.md, Connection types):
// those that a step's schema requires, and those that it may have.
var known = map[string]struct{ required, optional []string }{
	"4me":        {required: []string{"host", "account", "accessToken"}},
	"aws":        {required: []string{"accessKeyID", "secretAccessKey"}, optional: []string{"sessionToken"}},
	"azure":      {required: []string{"subscriptionID", "clientID", "tenantID", "secret"}},
	"datadog":    {optional: []string{"apiKey", "applicationKey"}},
	"gcp":        {required: []string{"serviceAccountKey"}},
	"github":     {required: []string{"accessToken"}},
	"grafana":    {required: []string{"apiURL"}, optional: []string{"apiToken", "apiKey"}},
	"jira":       {required: []string{"url", "username", "password"}},
	"kubernetes": {required: []string{"server", "certificateAuthority", "token"}},
	"pagerduty":  {required: []string{"accessToken"}},
	"puppet":     {optional: []string{"relayAPIURL", "token"}},
	"sendgrid":   {required: []string{"apiKey"}},
	"slack":      {required: []string{"apiToken"}},
	"ssh":        {required: []string{"sshKey"}, optional: []string{"knownHosts"}},
	"sysdig":     {required: []string{"token"}},
}

// KnownTypes are the types with known fields, sorted.
func KnownTypes() []string { return slices.Sorted(maps.Keys(known)) }

// FieldCheck is the result of CheckFields.
type FieldCheck struct {
	// Problem is why no reader of the type can use the fields; "" for none.
	Problem string
	// Warning is what a person should know; "" for nothing.
	Warning string
}

// CheckFields compares field names with those that the readers of a type expect. An
// unknown type may have any fields. Pure.
func CheckFields(kind string, fields []string) FieldCheck {
	want, is := known[kind]
	if !is {
		return FieldCheck{Warning: fmt.Sprintf("unknown connection type %q (Relay's integrations use %s): its fields are not checked", kind, strings.Join(KnownTypes(), ", "))}
	}
	var missing, extra []string
	for _, name := range want.required {
		if !slices.Contains(fields, name) {
			missing = append(missing, name)
		}
	}
	for _, name := range fields {
		if !slices.Contains(want.required, name) && !slices.Contains(want.optional, name) {
			extra = append(extra, name)
		}
	}
	slices.Sort(extra)
	var f FieldCheck
	if len(missing) > 0 {
		f.Problem = fmt.Sprintf("a connection of type %s needs %s: missing %s", kind, strings.Join(want.required, ", "), strings.Join(missing, ", "))
	}
	if len(extra) > 0 {
		f.Warning = fmt.Sprintf("no known reader of type %s uses %s", kind, strings.Join(extra, ", "))
	}
	return f
}

// checkNames rejects invalid field names, too many of them, and none.
func checkNames(fields []string) error {
	if len(fields) == 0 {
		return fmt.Errorf("%w: a connection needs at least one field: Relay does not find one without fields", secrets.ErrInvalid)
	}
	if len(fields) > MaxFields {
		return fmt.Errorf("%w: too many fields: a connection has %d, at most %d are allowed", secrets.ErrInvalid, len(fields), MaxFields)
	}
	var errs []error
	for _, name := range fields {
		errs = append(errs, secrets.CheckName("field", name))
	}
	return errors.Join(errs...)
}

// KnownFields are the fields that the readers of a type use: those that they require, and
// those that they accept; none for an unknown type.
func KnownFields(kind string) (required, optional []string) {
	of := known[kind]
	return slices.Clone(of.required), slices.Clone(of.optional)
}
