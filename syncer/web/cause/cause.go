// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package cause

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
	"github.com/relay-secrets/terraform-provider-relay/internal/person"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer"
)

// Cause is why a request was not carried out: a closed set.
type Cause int

// The causes. Those of a change come first: their own causes can be one of the others.
const (
	// Unknown: none of the others.
	Unknown Cause = iota
	// OutcomeUnknown: the change may have been made.
	OutcomeUnknown
	// NoRecord: the change was made, and its record was not written.
	NoRecord
	// NotRecorded: the audit file cannot be written, so nothing was changed.
	NotRecorded
	// Invalid: a name or a value.
	Invalid
	// Conflict: another writer was first.
	Conflict
	// NotOwner: it is unmanaged, or owned by another.
	NotOwner
	// NotDeleted: it cannot be undeleted.
	NotDeleted
	// Tidying: a program removes the name.
	Tidying
	// ResultNotRecorded: the change was made, and the audit file has no result of it.
	ResultNotRecorded
	// TokenRejected: Vault does not accept the token.
	TokenRejected
	// MissingCapability: the policies of the person do not permit it.
	MissingCapability
	// NotPermitted: the person, or the kind of token, may not do it at all.
	NotPermitted
	// RateLimited: by Vault.
	RateLimited
	// Sealed: Vault is.
	Sealed
	// Unavailable: Vault cannot be reached, or is too slow.
	Unavailable
	// NoMount: no KV version 2 secrets engine.
	NoMount
	// VaultAnswer: another answer of Vault.
	VaultAnswer
)

// causes are in the order of precedence.
var causes = []struct {
	cause  Cause
	status int
	is     func(error) bool
}{
	{OutcomeUnknown, http.StatusBadGateway, anyOf(secrets.ErrOutcomeUnknown)},
	{NoRecord, http.StatusBadGateway, anyOf(secrets.ErrNoRecord)},
	{NotRecorded, http.StatusInternalServerError, anyOf(syncer.ErrNotRecorded)},
	{Invalid, http.StatusUnprocessableEntity, anyOf(secrets.ErrInvalid)},
	{Conflict, http.StatusConflict, anyOf(secrets.ErrConflict)},
	{NotOwner, http.StatusConflict, anyOf(secrets.ErrNotOwner)},
	{NotDeleted, http.StatusConflict, anyOf(secrets.ErrNotDeleted)},
	{Tidying, http.StatusConflict, anyOf(secrets.ErrTidying)},
	{ResultNotRecorded, http.StatusInternalServerError, anyOf(syncer.ErrResultNotRecorded)},
	{TokenRejected, http.StatusUnauthorized, anyOf(secrets.ErrTokenRejected, kv.ErrInvalidToken)},
	{MissingCapability, http.StatusForbidden, anyOf(secrets.ErrMissingCapability, kv.ErrPermissionDenied)},
	{NotPermitted, http.StatusForbidden, anyOf(person.ErrNoEntity, person.ErrNotMember, person.ErrBatchToken)},
	{RateLimited, http.StatusTooManyRequests, anyOf(kv.ErrRateLimited)},
	{Sealed, http.StatusServiceUnavailable, anyOf(kv.ErrSealed)},
	{NoMount, http.StatusBadGateway, anyOf(secrets.ErrMount, kv.ErrNoMount)},
	{Unavailable, http.StatusServiceUnavailable, unavailable},
	{VaultAnswer, http.StatusBadGateway, ofVault},
	{Unknown, http.StatusInternalServerError, func(error) bool { return true }},
}

// Of is the cause of an error. Pure.
func Of(err error) Cause {
	for _, c := range causes {
		if c.is(err) {
			return c.cause
		}
	}
	return Unknown
}

// Status is the HTTP status of the cause.
func (c Cause) Status() int {
	for _, one := range causes {
		if one.cause == c {
			return one.status
		}
	}
	return http.StatusInternalServerError
}

// Later reports whether the same request may succeed later.
func (c Cause) Later() bool { return c == RateLimited || c == Sealed || c == Unavailable }

func anyOf(targets ...error) func(error) bool {
	return func(err error) bool {
		return slices.ContainsFunc(targets, func(target error) bool { return errors.Is(err, target) })
	}
}

func unavailable(err error) bool {
	return secrets.Unavailable(err) || errors.Is(err, context.DeadlineExceeded)
}

func ofVault(err error) bool {
	_, is := errors.AsType[*kv.Error](err)
	return is || secrets.AffectsAll(err) || errors.Is(err, kv.ErrLoginFailed)
}
