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
	// Rule is the right line of Vault policy, in HCL.
	Rule string
}

func (e *canReadError) Error() string {
	switch e.reach {
	case root:
		return "the Vault token is a root token, which can read every value; use a token whose policy grants only\n  " + e.Rule
	case unknown:
		return "the Vault token cannot read its own capabilities, so it is not known whether it can read values; " +
			`grant it path "sys/capabilities-self" { capabilities = ["update"] }, as Vault's policy default does`
	}
	return "the Vault token can read the values that it writes; remove \"read\" from its policy, so that it grants only\n  " + e.Rule
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
func (g ReadGuard) objection(r reach, rule string) (report error, stops bool) {
	if g == IgnoreReadable || r == none || (r == unknown && g == WarnIfReadable) {
		return nil, false
	}
	return &canReadError{reach: r, Rule: rule}, g == RejectIfReadable
}

// guard warns or fails, as configured, if the token could read. Errors: ErrCanRead, or
// a *kv.Error.
func (c *Client) guard(ctx context.Context, a Address) error {
	if c.reading == IgnoreReadable {
		return nil
	}
	return c.once(checkKey{a.Scope, capability.Read}, func() error {
		write := capability.For(capability.Write)[0]
		granted, err := c.kv.Capabilities(ctx, pathOf(a, write))
		found := reachOf(granted[pathOf(a, write)])
		if errors.Is(err, kv.ErrPermissionDenied) {
			found, err = unknown, nil
		}
		if err != nil {
			return fmt.Errorf("check whether the token could read values: %w", err)
		}
		report, stops := c.reading.objection(found, policyLine(a.Scope, write))
		if report != nil && !stops {
			c.warn(report.Error())
			return nil
		}
		return report
	})
}
