// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/capability"
	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

// bodyMark is the custom_metadata key by which the owner of a connection's body finds
// it again after a crash before the record names it.
const bodyMark = "relay-body"

// Bodies is what package connections needs of a Client besides the rest of it: the
// fields of bodies, and the record that names them. Only that package uses it.
type Bodies struct{ c *Client }

// Bodies returns the client's part for package connections.
func (c *Client) Bodies() Bodies { return Bodies{c} }

// Put is Client.Put of a connection. It calls prepare once the write is permitted and
// will be sent. prepare writes a body and returns its id as the value, and the bodies
// for the record; its error ends the write.
func (b Bodies) Put(ctx context.Context, w Write, prepare func(context.Context) (Value, Body, error)) (Written, error) {
	return b.c.write(ctx, w, prepare)
}

// Update changes the bodies in this owner's record, which can be released: one PATCH, no
// value. Errors: as of Client.UpdateRecord.
func (b Bodies) Update(ctx context.Context, a Address, observed Entry, body Body) error {
	if err := body.check(); err != nil {
		return err
	}
	if r := observed.Records[b.c.owner]; r.Released {
		r.Body = body
		return b.c.writeRecord(context.WithoutCancel(ctx), a, r, b.c.keysFor(observed))
	}
	return b.c.updateRecord(ctx, a, observed, func(r *Record) { r.Body = body })
}

// CreateField writes one field of a body: an entry that must not exist yet, under an
// id that no other writer knows. It has no record. Errors: ErrInvalid, ErrConflict
// where the entry exists, *kv.Error.
func (b Bodies) CreateField(ctx context.Context, a Address, v Value) error {
	if err := errors.Join(a.Check(), b.c.checkValue(v)); err != nil {
		return err
	}
	_, err := b.c.kv.WriteData(ctx, entryOf(a), v.encoded(), 0)
	if unanswered(err) {
		// The id is fresh, so an entry that exists after this comes from the first
		// request.
		if _, err = b.c.kv.WriteData(ctx, entryOf(a), v.encoded(), 0); errors.Is(err, kv.ErrCASMismatch) {
			return nil
		}
	}
	if errors.Is(err, kv.ErrCASMismatch) {
		return &conflictError{Address: a}
	}
	if err != nil {
		return fmt.Errorf("field %s: %w", quoteName(a.Name), b.c.changeError(ctx, a, capability.Write, err))
	}
	return nil
}

// MarkField marks a field with the connection that its body belongs to.
func (b Bodies) MarkField(ctx context.Context, field, connection Address) error {
	mark := string(b.c.owner) + " " + connection.String()
	return b.c.patchMetadata(ctx, field, map[string]any{"custom_metadata": map[string]any{bodyMark: mark}})
}

// MarkOf is the connection, as "type/name", that this owner marked the field with; ""
// for none.
func (b Bodies) MarkOf(field Entry) string {
	owner, connection, _ := strings.Cut(field.Settings.Labels[bodyMark], " ")
	if owner != string(b.c.owner) {
		return ""
	}
	return connection
}

// Marked reports whether an owner marked the field, so that the body is not one of
// Relay's own programs.
func (b Bodies) Marked(field Entry) bool { return field.Settings.Labels[bodyMark] != "" }

// DeleteField soft-deletes a field's current version, or destroys all versions. It
// leaves a field that is dead already. Errors: as of Describe, *kv.Error.
func (b Bodies) DeleteField(ctx context.Context, a Address, destroy bool) error {
	e, err := b.c.Describe(ctx, a)
	switch {
	case err != nil:
		return err
	case destroy && len(e.Versions) > 0:
		return b.c.changeError(ctx, a, capability.Purge, b.c.kv.DestroyVersions(ctx, entryOf(a), slices.Sorted(maps.Keys(e.Versions))...))
	case e.Live():
		return b.c.changeError(ctx, a, capability.Delete, b.c.kv.DeleteVersions(ctx, entryOf(a), e.Current))
	}
	return nil
}

// Folders lists the names of the folders below the prefix of a scope, sorted. Errors:
// *kv.Error.
func (b Bodies) Folders(ctx context.Context, in Scope) ([]string, error) {
	keys, err := b.c.listFolder(ctx, in, in.Prefix)
	if err != nil {
		return nil, err
	}
	var folders []string
	for _, key := range keys {
		if name, is := strings.CutSuffix(key, "/"); is && nameProblem(name) == "" {
			folders = append(folders, name)
		}
	}
	slices.Sort(folders)
	return folders, nil
}

// RemoveField removes a field with all versions and metadata, for good. One that was
// removed before is not an error. Errors: *kv.Error.
func (b Bodies) RemoveField(ctx context.Context, a Address) error { return b.c.removeMetadata(ctx, a) }
