// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/vault"
)

// DefaultSettle is how long a write's record may take to follow its value: how
// long it is retried, and how old a version without a record must be before its
// last holder repairs it.
const DefaultSettle = 30 * time.Second

// KV is the part of Vault that the client speaks to. *vault.Client is it; the
// property test runs the same histories against a model and against Vault.
type KV interface {
	ReadMetadata(ctx context.Context, e vault.Entry) (vault.Metadata, error)
	WriteData(ctx context.Context, e vault.Entry, value string, cas int) (vault.Written, error)
	PatchMetadata(ctx context.Context, e vault.Entry, fields map[string]any) error
	CreateMetadata(ctx context.Context, e vault.Entry, fields map[string]any) error
	DeleteVersions(ctx context.Context, e vault.Entry, versions ...int) error
	UndeleteVersions(ctx context.Context, e vault.Entry, versions ...int) error
	DestroyVersions(ctx context.Context, e vault.Entry, versions ...int) error
	List(ctx context.Context, e vault.Entry) ([]string, error)
	Capabilities(ctx context.Context, paths ...string) (map[string][]string, error)
}

// Config is what a Client needs.
type Config struct {
	// KV is the connection to Vault. Required.
	KV KV
	// Owner is who writes. Required.
	Owner Owner
	// Settle is as DefaultSettle says; 0 means DefaultSettle.
	Settle time.Duration
	// MaxValueBytes bounds a value after encoding; 0 means DefaultMaxValueBytes.
	MaxValueBytes int
	// Concurrency is how many requests may be under way at once, which Survey
	// keeps to; 0 means DefaultConcurrency. Connect takes it from the Connection.
	Concurrency int
	// Reading says what happens where the token could read values.
	Reading ReadGuard
	// Warn hears what a person should know and what stops nothing; nil drops it.
	Warn func(text string)
}

// Client writes, deletes and observes secrets for one owner by the protocol of
// the package comment. It is safe for concurrent use.
type Client struct {
	kv          KV
	owner       Owner
	settle      time.Duration
	maxBytes    int
	concurrency int
	reading     ReadGuard
	warn        func(string)
	// close ends the connection; nil for a KV that was not made by Connect.
	close func(context.Context) error

	mu      sync.Mutex
	granted map[grantKey]*grant
}

// NewClient makes a client. The error wraps ErrInvalid.
func NewClient(cfg Config) (*Client, error) {
	if _, err := ParseOwner(string(cfg.Owner)); err != nil {
		return nil, err
	}
	c := &Client{
		kv: cfg.KV, owner: cfg.Owner, settle: cfg.Settle, maxBytes: cfg.MaxValueBytes, warn: cfg.Warn,
		concurrency: cfg.Concurrency, reading: cfg.Reading, granted: map[grantKey]*grant{},
	}
	if c.settle == 0 {
		c.settle = DefaultSettle
	}
	if c.maxBytes == 0 {
		c.maxBytes = DefaultMaxValueBytes
	}
	if c.concurrency == 0 {
		c.concurrency = DefaultConcurrency
	}
	if c.warn == nil {
		c.warn = func(string) {}
	}
	return c, nil
}

// Owner is who this client writes as.
func (c *Client) Owner() Owner { return c.owner }

// Concurrency is how many requests may be under way at once.
func (c *Client) Concurrency() int { return c.concurrency }

// Close ends what Connect began: it revokes the token if the connection logged in
// for it, and leaves a given one alone. Errors: a *vault.Error.
func (c *Client) Close(ctx context.Context) error {
	if c.close == nil {
		return nil
	}
	return c.close(ctx)
}

// Describe observes a secret: one read of metadata. An absent secret is an
// Entry without versions. Errors: ErrMissingCapability, ErrTokenRejected, ErrCanRead, or a
// *vault.Error.
func (c *Client) Describe(ctx context.Context, a Address) (Entry, error) {
	e, err := c.describe(ctx, a)
	if err != nil {
		return Entry{}, err
	}
	if err := c.guard(ctx, a); err != nil {
		return Entry{}, err
	}
	return e, nil
}

func (c *Client) describe(ctx context.Context, a Address) (Entry, error) {
	m, err := c.kv.ReadMetadata(ctx, entryOf(a))
	if errors.Is(err, vault.ErrNotFound) {
		return Entry{absent: true}, nil
	}
	if errors.Is(err, vault.ErrPermissionDenied) {
		return Entry{}, c.whyDenied(ctx, a.Scope, needFor(a, "metadata", "read"), err)
	}
	if err != nil {
		return Entry{}, err
	}
	if m.Date.IsZero() {
		m.Date = time.Now()
	}
	e, ok := entryFrom(m)
	if !ok {
		return Entry{}, &vault.Error{Op: "reading the metadata of", Path: a.Path(), Cause: vault.ErrMalformed}
	}
	return e, nil
}

// Confirm observes a secret and compares it with what a decision was made from
// in another process: a saved plan. Errors: ErrConflict, or as of Describe.
func (c *Client) Confirm(ctx context.Context, a Address, was Seen) (Entry, error) {
	e, err := c.Describe(ctx, a)
	if err != nil {
		return Entry{}, err
	}
	if now := e.Seen(); !was.Same(now) {
		return Entry{}, &ConflictError{Address: a, Was: was, Now: &now}
	}
	return e, nil
}

// List names the secrets of a scope, sorted, dead ones among them: only their
// metadata tells. What is no valid name is left out: nobody could refer to it.
// Errors: as of Describe.
func (c *Client) List(ctx context.Context, s Scope) ([]string, error) {
	keys, err := c.kv.List(ctx, vault.Entry{Mount: s.Mount, Path: s.path()})
	if errors.Is(err, vault.ErrPermissionDenied) {
		return nil, c.whyDenied(ctx, s, needForList(s), err)
	}
	if err != nil {
		return nil, err
	}
	names := keys[:0]
	for _, key := range keys {
		if !strings.HasSuffix(key, "/") && nameProblem(key) == "" {
			names = append(names, key)
		}
	}
	return names, nil
}

func entryOf(a Address) vault.Entry { return vault.Entry{Mount: a.Mount, Path: a.path()} }
