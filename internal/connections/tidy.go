// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package connections

import (
	"context"
	"errors"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// Types lists the types of connections in a domain. Errors: as of secrets.Client.List.
func (c *Client) Types(ctx context.Context, root secrets.Scope, domain string) ([]secrets.Scope, error) {
	base := Address(root, domain, "", "").Scope
	folders, err := c.bodies.Folders(ctx, base)
	var out []secrets.Scope
	for _, name := range folders {
		if CheckType(name) == nil {
			out = append(out, base.In(name))
		}
	}
	return out, err
}

// RemoveTidied is secrets.Client.RemoveTidied for a connection: first the bodies that its
// released records name, then the pointer. A crash in between leaves the pointer, whose
// records name the rest.
func (c *Client) RemoveTidied(ctx context.Context, a secrets.Address, after time.Duration) (secrets.TidyStep, error) {
	return c.Client.RemoveTidied(ctx, a, after, func(ctx context.Context, pointer secrets.Entry) error {
		for _, record := range pointer.Records {
			for _, id := range named(record.Body) {
				if err := c.removeBody(ctx, bodyOf(a, id)); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// removeBody removes the fields of a body with all versions and metadata.
func (c *Client) removeBody(ctx context.Context, body secrets.Scope) error {
	names, err := c.List(ctx, body)
	errs := []error{err}
	for _, name := range names.Manageable {
		errs = append(errs, c.bodies.RemoveField(ctx, secrets.Address{Scope: body, Name: name}))
	}
	return errors.Join(errs...)
}
