// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package step

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// maxBodies is how many bodies of a connection are read until a whole one is found: a change
// of the connection moves its pointer, and deletes the former body later.
const maxBodies = 3

// Connection is a connection of the domain with its fields, sorted by name.
type Connection struct {
	Type, Name string
	Fields     []Secret
}

// Connections reads every connection of the domain, or of one type, as Relay does for
// ${connections}: a name whose connection no longer exists is skipped. Unlike Relay, it never
// takes a body of Relay's development mode for a type, whose fields would then be paths.
func (r *Reader) Connections(ctx context.Context, kind string) ([]Connection, error) {
	kinds := []string{kind}
	base := secrets.ConnectionsPrefix + r.scope.Domain
	if kind == "" {
		folders, err := r.folders(ctx, base)
		if err != nil {
			return nil, fmt.Errorf("connections of domain %s: %w", foreign.Quote(r.scope.Domain), err)
		}
		kinds = slices.DeleteFunc(folders, func(name string) bool {
			return strings.HasPrefix(name, "_") || uuid.Validate(name) == nil
		})
	}
	var out []Connection
	for _, kind := range kinds {
		if err := checkSegment("connection type", kind); err != nil {
			return nil, err
		}
		names, err := r.list(ctx, base+"/"+kind)
		if err != nil {
			return nil, fmt.Errorf("connections of type %s of domain %s: %w", foreign.Quote(kind), foreign.Quote(r.scope.Domain), err)
		}
		for _, name := range names {
			fields, err := r.Connection(ctx, kind, name)
			switch {
			case errors.Is(err, kv.ErrNotFound):
			case err != nil:
				return nil, err
			default:
				out = append(out, Connection{kind, name, fields})
			}
		}
	}
	return out, nil
}

// Connection reads the fields of a connection, sorted by name. The error wraps kv.ErrNotFound
// if Relay finds none. It never has fields of two bodies, and a part of the fields only if a
// program deletes fields of a body that is in use.
func (r *Reader) Connection(ctx context.Context, kind, name string) ([]Secret, error) {
	fields, err := r.connection(ctx, kind, name)
	if err != nil {
		return nil, fmt.Errorf("connection %s of domain %s: %w", foreign.Quote(kind+"/"+name), foreign.Quote(r.scope.Domain), err)
	}
	return fields, nil
}

func (r *Reader) connection(ctx context.Context, kind, name string) ([]Secret, error) {
	if err := errors.Join(checkSegment("connection type", kind), checkSegment("connection", name)); err != nil {
		return nil, err
	}
	pointer := secrets.ConnectionsPrefix + r.scope.Domain + "/" + kind + "/" + name
	var former string
	for range maxBodies {
		id, err := r.pointer(ctx, pointer)
		if err != nil {
			return nil, err
		}
		fields, whole, err := r.body(ctx, secrets.ConnectionsPrefix+r.scope.Domain+"/"+id)
		if err != nil || whole || id == former && len(fields) > 0 {
			return fields, err
		}
		// A listed field was deleted: with the body, because the pointer moved, or alone.
		former = id
	}
	return nil, kv.ErrNotFound
}

// pointer is the id of the live body. A value that would be another path is not an id.
func (r *Reader) pointer(ctx context.Context, path string) (string, error) {
	value, err := r.value(ctx, path)
	if err != nil {
		return "", err
	}
	id := value.plain()
	if strings.Contains(id, "/") || segmentFault(id) != "" {
		return "", kv.ErrNotFound
	}
	return id, nil
}

// body reads the fields of a body. It is not whole if a listed field no longer exists.
func (r *Reader) body(ctx context.Context, path string) (fields []Secret, whole bool, err error) {
	names, err := r.list(ctx, path)
	if err != nil {
		return nil, false, err
	}
	fields, err = r.existing(ctx, names, func(ctx context.Context, name string) (Value, error) {
		value, err := r.value(ctx, path+"/"+name)
		if err != nil {
			return Value{}, fmt.Errorf("field %s: %w", foreign.Quote(name), err)
		}
		return value, nil
	})
	return fields, len(names) > 0 && len(fields) == len(names), err
}
