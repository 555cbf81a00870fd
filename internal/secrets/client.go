// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/capability"
	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

// DefaultSettle is how long a write's record may take to follow its value: how
// long it is retried, and how old a version without a record must be before its
// last owner repairs it.
const DefaultSettle = 30 * time.Second

// KV is the part of Vault's KV v2 engine that the client uses: a *vault.Client, or the
// model that the history test compares with it.
type KV interface {
	ReadMetadata(ctx context.Context, e kv.Entry) (kv.Metadata, error)
	WriteData(ctx context.Context, e kv.Entry, value string, cas int) (kv.Written, error)
	PatchMetadata(ctx context.Context, e kv.Entry, fields map[string]any) error
	CreateMetadata(ctx context.Context, e kv.Entry, fields map[string]any) error
	DeleteMetadata(ctx context.Context, e kv.Entry) error
	DeleteVersions(ctx context.Context, e kv.Entry, versions ...int) error
	UndeleteVersions(ctx context.Context, e kv.Entry, versions ...int) error
	DestroyVersions(ctx context.Context, e kv.Entry, versions ...int) error
	List(ctx context.Context, e kv.Entry) ([]string, error)
	// Capabilities and ReadMount are for a namespace.
	Capabilities(ctx context.Context, namespace string, paths ...string) (map[string][]string, error)
	ReadMount(ctx context.Context, namespace, mount string) (kv.Mount, error)
	// Close ends the session.
	Close(ctx context.Context) error
}

// Config is what a Client needs.
type Config struct {
	// KV sends the requests. Required.
	KV KV
	// Owner is the owner of what the client writes. Required.
	Owner Owner
	// Settle is as described at DefaultSettle; 0 means DefaultSettle.
	Settle time.Duration
	// MaxValueBytes bounds a value after encoding; 0 means DefaultMaxValueBytes.
	MaxValueBytes int
	// Encoding decides about values that Vault cannot store as they are; RelayEncoding if
	// empty.
	Encoding Encoding
	// Concurrency is how many requests may be under way at once, which Survey
	// keeps to; 0 means kv.DefaultConcurrency.
	Concurrency int
	// Keys are the keys for the MAC of records; none if unset.
	Keys FingerprintKeys
	// RequireMAC rejects own records without a MAC, if there is a key.
	RequireMAC bool
	// Signers are other owners whose records have a MAC under the same keys, and are
	// checked like own ones: for a client that only observes.
	Signers []Owner
	// Reading decides what happens if the token could read values.
	Reading ReadGuard
	// Role is the role of relay-sync policy that messages recommend for the token; writer
	// if empty.
	Role string
	// Waits is called before the client waits for settle, with the address and the longest
	// wait; nil drops it.
	Waits func(Address, time.Duration)
	// Warn is called with what stops nothing and a person should know; nil drops it.
	Warn func(text string)
}

// Client writes, deletes and observes secrets for one owner by the protocol of
// the package comment. It is safe for concurrent use.
type Client struct {
	kv          KV
	owner       Owner
	settle      time.Duration
	maxBytes    int
	encoding    Encoding
	concurrency int
	keys        FingerprintKeys
	requireMAC  bool
	// signers are the owners whose records are checked, the client's own last.
	signers []Owner
	reading ReadGuard
	role    string
	waits   func(Address, time.Duration)
	warn    func(string)

	checks memo[checkKey, struct{}]
	// changing serializes the pairs of requests that change one address.
	changing addressLocks
	mounts   memo[mountKey, mountCheck]
	// proofs are of mounts that Vault does not describe.
	proofs memo[mountKey, struct{}]
	// metadataCounts has the count of metadata changes, by address, where the server
	// returns it.
	metadataCounts sync.Map
}

// NewClient makes a client. The error wraps ErrInvalid.
func NewClient(cfg Config) (*Client, error) {
	if _, err := parseOwner(string(cfg.Owner)); err != nil {
		return nil, err
	}
	c := &Client{
		kv: cfg.KV, owner: cfg.Owner, settle: cfg.Settle, maxBytes: cfg.MaxValueBytes, encoding: cfg.Encoding, warn: cfg.Warn,
		concurrency: cfg.Concurrency, keys: cfg.Keys, requireMAC: cfg.RequireMAC, signers: slices.Concat(cfg.Signers, []Owner{cfg.Owner}), reading: cfg.Reading,
		role: cmp.Or(cfg.Role, "writer"),
	}
	if c.settle == 0 {
		c.settle = DefaultSettle
	}
	if c.maxBytes == 0 {
		c.maxBytes = DefaultMaxValueBytes
	}
	if c.concurrency == 0 {
		c.concurrency = kv.DefaultConcurrency
	}
	if c.waits = cfg.Waits; c.waits == nil {
		c.waits = func(Address, time.Duration) {}
	}
	if c.warn == nil {
		c.warn = func(string) {}
	}
	return c, nil
}

