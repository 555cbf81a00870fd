// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/relay-secrets/terraform-provider-relay/internal/capability"
	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

// checkKey is what addresses of a scope share: a check of capabilities.
type checkKey struct {
	scope Scope
	op    capability.Operation
}

// check is one check, shared by all callers that need it.
type check struct {
	once sync.Once
	err  error
}

// require checks, once per scope and operation, that the token has all capabilities
// of an operation, so that a missing one stops before the first write and not between
// a value and its record. If the token cannot read its own capabilities, require warns.
func (c *Client) require(ctx context.Context, a Address, op capability.Operation) error {
	if err := c.guard(ctx, a); err != nil {
		return err
	}
	return c.once(checkKey{a.Scope, op}, func() error { return c.checkCapabilities(ctx, a, op) })
}

// CanWrite checks, once per scope, that the token has all capabilities of a write: for a
// plan, which refuses what its apply would refuse. Errors: ErrMissingCapability,
// ErrTokenRejected, ErrCanRead, or a *kv.Error.
func (c *Client) CanWrite(ctx context.Context, a Address) error {
	return c.require(ctx, a, capability.Write)
}

// once runs a check that all addresses of a scope share.
func (c *Client) once(key checkKey, run func() error) error {
	c.mu.Lock()
	shared := c.checks[key]
	if shared == nil {
		shared = &check{}
		c.checks[key] = shared
	}
	c.mu.Unlock()
	shared.once.Do(func() {
		if shared.err = run(); shared.err != nil {
			// Only a success is kept: the next address checks again.
			c.mu.Lock()
			delete(c.checks, key)
			c.mu.Unlock()
		}
	})
	return shared.err
}

func (c *Client) checkCapabilities(ctx context.Context, a Address, op capability.Operation) error {
	rules := capability.For(op)
	paths := make([]string, len(rules))
	for i, r := range rules {
		paths[i] = pathOf(a, r)
	}
	granted, err := c.kv.Capabilities(ctx, paths...)
	if errors.Is(err, kv.ErrPermissionDenied) {
		c.warn("the token cannot read its own capabilities (sys/capabilities-self), so a missing capability shows only at the request that needs it")
		return nil
	}
	if err != nil {
		return err
	}
	var lines []string
	for i, r := range rules {
		if r.Capabilities = missing(r, granted[paths[i]]); len(r.Capabilities) > 0 {
			lines = append(lines, policyLine(a.Scope, r))
		}
	}
	if len(lines) > 0 {
		return &MissingCapabilityError{Scope: a.Scope, Rules: lines}
	}
	return nil
}

// explainDenied distinguishes a token with a missing capability from one that Vault
// rejects: Vault 1.14 returns the same text for both.
func (c *Client) explainDenied(ctx context.Context, a Address, op capability.Operation, denied error) error {
	r := capability.For(op)[0]
	granted, err := c.kv.Capabilities(ctx, pathOf(a, r))
	r.Capabilities = missing(r, granted[pathOf(a, r)])
	switch {
	case errors.Is(err, kv.ErrPermissionDenied):
		return fmt.Errorf("%s: %w", a.Scope.Title(), ErrTokenRejected)
	case err == nil && len(r.Capabilities) > 0:
		return &MissingCapabilityError{Scope: a.Scope, Rules: []string{policyLine(a.Scope, r)}}
	}
	return denied
}

// pathOf is the path of the requests that a rule is about.
func pathOf(a Address, r capability.Rule) string {
	if r.Folder {
		return a.Mount + "/" + r.API + "/" + a.Scope.path() + "/"
	}
	return a.Mount + "/" + r.API + "/" + a.path()
}

// policyLine is the rule as a policy for all groups of the prefix has it.
func policyLine(s Scope, r capability.Rule) string {
	path := s.Mount + "/" + r.API + "/" + s.Prefix + "/+/"
	if !r.Folder {
		path += "+"
	}
	return fmt.Sprintf(`path "%s" { capabilities = ["%s"] }`, path, strings.Join(r.Capabilities, `", "`))
}

func missing(r capability.Rule, granted []string) []string {
	if slices.Contains(granted, "root") {
		return nil
	}
	var out []string
	for _, name := range r.Capabilities {
		if !slices.Contains(granted, name) {
			out = append(out, name)
		}
	}
	return out
}
