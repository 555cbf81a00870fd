// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/capability"
	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

// ReadGuard decides what happens if the token could read the values that it writes.
// This package never reads one, but a thief of the token could.
type ReadGuard int

// The read guards. The client checks once per scope, at the first address that it
// observes or writes there (sys/capabilities-self).
const (
	// IgnoreReadable checks nothing.
	IgnoreReadable ReadGuard = iota
	// WarnIfReadable calls Config.Warn.
	WarnIfReadable
	// RejectIfReadable describes and writes nothing; also if the token cannot read its
	// own capabilities.
	RejectIfReadable
)

// ErrCanRead: the token could read values, or it is not known that it could not.
// Nothing was written. See canReadError.
var ErrCanRead = errors.New("the token could read values")

// canReadError is how the token could read values, and the policy that it should have.
type canReadError struct {
	reach reach
	// path is that of the values, as in a policy.
	path string
	// rules are a policy that suffices for a writer, in HCL.
	rules []string
}

func (e *canReadError) Error() string {
	only := "\n  " + strings.Join(e.rules, "\n  ")
	switch e.reach {
	case root:
		return "the Vault token is a root token, which can read every value; use a token with a policy such as:" + only
	case unknown:
		return "the Vault token cannot read its own capabilities, so it is not known whether it can read values; " +
			`grant it path "sys/capabilities-self" { capabilities = ["update"] }, as Vault's policy default does`
	}
	return fmt.Sprintf("the Vault token can read the values that it writes; remove \"read\" from its policy (at %s). This policy suffices to write:", e.path) + only
}

// Unwrap gives ErrCanRead.
func (e *canReadError) Unwrap() error { return ErrCanRead }

// reach is how a token could read a value.
type reach int

const (
	none reach = iota
	reader
	root
	unknown // the token cannot read its own capabilities
)

// reachOf judges the capabilities on the path of a value.
func reachOf(granted []string) reach {
	switch {
	case slices.Contains(granted, "root"):
		return root
	case slices.Contains(granted, "read"):
		return reader
	}
	return none
}

// objection is what a guard reports about a token, and whether that stops it.
func (g ReadGuard) objection(r reach, a Address) (report error, stops bool) {
	if g == IgnoreReadable || r == none || (r == unknown && g == WarnIfReadable) {
		return nil, false
	}
	return &canReadError{reach: r, path: a.Path(), rules: writerLines(a.Scope)}, g == RejectIfReadable
}

// guard warns or fails, as configured, if the token could read. Errors: ErrCanRead, or
// a *kv.Error.
func (c *Client) guard(ctx context.Context, a Address) error {
	if c.reading == IgnoreReadable {
		return nil
	}
	return c.once(ctx, checkKey{a.Scope, capability.Read}, func(ctx context.Context) error {
		granted, err := c.kv.Capabilities(ctx, a.Namespace, a.Path())
		found := reachOf(granted[a.Path()])
		if errors.Is(err, kv.ErrPermissionDenied) {
			found, err = unknown, nil
		}
		if err != nil {
			return fmt.Errorf("check whether the token could read values: %w", err)
		}
		report, stops := c.reading.objection(found, a)
		if report != nil && !stops {
			c.warn(report.Error())
			return nil
		}
		return report
	})
}
