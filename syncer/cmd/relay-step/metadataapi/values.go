// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package metadataapi

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/relay-secrets/terraform-provider-relay/internal/step"
)

// Values are what a step's expressions use: what was read for them, and why the rest is
// missing. A value is set once; after Step.Read they do not change.
type Values struct {
	secrets map[string]step.Value
	// missing are the secrets that do not exist or are denied.
	missing    map[string]error
	allSecrets bool

	connections        map[connection][]step.Secret
	missingConnections map[connection]error
	// allOfType are the types of which every connection was read; "" for all types.
	allOfType map[string]bool
}

// connection identifies a connection of the domain.
type connection struct{ kind, name string }

func newValues() *Values {
	return &Values{
		secrets: map[string]step.Value{}, missing: map[string]error{},
		connections: map[connection][]step.Secret{}, missingConnections: map[connection]error{}, allOfType: map[string]bool{},
	}
}

// Secrets are all values, for a mask.
func (v *Values) Secrets() []step.Secret {
	var out []step.Secret
	for _, name := range slices.Sorted(maps.Keys(v.secrets)) {
		out = append(out, step.Secret{Name: name, Value: v.secrets[name]})
	}
	for _, id := range slices.SortedFunc(maps.Keys(v.connections), compareConnections) {
		out = append(out, v.connections[id]...)
	}
	return out
}

func compareConnections(a, b connection) int {
	return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.name, b.name))
}

// request is what expressions asked for and Values do not have.
type request struct {
	secrets     map[string]bool
	allSecrets  bool
	connections map[connection]bool
	types       map[string]bool
}

func (r *request) empty() bool {
	return len(r.secrets)+len(r.connections)+len(r.types) == 0 && !r.allSecrets
}

// errNoDomain is why a connection is missing without a domain.
var errNoDomain = errors.New("the domain of the connections is not known\nHint: name it by --connections-domain")

// readMade reads what names ask for that were made of values. Vault logs paths, so none may be
// such a name: only a name that Vault lists is read. A connection has too many parts for that.
func (v *Values) readMade(ctx context.Context, from *step.Reader, asked *request) error {
	listed := map[string]bool{}
	if len(asked.secrets) > 0 {
		names, err := from.Names(ctx)
		if err != nil {
			return err
		}
		for _, name := range names {
			listed[name] = true
		}
	}
	for name := range asked.secrets {
		if !listed[name] {
			v.missing[name] = errNotFound
			delete(asked.secrets, name)
		}
	}
	for id := range asked.connections {
		v.missingConnections[id] = errNotFound
	}
	asked.connections = nil
	for kind := range asked.types {
		v.allOfType[kind] = v.allOfType[kind] || kind != ""
		if kind != "" {
			delete(asked.types, kind)
		}
	}
	return v.read(ctx, from, asked)
}

// read reads what was asked for.
func (v *Values) read(ctx context.Context, from *step.Reader, asked *request) error {
	if err := v.readSecrets(ctx, from, slices.Sorted(maps.Keys(asked.secrets))); err != nil {
		return err
	}
	if asked.allSecrets {
		all, err := from.All(ctx)
		if err != nil {
			return err
		}
		v.add(all)
		v.allSecrets = true
	}
	for _, id := range slices.SortedFunc(maps.Keys(asked.connections), compareConnections) {
		if err := v.readConnection(ctx, from, id); err != nil {
			return err
		}
	}
	return v.readTypes(ctx, from, asked.types)
}

func (v *Values) readSecrets(ctx context.Context, from *step.Reader, names []string) error {
	found, missing, err := from.Find(ctx, names)
	if err != nil {
		return err
	}
	v.add(found)
	maps.Copy(v.missing, missing)
	return nil
}

func (v *Values) add(found []step.Secret) {
	for _, secret := range found {
		v.secrets[secret.Name] = secret.Value
	}
}

func (v *Values) readConnection(ctx context.Context, from *step.Reader, id connection) error {
	if from.Domain() == "" {
		v.missingConnections[id] = errNoDomain
		return nil
	}
	fields, err := from.Connection(ctx, id.kind, id.name)
	switch {
	case step.IsMissing(err):
		v.missingConnections[id] = err
	case err != nil:
		return err
	default:
		v.connections[id] = fields
	}
	return nil
}

// readTypes reads every connection of the types.
func (v *Values) readTypes(ctx context.Context, from *step.Reader, types map[string]bool) error {
	for _, kind := range slices.Sorted(maps.Keys(types)) {
		if from.Domain() == "" {
			return errNoDomain
		}
		all, err := from.Connections(ctx, kind)
		if err != nil {
			return err
		}
		for _, one := range all {
			v.connections[connection{one.Type, one.Name}] = one.Fields
		}
		v.allOfType[kind] = true
	}
	return nil
}
