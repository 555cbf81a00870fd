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

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// Client writes, deletes and observes connections for the owner of a
// *secrets.Client. It is safe for concurrent use.
type Client struct {
	*secrets.Client
	warn  func(text string)
	grace time.Duration
}

// New makes a client. warn hears what a person should know and what stops nothing.
func New(client *secrets.Client, warn func(text string)) *Client {
	return &Client{Client: client, warn: warn, grace: Grace}
}

// Write is one connection on its way to Vault.
type Write struct {
	Address Address
	// Fields are all its fields. At least one.
	Fields map[string]secrets.Value
	// Observed is the pointer as this process saw it when it decided to write.
	Observed secrets.Entry
	// Baseline is what the owner remembers of its last write besides the record, nil for
	// nothing.
	Baseline *secrets.Written
	// Provenance goes into the record, with the bodies added to it.
	Provenance secrets.Provenance
}

// Check refuses a write that Vault should never see. The error wraps
// secrets.ErrInvalid.
func (c *Client) Check(w Write) error {
	errs := []error{w.Address.Check(), checkNames(slices.Collect(maps.Keys(w.Fields)))}
	for _, name := range slices.Sorted(maps.Keys(w.Fields)) {
		field := secrets.Write{Address: w.Address.Pointer(), Value: w.Fields[name], Provenance: w.Provenance}
		if err := c.Client.Check(field); err != nil {
			errs = append(errs, fmt.Errorf("field %s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

// Describe observes a connection: one read of the pointer's metadata, and where a
// record names a live body, one list and one read of metadata per field. Errors: as
// of secrets.Client.Describe.
func (c *Client) Describe(ctx context.Context, a Address) (Observation, error) {
	pointer, err := c.Client.Describe(ctx, a.Pointer())
	if err != nil {
		return Observation{}, err
	}
	o := Observation{Pointer: pointer}
	holder, is := pointer.Owner()
	if id := pointer.Records[holder].Body; is && id != "" {
		o.Body, err = c.fields(ctx, a.body(id))
	}
	return o, err
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

// Put writes a connection that is this owner's to write: a whole new body, then the
// pointer. Errors are those of secrets.Client.Put. Where the pointer certainly did not
// move, the new body is deleted again.
func (c *Client) Put(ctx context.Context, w Write) (secrets.Written, error) {
	return c.write(ctx, w, c.Client.Put)
}

// Adopt is Put for a connection that is not this owner's.
func (c *Client) Adopt(ctx context.Context, w Write) (secrets.Written, error) {
	return c.write(ctx, w, c.Client.Adopt)
}

type putting func(context.Context, secrets.Write) (secrets.Written, error)

func (c *Client) write(ctx context.Context, w Write, put putting) (secrets.Written, error) {
	if err := c.Check(w); err != nil {
		return secrets.Written{}, err
	}
	body := w.Address.body(uuid.NewString())
	begun := false
	written, err := put(ctx, secrets.Write{
		Address: w.Address.Pointer(), Observed: w.Observed, Baseline: w.Baseline, Provenance: w.Provenance,
		Prepare: func(ctx context.Context) (secrets.Value, secrets.Provenance, error) {
			begun = true
			note, err := c.prepare(ctx, w, body)
			return secrets.NewValue(body.Workflow), note, err
		},
	})
	if begun && err != nil && !errors.Is(err, secrets.ErrOutcomeUnknown) && !errors.Is(err, secrets.ErrNoRecord) {
		c.drop(context.WithoutCancel(ctx), body, false)
	}
	return written, err
}

// prepare writes the body, deletes what nobody reads any more, and gives the record's
// note.
func (c *Client) prepare(ctx context.Context, w Write, body secrets.Scope) (secrets.Provenance, error) {
	if err := c.writeBody(ctx, w, body); err != nil {
		return secrets.Provenance{}, fmt.Errorf("connection %s: %w", w.Address, err)
	}
	note, due := superseding(c.Owner(), w.Observed, w.Provenance, c.grace)
	note.Body, note.Fields = body.Workflow, len(w.Fields)
	for _, id := range due {
		c.drop(ctx, w.Address.body(id), false)
	}
	return note, nil
}

// writeBody writes the first field and marks it, so that the body can be found
// whatever happens, and then the others at once.
func (c *Client) writeBody(ctx context.Context, w Write, body secrets.Scope) error {
	names := slices.Sorted(maps.Keys(w.Fields))
	first := body.Secret(names[0])
	if err := c.CreateField(ctx, first, w.Fields[names[0]]); err != nil {
		return err
	}
	if err := c.MarkField(ctx, first, w.Address.Pointer()); err != nil {
		return err
	}
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(c.Concurrency())
	for _, name := range names[1:] {
		work.Go(func() error { return c.CreateField(ctx, body.Secret(name), w.Fields[name]) })
	}
	return work.Wait()
}

// Delete soft-deletes the pointer, if this owner holds it, and then the fields of
// every body that its record names. What it leaves or returns is as of
// secrets.Client.Delete.
func (c *Client) Delete(ctx context.Context, a Address, wrote *secrets.Written) (secrets.Deletion, error) {
	return c.remove(ctx, a, wrote, c.Client.Delete)
}

// Purge is Delete that destroys every version for good.
func (c *Client) Purge(ctx context.Context, a Address, wrote *secrets.Written) (secrets.Deletion, error) {
	return c.remove(ctx, a, wrote, c.Client.Purge)
}

type removing func(context.Context, secrets.Address, *secrets.Written) (secrets.Deletion, error)

func (c *Client) remove(ctx context.Context, a Address, wrote *secrets.Written, remove removing) (secrets.Deletion, error) {
	if err := a.Check(); err != nil {
		return secrets.NothingOwned, err
	}
	pointer, err := c.Client.Describe(ctx, a.Pointer())
	if err != nil {
		return secrets.NothingOwned, err
	}
	done, err := remove(ctx, a.Pointer(), wrote)
	if err != nil || done != secrets.SoftDeleted && done != secrets.AllDestroyed {
		return done, err
	}
	record := pointer.Records[c.Owner()]
	for _, id := range named(append(record.Superseded[:], record.Body)) {
		c.drop(context.WithoutCancel(ctx), a.body(id), done == secrets.AllDestroyed)
	}
	return done, nil
}

// drop deletes or destroys the fields of a body that no pointer names. What stays is
// told; Sweep finds it again.
func (c *Client) drop(ctx context.Context, body secrets.Scope, destroy bool) {
	names, err := c.List(ctx, body)
	errs := []error{err}
	for _, name := range names {
		errs = append(errs, c.DropField(ctx, body.Secret(name), destroy))
	}
	if err := errors.Join(errs...); err != nil {
		c.warn(fmt.Sprintf("fields of a connection that nobody uses any more could not be deleted: %v", err))
	}
}
