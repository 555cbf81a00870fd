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

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

// bodyMark is the custom_metadata key by which the owner of a connection's body can
// find it again, should it crash before the pointer names it.
const bodyMark = "relay-body"

// CreateField writes one field of a connection's body: an entry that must not exist
// yet, under an id that nobody else knows. It keeps no record; the pointer's stands
// for it. Errors: ErrInvalid, ErrConflict where the entry exists, *kv.Error.
func (c *Client) CreateField(ctx context.Context, a Address, v Value) error {
	if err := errors.Join(a.Check(), v.checkSize(c.maxBytes)); err != nil {
		return err
	}
	_, err := c.kv.WriteData(ctx, entryOf(a), v.encoded(), 0)
	if unanswered(err) {
		// The id is fresh, so an entry that stands there after this is the first
		// sending's.
		if _, err = c.kv.WriteData(ctx, entryOf(a), v.encoded(), 0); errors.Is(err, kv.ErrCASMismatch) {
			return nil
		}
	}
	if errors.Is(err, kv.ErrCASMismatch) {
		return &ConflictError{Address: a}
	}
	if err != nil {
		return fmt.Errorf("field %s: %w", quoteName(a.Name), err)
	}
	return nil
}

// MarkField notes at a field whose body it is part of.
func (c *Client) MarkField(ctx context.Context, field, pointer Address) error {
	mark := string(c.owner) + " " + pointer.String()
	return c.kv.PatchMetadata(ctx, entryOf(field), map[string]any{"custom_metadata": map[string]any{bodyMark: mark}})
}

// MarkedFor is the pointer, as "type/name", of the body that this owner marked the
// field as a part of; "" for none.
func (c *Client) MarkedFor(field Entry) string {
	owner, pointer, _ := strings.Cut(field.Settings.Labels[bodyMark], " ")
	if owner != string(c.owner) {
		return ""
	}
	return pointer
}

// DropField soft-deletes a field's current version, or destroys all of them. One
// that is dead already is left. Errors: as of Describe, *kv.Error.
func (c *Client) DropField(ctx context.Context, a Address, destroy bool) error {
	e, err := c.Describe(ctx, a)
	switch {
	case err != nil:
		return err
	case destroy && len(e.Versions) > 0:
		return c.kv.DestroyVersions(ctx, entryOf(a), slices.Sorted(maps.Keys(e.Versions))...)
	case e.Live():
		return c.kv.DeleteVersions(ctx, entryOf(a), e.Current)
	}
	return nil
}

// Folders names the folders below a path of a mount, sorted. Errors: *kv.Error.
func (c *Client) Folders(ctx context.Context, mount, path string) ([]string, error) {
	keys, err := c.kv.List(ctx, kv.Entry{Mount: mount, Path: path})
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

// UpdateRecord writes the note of this owner's record anew, for the version that it is
// about: one PATCH, no value. A write of the same owner between the observation and
// this request ends with the older record on the newer version, which shows as
// overwritten and is repaired, as after any record that comes late. Errors: ErrNotOwner where the record is not the current
// version's, ErrInvalid, *kv.Error.
func (c *Client) UpdateRecord(ctx context.Context, a Address, observed Entry, n Provenance) error {
	if err := n.Check(); err != nil {
		return err
	}
	record := observed.Records[c.owner]
	if holder, is := observed.Owner(); !is || holder != c.owner {
		return &NotOwnerError{Address: a, Owner: holder}
	}
	record.Provenance = n
	return c.writeRecord(context.WithoutCancel(ctx), a, record)
}
