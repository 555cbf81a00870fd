// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"errors"
	"fmt"
	"slices"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

var (
	// ErrInvalid is input that no attempt can make right: a name, an owner, a
	// size. Nothing was sent.
	ErrInvalid = errors.New("invalid input")
	// ErrConflict: the secret has changed since the decision to write it was
	// made. Nothing was written. See ConflictError.
	ErrConflict = errors.New("changed since the plan")
	// ErrNotOwner: another owner, or nobody known, wrote what is there. Nothing was
	// written. See NotOwnerError.
	ErrNotOwner = errors.New("not ours to write")
	// ErrOutcomeUnknown: the write was sent and its answer was lost; whether it
	// happened shows at the next observation.
	ErrOutcomeUnknown = errors.New("outcome unknown")
	// ErrNoRecord: the value was written, the record of it was not. See
	// NoRecordError.
	ErrNoRecord = errors.New("written without its record")
	// ErrNotDeleted: there is nothing that this owner could undelete. Nothing was
	// sent. See UndeleteError.
	ErrNotDeleted = errors.New("nothing of ours to undelete")
	// ErrMissingCapability: the token lacks a capability. Nothing was written. See
	// MissingCapabilityError.
	ErrMissingCapability = errors.New("the token's policy does not allow it")
	// ErrPermissionDenied: Vault refuses a request that the token's capabilities allow.
	ErrPermissionDenied = kv.ErrPermissionDenied
	// ErrTokenRejected: Vault refuses the token even to ask for its own capabilities.
	// Vault answers an invalid token in the same words as one that may do nothing.
	ErrTokenRejected = errors.New("Vault refuses this token everything, even to ask for its own capabilities: " +
		"it is invalid, revoked or expired, or lacks Vault's policy default; get a new one")
)

// invalidError is a sentence that wraps ErrInvalid without its words.
type invalidError struct{ text string }

func (e *invalidError) Error() string { return e.text }
func (e *invalidError) Unwrap() error { return ErrInvalid }

func invalidf(format string, args ...any) error {
	return &invalidError{fmt.Sprintf(format, args...)}
}

// ConflictError says what a write was planned from and what is there now.
type ConflictError struct {
	Address Address
	Was     Seen
	// Now is what was observed after the refusal, nil where that failed.
	Now *Seen
}

func (e *ConflictError) Error() string {
	head := fmt.Sprintf("%s %s %s: ", e.Address.Kind, e.Address, ErrConflict)
	switch {
	case e.Now == nil:
		return head + fmt.Sprintf("planned from version %d; plan again", e.Was.Version)
	case e.Now.Version != e.Was.Version:
		return head + fmt.Sprintf("version %d, planned from %d; plan again", e.Now.Version, e.Was.Version)
	case e.Now.Owner != e.Was.Owner:
		return head + fmt.Sprintf("%s, planned from %s; plan again", ownerText(e.Now.Owner), ownerText(e.Was.Owner))
	}
	return head + fmt.Sprintf("version %d is a new one under the same number; plan again", e.Now.Version)
}

// Unwrap gives ErrConflict.
func (e *ConflictError) Unwrap() error { return ErrConflict }

func ownerText(o Owner) string {
	if o == NoOwner {
		return "held by nobody"
	}
	return "held by " + string(o)
}

// NotOwnerError names who holds a secret that was not to be taken.
type NotOwnerError struct {
	Address Address
	// Owner is Nobody where a live value has no record.
	Owner Owner
}

func (e *NotOwnerError) Error() string {
	if e.Owner == NoOwner {
		return fmt.Sprintf("%s %s exists already and no owner's record says who wrote it; adopt it to take it over", e.Address.Kind, e.Address)
	}
	return fmt.Sprintf("%s %s is held by %s; adopt it to take it over, or remove it there first", e.Address.Kind, e.Address, e.Owner)
}

// Unwrap gives ErrNotOwner.
func (e *NotOwnerError) Unwrap() error { return ErrNotOwner }

// UndeleteError says why a secret cannot be undeleted.
type UndeleteError struct {
	Address Address
	Cause   string
}

func (e *UndeleteError) Error() string {
	return fmt.Sprintf("secret %s cannot be undeleted: %s", e.Address, e.Cause)
}

// Unwrap gives ErrNotDeleted.
func (e *UndeleteError) Unwrap() error { return ErrNotDeleted }

// NoRecordError says what was done to which version, and why the record does
// not say so.
type NoRecordError struct {
	Address Address
	// Done is "written" or "let go".
	Done    string
	Written Written
	Cause   error
}

func (e *NoRecordError) Error() string {
	return fmt.Sprintf("%s %s was %s at version %d, but its record could not be: %s; the next run repairs or reports it",
		e.Address.Kind, e.Address, e.Done, e.Written.Version, e.Cause)
}

// Unwrap gives ErrNoRecord and the cause.
func (e *NoRecordError) Unwrap() []error { return []error{ErrNoRecord, e.Cause} }

// MissingCapabilityError names the policy line that a token would need.
type MissingCapabilityError struct {
	Scope Scope
	// Rules are the missing lines of Vault policy, in HCL.
	Rules []string
}

func (e *MissingCapabilityError) Error() string {
	text := e.Scope.Title() + ": the token's Vault policy lacks:"
	for _, rule := range e.Rules {
		text += "\n  " + rule
	}
	return text
}

// Unwrap gives ErrMissingCapability.
func (e *MissingCapabilityError) Unwrap() error { return ErrMissingCapability }

// Unavailable reports whether an error says that Vault or the way to it is in trouble,
// so that the same request may succeed later without anybody doing anything.
func Unavailable(err error) bool {
	failed, ok := errors.AsType[*kv.Error](err)
	return ok && failed.Temporary()
}

// AffectsAll reports whether an error is not about one secret: the next request
// would fail alike, because Vault is sealed, unreachable, not trusted, has no
// such mount, or does not know the token.
func AffectsAll(err error) bool {
	return slices.ContainsFunc(
		[]error{kv.ErrSealed, kv.ErrUnreachable, kv.ErrTLS, kv.ErrNoMount, kv.ErrInvalidToken, kv.ErrLoginFailed, ErrTokenRejected},
		func(reason error) bool { return errors.Is(err, reason) },
	)
}
