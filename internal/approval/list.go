// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package approval

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/capability"
	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// maxListed limits the persons in a listing of all approvals.
const maxListed = 1000

// Listed is the path of one person for one source, whether or not it has a note.
type Listed struct {
	Controller, Source string
	// Note has at least the entity.
	Note Note
}

// Name is the path below relay-sync, as ParseName reads it.
func (l Listed) Name() string { return l.Controller + "/" + l.Source + "/" + l.Note.Entity }

// MayCount reports whether a source can have a lifetime with which the note counts.
func (l Listed) MayCount(now time.Time) bool {
	return l.Note.Plan != "" && l.Note.outside(MaxLifetime, now) == ""
}

// ParseName reads a name as Name returns it.
func ParseName(name string) (Listed, error) {
	parts := strings.Split(name, "/")
	if len(parts) != 3 {
		return Listed{}, fmt.Errorf("approval %q: expected CONTROLLER/SOURCE/ENTITY, as --list prints it", name)
	}
	_, err := secrets.GitOpsOwner(parts[0], parts[1])
	for i, kind := range []string{"controller", "source", "entity"} {
		err = errors.Join(err, secrets.CheckName(kind, parts[i]))
	}
	return Listed{Controller: parts[0], Source: parts[1], Note: Note{Entity: parts[2]}}, err
}

// All lists the paths of all persons at a mount, of all controllers and sources, in order
// of name. It is for an administrator. Errors: ErrTooMany, or a *kv.Error; one for a missing
// capability has the line that is missing.
func All(ctx context.Context, store kv.MetadataStore, namespace, mount string) ([]Listed, error) {
	root := kv.Entry{Namespace: namespace, Mount: mount, Path: capability.ApprovalsRoot}
	controllers, err := folders(ctx, store, root)
	if err != nil {
		return nil, err
	}
	var out []Listed
	looked := len(controllers) // each folder is a request
	for _, controller := range controllers {
		if strings.HasPrefix(capability.TeamsFolder, capability.ApprovalsRoot+"/"+controller+"/") {
			continue
		}
		below := root
		below.Path += "/" + controller
		sources, err := folders(ctx, store, below)
		if err != nil {
			return nil, err
		}
		if looked += len(sources); looked > maxListed {
			return nil, fmt.Errorf("list the approvals: %w: at most %d folders of controllers and sources are looked at", ErrTooMany, maxListed)
		}
		for _, source := range sources {
			f := Folder{Store: store, Namespace: namespace, Mount: mount, Controller: controller, Source: source}
			listed, err := f.listed(ctx, maxListed)
			if err != nil {
				return nil, err
			}
			if out = append(out, listed...); len(out) > maxListed {
				return nil, fmt.Errorf("list the approvals: %w: at most %d are listed", ErrTooMany, maxListed)
			}
		}
	}
	return out, nil
}

// folders are the names of the folders in a folder.
func folders(ctx context.Context, store kv.MetadataStore, in kv.Entry) ([]string, error) {
	names, err := store.List(ctx, in)
	switch {
	case errors.Is(err, kv.ErrNotFound):
		return nil, nil
	case errors.Is(err, kv.ErrPermissionDenied):
		return nil, fmt.Errorf("list the approvals: %w\nHint: use the token of an administrator: relay-sync policy administrator --approvals prints the lines", err)
	case err != nil:
		return nil, err
	}
	var out []string
	for _, name := range names {
		if folder, is := strings.CutSuffix(name, "/"); is && secrets.CheckName("folder", folder) == nil {
			out = append(out, folder)
		}
	}
	return out, nil
}

// listed are the paths of the persons of a source, at most limit.
func (f Folder) listed(ctx context.Context, limit int) ([]Listed, error) {
	entities, err := f.persons(ctx, limit)
	if err != nil {
		return nil, err
	}
	out := make([]Listed, len(entities))
	for i, entity := range entities {
		m, err := f.Store.ReadMetadata(ctx, f.entry(entity))
		if err != nil && !errors.Is(err, kv.ErrNotFound) { // removed since
			return nil, f.explain(err, f.line("+", capability.Approvals))
		}
		n, _ := parse(entity, m.CustomMetadata[key])
		n.Entity = entity
		out[i] = Listed{Controller: f.Controller, Source: f.Source, Note: n}
	}
	return out, nil
}

// RemovePath removes the path of a person, with the note; of an administrator who is also
// the approver, only the note: of two policies, Vault applies the one for the own path.
func (f Folder) RemovePath(ctx context.Context, entity string) error {
	err := f.Store.DeleteMetadata(ctx, f.entry(entity))
	if errors.Is(err, kv.ErrPermissionDenied) && f.patch(ctx, f.entry(entity), map[string]any{"custom_metadata": map[string]any{key: nil}}) == nil {
		return nil
	}
	if errors.Is(err, kv.ErrNotFound) {
		return nil
	}
	return f.explain(err, f.line("+", []string{"delete"}))
}
