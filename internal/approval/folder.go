// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package approval

import (
	"context"
	"errors"
	"fmt"

	"github.com/relay-secrets/terraform-provider-relay/internal/capability"
	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// maxPersons limits the persons whose notes are read for one source.
const maxPersons = 256

var (
	// ErrTooMany: more persons have a path in the folder than are read.
	ErrTooMany = errors.New("too many persons")
	// ErrNotStored: Vault accepted a note and does not have it.
	ErrNotStored = errors.New("the approval is not in Vault although Vault accepted it; approve again")
)

// Folder is where the approvals of one source are in Vault.
type Folder struct {
	Store              kv.MetadataStore
	Namespace, Mount   string
	Controller, Source string
}

func (f Folder) folder() kv.Entry {
	return kv.Entry{Namespace: f.Namespace, Mount: f.Mount, Path: capability.ApprovalFolder(f.Controller, f.Source)}
}

func (f Folder) entry(entity string) kv.Entry {
	e := f.folder()
	e.Path += "/" + entity
	return e
}

// Notes reads the notes of all persons, in order of entity. A person whose text is not a
// note has none. Errors: ErrTooMany, or a *kv.Error; one for a missing capability has the
// line that is missing.
func (f Folder) Notes(ctx context.Context) (notes []Note, err error) {
	all, err := f.listed(ctx, maxPersons)
	for _, l := range all {
		if l.Note.Plan != "" {
			notes = append(notes, l.Note)
		}
	}
	return notes, err
}

// persons are the entities that have a path in the folder, at most limit.
func (f Folder) persons(ctx context.Context, limit int) ([]string, error) {
	names, err := f.Store.List(ctx, f.folder())
	switch {
	case errors.Is(err, kv.ErrNotFound): // the first approval ever creates it
		return nil, nil
	case err != nil:
		return nil, f.explain(err, f.line("", []string{"list"}))
	case len(names) > limit:
		return nil, fmt.Errorf("read the approvals of source %q: %w: %d have a path in %s/, at most %d are read"+
			"\nHint: relay-sync approve --list shows them, and --remove removes those that no longer count", f.Source, ErrTooMany, len(names), f.folder().Path, limit)
	}
	var out []string
	for _, name := range names {
		if secrets.CheckName("entity", name) == nil { // not a folder
			out = append(out, name)
		}
	}
	return out, nil
}

// Approve stores the note of the person whose token the store has, and reads it back.
// Only the person's own path is written. Errors: those of Note.Check, ErrNotStored, a
// *kv.Error, or a missing capability with the line that is missing.
func (f Folder) Approve(ctx context.Context, n Note) error {
	if err := errors.Join(n.Check(), secrets.CheckName("entity", n.Entity)); err != nil {
		return err
	}
	fields := map[string]any{"custom_metadata": map[string]any{key: n.String()}}
	at := f.entry(n.Entity)
	err := f.patch(ctx, at, fields)
	if errors.Is(err, kv.ErrNotFound) {
		err = f.Store.CreateMetadata(ctx, at, fields)
		if errors.Is(err, kv.ErrMetadataCAS) {
			fields["metadata_cas"] = 0
			err = f.Store.CreateMetadata(ctx, at, fields)
		}
	}
	if err != nil {
		return f.explain(err, f.line("{{identity.entity.id}}", capability.Approval))
	}
	m, err := f.Store.ReadMetadata(ctx, at)
	if err != nil {
		return f.explain(err, f.line("{{identity.entity.id}}", capability.Approval))
	}
	if m.CustomMetadata[key] != n.String() {
		return ErrNotStored
	}
	return nil
}

// Remove removes the note of a person, if it is still for the same plan: also a newer one.
// Errors: as of Notes.
func (f Folder) Remove(ctx context.Context, n Note) error {
	m, err := f.Store.ReadMetadata(ctx, f.entry(n.Entity))
	if now, is := parse(n.Entity, m.CustomMetadata[key]); err == nil && is && now.Plan == n.Plan {
		err = f.patch(ctx, f.entry(n.Entity), map[string]any{"custom_metadata": map[string]any{key: nil}})
	}
	if err == nil || errors.Is(err, kv.ErrNotFound) {
		return nil
	}
	return f.explain(err, f.line("+", capability.Approvals))
}

// patch updates metadata. A server that requires the count of the changes gets it.
func (f Folder) patch(ctx context.Context, e kv.Entry, fields map[string]any) error {
	err := f.Store.PatchMetadata(ctx, e, fields)
	if !errors.Is(err, kv.ErrMetadataCAS) {
		return err
	}
	m, readErr := f.Store.ReadMetadata(ctx, e)
	if readErr != nil || m.CurrentMetadataVersion == nil {
		return errors.Join(err, readErr)
	}
	return f.Store.PatchMetadata(ctx, e, map[string]any{
		"custom_metadata": fields["custom_metadata"], "metadata_cas": *m.CurrentMetadataVersion,
	})
}

// line is the rule of a policy that a request needs.
func (f Folder) line(name string, capabilities []string) string {
	return capability.Line(capability.ApprovalPath(f.Mount, f.Controller, f.Source, name), capabilities...)
}

// explain adds the line of the policy to a denial.
func (f Folder) explain(err error, line string) error {
	if !errors.Is(err, kv.ErrPermissionDenied) {
		return err
	}
	return fmt.Errorf("approvals of source %q: %w\nHint: grant in a policy of the token:\n  %s", f.Source, err, line)
}
