// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/relay-secrets/terraform-provider-relay/internal/capability"
	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

// checkKey is what addresses of a scope share: a check of capabilities.
type checkKey struct {
	scope Scope
	op    capability.Operation
}

// require checks, once per scope and operation, that the mount is KV version 2 and that the
// token has all capabilities of an operation, so that a missing one stops before the first
// write and not between a value and its record. If the token cannot read its own
// capabilities, require warns.
func (c *Client) require(ctx context.Context, a Address, op capability.Operation) error {
	if _, err := c.checkMount(ctx, a.Scope); err != nil {
		return err
	}
	if err := c.guard(ctx, a); err != nil {
		return err
	}
	err := c.once(ctx, checkKey{a.Scope, op}, func(ctx context.Context) error { return c.checkCapabilities(ctx, a, op) })
	if missing, is := errors.AsType[*MissingCapabilityError](err); is {
		return &MissingCapabilityError{Address: a, Rules: missing.Rules, Command: missing.Command, NoneGranted: missing.NoneGranted} // not that of the first caller
	}
	if err != nil {
		return err
	}
	return c.proveMount(ctx, a)
}

// CanWrite checks, once per scope, that the token has all capabilities of a write: for a
// plan, which refuses what its apply would refuse. Errors: ErrMount, ErrMissingCapability,
// ErrTokenRejected, ErrCanRead, or a *kv.Error.
func (c *Client) CanWrite(ctx context.Context, a Address) error {
	return c.require(ctx, a, capability.Write)
}

// once runs a check that all addresses of a scope share. Only a success is kept.
func (c *Client) once(ctx context.Context, key checkKey, run func(context.Context) error) error {
	_, err := c.checks.ask(ctx, key, func(ctx context.Context) (struct{}, error) { return struct{}{}, run(ctx) })
	return err
}

func (c *Client) checkCapabilities(ctx context.Context, a Address, op capability.Operation) error {
	rules := capability.For(op)
	granted, err := c.capabilities(ctx, a, rules...)
	if errors.Is(err, kv.ErrPermissionDenied) {
		c.warn("the token cannot read its own capabilities (sys/capabilities-self), so a missing capability shows only at the request that needs it")
		return nil
	}
	if err != nil {
		return err
	}
	return c.missingCapability(a, op, rules, granted)
}

// explainDenied distinguishes a token with a missing capability from one that Vault
// rejects: Vault 1.14 returns the same text for both.
func (c *Client) explainDenied(ctx context.Context, a Address, op capability.Operation, denied error) error {
	return c.explain(ctx, a, op, capability.For(op)[:1], denied)
}

// changeError explains why Vault denied a change, whose capabilities were there before: since then
// the token, or its policy, has changed. It returns every other error as it is.
func (c *Client) changeError(ctx context.Context, a Address, op capability.Operation, err error) error {
	if !errors.Is(err, kv.ErrPermissionDenied) {
		return err
	}
	return c.explain(ctx, a, op, capability.For(op), err)
}

func (c *Client) explain(ctx context.Context, a Address, op capability.Operation, rules []capability.Rule, denied error) error {
	granted, err := c.capabilities(ctx, a, rules...)
	if errors.Is(err, kv.ErrPermissionDenied) {
		return fmt.Errorf("%s: %w", a.Scope.Title(), ErrTokenRejected)
	}
	if err == nil {
		if missing := c.missingCapability(a, op, rules, granted); missing != nil {
			return missing
		}
	}
	return denied
}

// capabilities are the token's, by the paths of rules.
func (c *Client) capabilities(ctx context.Context, a Address, rules ...capability.Rule) (map[string][]string, error) {
	var paths []string
	for _, r := range rules {
		paths = append(paths, pathsOf(a, r)...)
	}
	return c.kv.Capabilities(ctx, a.Namespace, paths...)
}

// pathsOf are the paths of the requests that a rule is about. A write of a connection
// also writes a body, whose id is a new one each time.
func pathsOf(a Address, r capability.Rule) []string {
	api := a.Mount + "/" + r.API + "/"
	if r.Folder {
		return []string{api + a.Scope.path() + "/"}
	}
	out := []string{api + a.path()}
	if a.Kind == Connection {
		out = append(out, api+a.Prefix+"/"+anyBody+"/"+a.Name)
	}
	return out
}

// anyBody is an id of no body.
const anyBody = "00000000-0000-4000-8000-000000000000"

// missingCapability compares what rules require with what is granted on their paths. The
// error is a *MissingCapabilityError, nil if nothing is missing.
func (c *Client) missingCapability(a Address, op capability.Operation, rules []capability.Rule, granted map[string][]string) error {
	lines, none := missingLines(a, rules, granted)
	if len(lines) == 0 {
		return nil
	}
	return &MissingCapabilityError{Address: a, Rules: lines, Command: policyCommand(a.Scope, op, c.role), NoneGranted: none}
}

// RequiredPaths are the paths of Vault's API whose capabilities decide whether a token may
// do the operations at an address.
func (a Address) RequiredPaths(ops ...capability.Operation) []string {
	var out []string
	for _, r := range capability.Union(ops...) {
		out = append(out, pathsOf(a, r)...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// MissingRules are the lines of a Vault policy, one for a path, that operations at an address require and
// that are not granted, as in a MissingCapabilityError; granted are the capabilities of a
// token by the RequiredPaths. Empty if it may do the operations. Pure.
func (a Address) MissingRules(granted map[string][]string, ops ...capability.Operation) []string {
	lines, _ := missingLines(a, capability.Union(ops...), granted)
	return lines
}

// missingLines are the lines for rules that are not granted. none reports that nothing at
// all is granted there.
func missingLines(a Address, rules []capability.Rule, granted map[string][]string) (lines []string, none bool) {
	none = true
	for _, r := range rules {
		incomplete := false
		have := granted[pathsOf(a, r)[0]]
		none = none && !slices.ContainsFunc(have, func(name string) bool { return name != "deny" })
		for _, path := range pathsOf(a, r) {
			incomplete = incomplete || !capability.Grants(granted[path], r.Capabilities...)
			have = slices.DeleteFunc(slices.Clone(have), func(c string) bool { return !slices.Contains(granted[path], c) })
		}
		if incomplete {
			r.Capabilities = capability.Sort(append(kept(r, have), r.Capabilities...))
			lines = append(lines, policyLine(a.Scope, r))
		}
	}
	return lines, none
}

// kept are the granted capabilities that a complete rule repeats: no reading of values.
func kept(r capability.Rule, granted []string) []string {
	if r.Folder {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(granted), func(name string) bool {
		return name == "deny" || name == "root" || r.API == "data" && name == "read"
	})
}
