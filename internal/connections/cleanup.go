// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package connections

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// maxUnknown is how many connections of the owner CleanUp looks at that its caller does
// not know, such as those that Terraform has deleted. They are chosen at random, so that
// none waits for ever.
const maxUnknown = 4

// Settled are the bodies and connections that need no second look. It is in memory only,
// and of one owner and domain. It is not safe for concurrent use.
type Settled map[string]bool

// CleanUp deletes the bodies in a domain that this owner wrote and that no reader uses any
// more: those that were replaced or whose pointer was deleted longer than the grace period
// ago, and those of a write that a crash cut off. It lists the domain, and reads what may
// have to be deleted: not what is live, nor what was deleted before. known are connections
// as they were observed.
func (c *Client) CleanUp(ctx context.Context, root secrets.Scope, domain string, known map[secrets.Address]secrets.Entry, settled Settled) error {
	folders, err := c.bodies.Folders(ctx, Address(root, domain, "", "").Scope)
	if err != nil {
		return err
	}
	bodies := c.ownBodies(folders)
	var errs []error
	for a, e := range known {
		errs = append(errs, c.cleanUp(ctx, a, e, bodies[tagsOf(c.Owner(), a)], settled))
		delete(bodies, tagsOf(c.Owner(), a))
	}
	unknown := slices.Collect(maps.Keys(bodies))
	//nolint:gosec // not a secret: each run need only look at others
	rand.Shuffle(len(unknown), func(i, j int) { unknown[i], unknown[j] = unknown[j], unknown[i] })
	for _, t := range unknown[:min(len(unknown), maxUnknown)] {
		errs = append(errs, c.cleanUpUnknown(ctx, root, domain, bodies[t], settled))
	}
	return errors.Join(errs...)
}

// ownBodies are the ids that can be of this owner, by their tags.
func (c *Client) ownBodies(folders []string) map[tags][]string {
	own := tagsOf(c.Owner(), secrets.Address{})
	out := map[tags][]string{}
	for _, text := range folders {
		if id, is := parseID(text); is && id.tags().sameOwner(own) {
			out[id.tags()] = append(out[id.tags()], text)
		}
	}
	return out
}

// cleanUpUnknown cleans up the connection whose bodies these are, by the mark of one.
func (c *Client) cleanUpUnknown(ctx context.Context, root secrets.Scope, domain string, ids []string, settled Settled) error {
	newest := slices.Max(ids) // the time is in front
	if settled[newest] {
		return nil
	}
	a, found, err := c.connectionOf(ctx, bodyOf(Address(root, domain, "", ""), newest))
	if err != nil || !found {
		settled[newest] = err == nil
		return err
	}
	e, err := c.Client.Describe(ctx, a)
	if err != nil {
		return err
	}
	settled[newest] = len(unsettled(c.Owner(), e)) == 0 && !e.Live()
	return c.cleanUp(ctx, a, e, ids, settled)
}

// connectionOf is the connection that a body of this owner is marked with. writeBody marks
// the first field.
func (c *Client) connectionOf(ctx context.Context, body secrets.Scope) (secrets.Address, bool, error) {
	names, err := c.List(ctx, body)
	if err != nil || len(names.Manageable) == 0 {
		return secrets.Address{}, false, err
	}
	field, err := c.Client.Describe(ctx, secrets.Address{Scope: body, Name: names.Manageable[0]})
	if err != nil {
		return secrets.Address{}, false, err
	}
	d, _ := Domain(body.Prefix)
	a, err := ParseAddress(body, d, c.bodies.MarkOf(field))
	return a, err == nil, nil //nolint:nilerr // not a mark of this product
}

// cleanUp cleans up one connection. ids are all bodies with its tags.
func (c *Client) cleanUp(ctx context.Context, a secrets.Address, e secrets.Entry, ids []string, settled Settled) error {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return settled[id] })
	if left := leftoversOf(c.Owner(), e, ids, c.grace); len(left.named)+len(left.unnamed) == 0 {
		return nil
	}
	e, err := c.Client.Describe(ctx, a) // it may have been written or undeleted since
	if err != nil {
		return err
	}
	left := leftoversOf(c.Owner(), e, ids, c.grace)
	writing := false
	for _, id := range left.unnamed {
		final, err := c.deleteIfAbandoned(ctx, a, e, id)
		if err != nil {
			return err
		}
		settled[id] = final
		writing = writing || !final
	}
	for _, id := range left.named {
		if err := c.deleteBody(ctx, bodyOf(a, id), left.destroy); err != nil {
			return err
		}
	}
	if !left.drops(writing) {
		return nil
	}
	return c.bodies.Update(ctx, a, e, left.record)
}

// deleteIfAbandoned deletes a body that no record names. final reports that a second look
// would find nothing else.
func (c *Client) deleteIfAbandoned(ctx context.Context, a secrets.Address, e secrets.Entry, id string) (final bool, err error) {
	fields, err := c.fields(ctx, bodyOf(a, id))
	if err != nil {
		return false, err
	}
	age, live := youngestOf(fields)
	switch {
	case !live:
		return true, nil
	case !abandoned(c.Owner(), e, id, age, c.grace):
		return false, nil
	}
	return true, c.deleteBody(ctx, bodyOf(a, id), false)
}

// youngestOf is the age of the youngest field of a body, by Vault's clock, and whether any field is live. Pure.
func youngestOf(fields map[string]secrets.Entry) (age time.Duration, live bool) {
	var youngest, now time.Time
	for _, field := range fields {
		if at := field.Versions[field.Current].Created; at.After(youngest) {
			youngest = at
		}
		now, live = field.Date, live || field.Live()
	}
	return now.Sub(youngest), live
}

// deleteBody deletes or destroys the fields of a body that no reader uses.
func (c *Client) deleteBody(ctx context.Context, body secrets.Scope, destroy bool) error {
	if body.Group == earliest {
		return nil
	}
	names, err := c.List(ctx, body)
	errs := []error{err}
	for _, name := range names.Manageable {
		errs = append(errs, c.bodies.DeleteField(ctx, secrets.Address{Scope: body, Name: name}, destroy))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("delete the fields of a connection that no step finds any more: %w", err)
	}
	return nil
}
