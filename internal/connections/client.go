// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package connections

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// Client writes, deletes and observes connections for the owner of a
// *secrets.Client. It is safe for concurrent use.
type Client struct {
	*secrets.Client
	bodies secrets.Bodies
	warn   func(text string)
	grace  time.Duration
}

var _ secrets.Manager = (*Client)(nil)

// New makes a client. It calls warn with what stops nothing and a person should know.
func New(client *secrets.Client, warn func(text string)) *Client {
	return &Client{Client: client, bodies: client.Bodies(), warn: warn, grace: grace}
}

// Check rejects a write that no attempt could make right. The error wraps
// secrets.ErrInvalid.
func (c *Client) Check(w secrets.Write) error {
	errs := []error{Check(w.Address), checkNames(slices.Collect(maps.Keys(w.Fields)))}
	for _, name := range slices.Sorted(maps.Keys(w.Fields)) {
		field := secrets.Write{Address: w.Address, Value: w.Fields[name], Provenance: w.Provenance}
		if err := c.Client.Check(field); err != nil {
			errs = append(errs, fmt.Errorf("field %s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

// Judge is the function Judge for the client's owner.
func (c *Client) Judge(e secrets.Entry, baseline *secrets.Written) secrets.Verdict {
	return Judge(c.Owner(), e, baseline)
}

// Fingerprint is HMAC1 of the names and values of all fields.
func (c *Client) Fingerprint(keys secrets.FingerprintKeys, w secrets.Write) secrets.ValueFingerprints {
	return keys.HMAC1Fields(w.Address, w.Fields)
}

// Describe observes a connection: one read of the pointer's metadata, and where a
// record names a live body, one list and one read of metadata per field. Errors: as
// of secrets.Client.Describe.
func (c *Client) Describe(ctx context.Context, a secrets.Address) (secrets.Entry, error) {
	e, err := c.Client.Describe(ctx, a)
	if err != nil {
		return secrets.Entry{}, err
	}
	owner, is := e.Owner()
	if id := e.Records[owner].Body.ID; is && id != "" {
		e.Fields, err = c.fields(ctx, bodyOf(a, id))
	}
	return e, err
}

// fields are all fields of a body.
func (c *Client) fields(ctx context.Context, body secrets.Scope) (map[string]secrets.Entry, error) {
	seen, err := c.Survey(ctx, body)
	if err == nil {
		err = seen.Failed[body]
	}
	if err != nil {
		return nil, err
	}
	out := make(map[string]secrets.Entry, len(seen.Entries))
	for address, entry := range seen.Entries {
		out[address.Name] = entry
	}
	return out, nil
}

// Put writes a connection: a whole new body, then the pointer. Errors are those of
// secrets.Client.Put. Where the pointer certainly did not move, Put deletes the new
// body again.
func (c *Client) Put(ctx context.Context, w secrets.Write) (secrets.Written, error) {
	if err := c.Check(w); err != nil {
		return secrets.Written{}, err
	}
	body := bodyOf(w.Address, newID(c.Owner(), w.Address, c.now(w.Observed), named(w.Observed.Records[c.Owner()].Body)...))
	begun := false
	written, err := c.bodies.Put(ctx, w, func(ctx context.Context) (secrets.Value, secrets.Body, error) {
		begun = true
		record, err := c.prepare(ctx, w, body)
		return secrets.NewValue(body.Group), record, err
	})
	if begun && err != nil && !errors.Is(err, secrets.ErrOutcomeUnknown) && !errors.Is(err, secrets.ErrNoRecord) {
		if err := c.deleteBody(context.WithoutCancel(ctx), body, false); err != nil {
			c.warn(err.Error()) // CleanUp finds it again
		}
	}
	return written, err
}

// now is the time of an observation by the clock of Vault, which has whole seconds, but not before
// its current version; of an absent connection, for which Vault returns none, that of this machine.
func (c *Client) now(observed secrets.Entry) time.Time {
	if observed.Date.IsZero() {
		return time.Now()
	}
	if written := observed.Versions[observed.Current].Created; written.After(observed.Date) {
		return written
	}
	return observed.Date
}

// prepare writes the body, deletes the bodies that the record will not name any more, and
// returns what it names.
func (c *Client) prepare(ctx context.Context, w secrets.Write, body secrets.Scope) (secrets.Body, error) {
	if err := c.writeBody(ctx, w, body); err != nil {
		return secrets.Body{}, fmt.Errorf("connection %s: %w", w.Address, err)
	}
	record, due := superseding(c.Owner(), w.Observed, c.grace)
	if len(due) > 0 {
		unnamed, err := c.unnamed(ctx, w, record)
		if err != nil {
			return secrets.Body{}, fmt.Errorf("connection %s: %w", w.Address, err)
		}
		due = append(slices.DeleteFunc(due, func(id string) bool { return id == earliest }), unnamed...)
	}
	record.ID, record.Fields = body.Group, len(w.Fields)
	if wait := untilDeletable(record, c.now(w.Observed)); len(due) > 0 {
		time.Sleep(wait)
	}
	for _, id := range due {
		if err := c.deleteBody(ctx, bodyOf(w.Address, id), false); err != nil {
			return secrets.Body{}, fmt.Errorf("connection %s: %w", w.Address, err)
		}
	}
	return record, nil
}

// unnamed finds the bodies that no search would find any more after this write. It finds none if
// the token cannot list the domain, as the other searches.
func (c *Client) unnamed(ctx context.Context, w secrets.Write, next secrets.Body) ([]string, error) {
	folders, err := c.bodies.Folders(ctx, w.Address.Scope)
	if errors.Is(err, secrets.ErrPermissionDenied) {
		return nil, nil
	}
	ids := c.ownBodies(folders)[tagsOf(c.Owner(), w.Address)]
	return unnamedBefore(next, c.Owner(), w.Observed, ids), err
}

// writeBody writes the first field and marks it, so that CleanUp can name the connection
// of the body after any crash, and then the others concurrently.
func (c *Client) writeBody(ctx context.Context, w secrets.Write, body secrets.Scope) error {
	field := func(name string) secrets.Address { return secrets.Address{Scope: body, Name: name} }
	names := slices.Sorted(maps.Keys(w.Fields))
	first := field(names[0])
	if err := c.bodies.CreateField(ctx, first, w.Fields[names[0]]); err != nil {
		return err
	}
	if err := c.bodies.MarkField(ctx, first, w.Address); err != nil {
		return err
	}
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(c.Concurrency())
	for _, name := range names[1:] {
		work.Go(func() error { return c.bodies.CreateField(ctx, field(name), w.Fields[name]) })
	}
	return work.Wait()
}

// Delete soft-deletes the claimed version of the pointer if it is current. The bodies stay
// for readers that have read the pointer before: the released record names them, and
// CleanUp deletes them after the grace period. What Delete leaves and returns is as of
// secrets.Client.Delete.
func (c *Client) Delete(ctx context.Context, a secrets.Address, claim secrets.Claim) (secrets.Deletion, error) {
	if err := Check(a); err != nil {
		return secrets.Deletion{}, err
	}
	return c.Client.Delete(ctx, a, claim)
}

// Purge is Delete that destroys every version of the pointer for good. CleanUp then
// destroys the bodies.
func (c *Client) Purge(ctx context.Context, a secrets.Address, claim secrets.Claim) (secrets.Deletion, error) {
	if err := Check(a); err != nil {
		return secrets.Deletion{}, err
	}
	return c.Client.Purge(ctx, a, claim)
}