// Owner is the owner that this client writes as.
func (c *Client) Owner() Owner { return c.owner }

// Metadata sends requests about the metadata of entries that are no secrets, such as
// approvals, with the token of this client.
func (c *Client) Metadata() kv.MetadataStore { return c.kv }

// Concurrency is how many requests may be under way at once.
func (c *Client) Concurrency() int { return c.concurrency }

// Close ends the session of the KV: it revokes a token that came from a login, and
// leaves a given one. Errors: a *kv.Error.
func (c *Client) Close(ctx context.Context) error {
	return c.kv.Close(ctx)
}

// Describe observes a secret: one read of metadata. An absent secret is an
// Entry without versions. Errors: ErrMissingCapability, ErrTokenRejected, ErrCanRead, or a
// *kv.Error.
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
	if _, err := c.checkMount(ctx, a.Scope); err != nil {
		return Entry{}, err
	}
	began := time.Now()
	m, err := c.kv.ReadMetadata(ctx, entryOf(a))
	switch {
	case errors.Is(err, kv.ErrNotFound):
		return Entry{absent: true, observedAt: began}, c.proveMount(ctx, a)
	case errors.Is(err, kv.ErrNoMount):
		return Entry{}, noMount(a.Scope, err)
	case errors.Is(err, kv.ErrPermissionDenied):
		return Entry{}, c.explainDenied(ctx, a, capability.Observe, err)
	case err != nil:
		return Entry{}, err
	}
	if m.CurrentVersion > 0 {
		c.proofs.set(a.mountKey(), struct{}{})
	}
	if m.CurrentMetadataVersion != nil {
		c.setMetadataCount(a, *m.CurrentMetadataVersion)
	}
	if m.Date.IsZero() {
		m.Date = time.Now()
	}
	e, ok := entryFrom(m)
	if !ok {
		return Entry{}, &kv.Error{Op: "read the metadata of", Path: a.Path(), Cause: kv.ErrMalformed}
	}
	e.observedAt = began
	for _, owner := range c.signers {
		e = e.authenticated(owner, c.keys.verify(owner, a, m.CustomMetadata[owner.recordKey()]), c.requireMAC)
	}
	return e, nil
}

// Confirm observes a secret and compares it with an observation of another process,
// such as a saved plan. Errors: ErrConflict, or as of Describe.
func (c *Client) Confirm(ctx context.Context, a Address, was Seen) (Entry, error) {
	e, err := c.Describe(ctx, a)
	if err != nil {
		return Entry{}, err
	}
	if now := e.Seen(); !was.Same(now) {
		return Entry{}, &conflictError{Address: a, Was: was, Now: &now}
	}
	return e, nil
}

// List returns the names in a scope. Dead secrets are among them: only their metadata
// shows that. Errors: as of Describe.
func (c *Client) List(ctx context.Context, s Scope) (Names, error) {
	keys, err := c.listFolder(ctx, s, s.path())
	if errors.Is(err, kv.ErrPermissionDenied) {
		return Names{}, c.explainDenied(ctx, Address{Scope: s}, capability.List, err)
	}
	if err != nil {
		return Names{}, err
	}
	return namesOf(keys), nil
}

// listFolder lists a folder in the mount of a scope. It is empty only if the mount is
// known: another one, or none, looks the same.
func (c *Client) listFolder(ctx context.Context, in Scope, path string) ([]string, error) {
	if _, err := c.checkMount(ctx, in); err != nil {
		return nil, err
	}
	keys, err := c.kv.List(ctx, kv.Entry{Namespace: in.Namespace, Mount: in.Mount, Path: path})
	switch {
	case errors.Is(err, kv.ErrNotFound):
		if in.Group == "" { // the folder of all groups
			in.Group = probeName
		}
		return nil, c.proveMount(ctx, in.Secret(probeName))
	case errors.Is(err, kv.ErrNoMount):
		return nil, noMount(in, err)
	}
	return keys, err
}

// probeName is the entry of a scope that is asked for an empty list. It is never created.
const probeName = "relay-mount-check"

func entryOf(a Address) kv.Entry {
	return kv.Entry{Namespace: a.Namespace, Mount: a.Mount, Path: a.path()}
}
