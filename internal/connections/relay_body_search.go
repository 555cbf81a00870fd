// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package connections

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// RelayBodies finds the bodies that Relay's own programs wrote and that a write left.
// It reads each body once. The zero value is ready for use, also concurrently.
type RelayBodies struct {
	mu sync.Mutex
	// seen has what lies in a folder, by its name.
	seen map[secrets.Scope]folder
}

// folder is what the domain has in a folder whose name can be an id.
type folder struct {
	body RelayBody
	// own: this product wrote the body, or it has no live field.
	own bool
	// kind: the folder is a type, because its entries have records.
	kind bool
}

// Left returns the bodies that the replaced pointers may have named and that stay live.
// replaced are pointers of one domain as they were before the write; those with a record are
// skipped, and without others Left sends no request. An error names what
// could not be observed; then the bodies may be incomplete.
func (r *RelayBodies) Left(ctx context.Context, c *Client, replaced ...Pointer) ([]RelayBody, error) {
	replaced = slices.DeleteFunc(slices.Clone(replaced), func(p Pointer) bool { return !Unexplained(p.Entry) })
	if len(replaced) == 0 {
		return nil, nil
	}
	domain := replaced[0].Address.Scope
	folders, err := c.bodies.Folders(ctx, domain)
	if err != nil {
		return nil, unchecked(domain, err)
	}
	var ids, kinds []string
	for _, name := range folders {
		if isID(name) || strings.HasPrefix(name, devPrefix) {
			ids = append(ids, name)
		} else {
			kinds = append(kinds, name)
		}
	}
	dev := slices.DeleteFunc(slices.Clone(ids), isID)
	found, failed := r.folders(ctx, c, domain, dev)
	for _, f := range found {
		if f.kind {
			kinds = append(kinds, f.body.Scope.Group)
		}
	}
	others, named, err := unexplained(ctx, c, domain, kinds)
	if err != nil {
		return nil, unchecked(domain, err) // any body may still be in use
	}
	written := slices.DeleteFunc(ids, func(id string) bool {
		_, own := parseID(id)
		return !isID(id) || own || named[id]
	})
	more, err := r.folders(ctx, c, domain, written)
	failed = errors.Join(failed, err)
	var bodies []RelayBody
	for _, f := range append(found, more...) {
		if !f.own && !f.kind {
			bodies = append(bodies, f.body)
		}
	}
	if failed != nil {
		failed = unchecked(domain, failed)
	}
	return left(replaced, others, bodies), failed
}

// unchecked is the error of what could not be observed.
func unchecked(domain secrets.Scope, err error) error {
	return fmt.Errorf("check which bodies of Relay stay live below %s/%s: %w\nHint: with a token that may list them, compare: %s",
		domain.Mount, domain.Prefix, err, domain.ListCommand())
}

// unexplained returns the pointers of these types that no record explains, and the ids
// that the records of the others name.
func unexplained(ctx context.Context, c *Client, domain secrets.Scope, kinds []string) ([]Pointer, map[string]bool, error) {
	var scopes []secrets.Scope
	for _, kind := range kinds {
		scopes = append(scopes, domain.In(kind))
	}
	seen, err := c.Survey(ctx, scopes...)
	if err != nil {
		return nil, nil, err
	}
	var (
		others []Pointer
		named  = map[string]bool{}
		errs   []error
	)
	for _, scope := range scopes {
		errs = append(errs, seen.Failed[scope])
	}
	for address, e := range seen.Entries {
		if Unexplained(e) {
			others = append(others, Pointer{address, e})
		}
		for _, record := range e.Records {
			for _, id := range append(record.Body.Superseded[:], record.Body.ID) {
				named[id] = true
			}
		}
	}
	slices.SortFunc(others, func(a, b Pointer) int { return strings.Compare(a.Address.String(), b.Address.String()) })
	return others, named, errors.Join(errs...)
}

// folders reads these folders of the domain, those that are not known yet.
func (r *RelayBodies) folders(ctx context.Context, c *Client, domain secrets.Scope, names []string) ([]folder, error) {
	out, errs := make([]folder, len(names)), make([]error, len(names))
	var work errgroup.Group
	work.SetLimit(c.Concurrency())
	for i, name := range names {
		work.Go(func() error {
			out[i], errs[i] = r.folder(ctx, c, bodyOf(secrets.Address{Scope: domain}, name))
			if errs[i] != nil {
				out[i].own = true // it is in the error instead
			}
			return nil
		})
	}
	_ = work.Wait()
	return out, errors.Join(errs...)
}

func (r *RelayBodies) folder(ctx context.Context, c *Client, scope secrets.Scope) (folder, error) {
	r.mu.Lock()
	f, known := r.seen[scope]
	r.mu.Unlock()
	if known {
		return f, nil
	}
	f, err := readFolder(ctx, c, scope)
	if err == nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.seen == nil {
			r.seen = map[secrets.Scope]folder{}
		}
		r.seen[scope] = f
	}
	return f, err
}

// readFolder reads the metadata of the fields of a body. This product marks the first
// field, so it reads no further there.
func readFolder(ctx context.Context, c *Client, scope secrets.Scope) (folder, error) {
	f := folder{body: RelayBody{Scope: scope}}
	names, err := c.List(ctx, scope)
	if err != nil {
		return f, err
	}
	f.body.Other = names.Other
	for _, name := range names.Manageable {
		e, err := c.Client.Describe(ctx, secrets.Address{Scope: scope, Name: name})
		switch {
		case err != nil:
			return f, err
		case len(e.Records) > 0:
			f.kind = true
			return f, nil
		case c.bodies.Marked(e):
			f.own = true
			return f, nil
		case e.Live():
			f.body.Fields = append(f.body.Fields, name)
			for _, v := range e.Versions {
				f.body.created = append(f.body.created, v.Created)
			}
		}
	}
	f.own = len(f.body.Fields)+len(f.body.Other) == 0
	return f, nil
}
