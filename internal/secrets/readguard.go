// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

// ReadGuard says what happens where the token could read the values that it
// writes. Nothing here ever does; but who steals the token could.
type ReadGuard int

// The read guards. Vault is asked once per scope, of the first secret that is
// looked at or written there (sys/capabilities-self).
const (
	// IgnoreReadable asks nothing.
	IgnoreReadable ReadGuard = iota
	// WarnIfReadable tells Config.Warn.
	WarnIfReadable
	// RejectIfReadable lets nothing be described or written; also where Vault will
	// not tell what the token may do.
	RejectIfReadable
)

// ErrCanRead: the token could read values, or nobody can tell that it could not.
// Nothing was written. See CanReadError.
var ErrCanRead = errors.New("the token could read values")

// CanReadError says how the token could read values, and what its policy should
// say.
type CanReadError struct {
	reach reach
	// Rule is the line of Vault policy that is right, in HCL.
	Rule string
}

func (e *CanReadError) Error() string {
	switch e.reach {
	case root:
		return "the Vault token is a root token, which reads every value; get one whose policy grants no more than\n  " + e.Rule
	case untold:
		return "the Vault token may not ask for its own capabilities, so nobody can tell whether it could read values; " +
			`grant it path "sys/capabilities-self" { capabilities = ["update"] }, as Vault's policy default does`
	}
	return "the Vault token could read the values that it writes; take \"read\" out of its policy, so that it grants\n  " + e.Rule
}

// Unwrap gives ErrCanRead.
func (e *CanReadError) Unwrap() error { return ErrCanRead }

// reach is what a token could do to a value besides writing it.
type reach int

const (
	blind reach = iota
	reader
	root
	untold // Vault does not say
)

// reachOf judges the capabilities on the path of a value.
func reachOf(granted []string) reach {
	switch {
	case slices.Contains(granted, "root"):
		return root
	case slices.Contains(granted, "read"):
		return reader
	}
	return blind
}

// objection is what a guard has against a token, and whether that stops it.
func (g ReadGuard) objection(r reach, rule string) (said error, stops bool) {
	if g == IgnoreReadable || r == blind || (r == untold && g == WarnIfReadable) {
		return nil, false
	}
	return &CanReadError{reach: r, Rule: rule}, g == RejectIfReadable
}

// guard does what the configuration says about a token that could read. Errors:
// ErrCanRead, or a *kv.Error.
func (c *Client) guard(ctx context.Context, a Address) error {
	if c.reading == IgnoreReadable {
		return nil
	}
	return c.once(grantKey{a.Scope, reading}, func() error {
		data := needFor(a, "data", "create", "update")
		granted, err := c.kv.Capabilities(ctx, data.path)
		at := reachOf(granted[data.path])
		if errors.Is(err, kv.ErrPermissionDenied) {
			at, err = untold, nil
		}
		if err != nil {
			return fmt.Errorf("finding out whether the token could read values: %w", err)
		}
		said, stops := c.reading.objection(at, data.rule(data.capabilities))
		if said != nil && !stops {
			c.warn(said.Error())
			return nil
		}
		return said
	})
}
