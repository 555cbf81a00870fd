// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package secrets

import (
	"errors"
	"fmt"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/kv"
)

var (
	// ErrInvalid is input that no attempt can make right: a name, an owner, a
	// size. Nothing was sent.
	ErrInvalid = errors.New("invalid input")
	// ErrConflict: the secret has changed since the decision to write it was
	// made. Nothing was written. See conflictError.
	ErrConflict = errors.New("changed since the plan")
	// ErrNotOwner: the secret has another owner, or is unmanaged. Nothing was
	// written. See NotOwnerError.
	ErrNotOwner = errors.New("not owned by this owner")
	// ErrTidying: the metadata of the secret, which has no live value, is being removed.
	// Nothing was written. See tidyingError.
	ErrTidying = errors.New("being tidied")
	// ErrOutcomeUnknown: the write was sent and its answer was lost; the next
	// observation shows whether it happened.
	ErrOutcomeUnknown = errors.New("outcome unknown")
	// ErrNoRecord: the value was written, its record was not. See noRecordError.
	ErrNoRecord = errors.New("written without its record")
	// ErrNotDeleted: there is no version that this owner could undelete. Nothing was
	// sent. See undeleteError.
	ErrNotDeleted = errors.New("no version to undelete")
	// ErrMissingCapability: the token's policy has too few capabilities. Nothing was
	// written. See MissingCapabilityError.
	ErrMissingCapability = errors.New("missing capability")
	// ErrPermissionDenied: Vault denies a request that the token's capabilities allow.
	ErrPermissionDenied = kv.ErrPermissionDenied
	// ErrTokenRejected: Vault denies the token even the request for its own
	// capabilities. Vault answers an invalid token with the same text as one without
	// any capability.
	ErrTokenRejected = errors.New("permission denied for every path: the Vault token is invalid, expired or revoked, " +
		"or it does not have Vault's policy default; get a new one")
)

// invalidError is a text that wraps ErrInvalid without the text of ErrInvalid.
type invalidError struct{ text string }

func (e *invalidError) Error() string { return e.text }
func (e *invalidError) Unwrap() error { return ErrInvalid }

func invalidf(format string, args ...any) error {
	return &invalidError{fmt.Sprintf(format, args...)}
}

// conflictError is what a write was planned from, and what was observed instead.
type conflictError struct {
	Address Address
	Was     Seen
	// Now is what was observed after the refused write, nil where that failed.
	Now *Seen
}

func (e *conflictError) Error() string {
	head := fmt.Sprintf("%s %s %s: ", e.Address.Kind, e.Address, ErrConflict)
	switch {
	case e.Now == nil:
		return head + fmt.Sprintf("planned from version %d; plan again", e.Was.Version)
	case e.Now.Version != e.Was.Version:
		return head + fmt.Sprintf("version %d, planned from %d; plan again", e.Now.Version, e.Was.Version)
	case e.Now.Owner != e.Was.Owner:
		return head + fmt.Sprintf("%s, planned from %s; plan again", OwnedBy(e.Now.Owner), OwnedBy(e.Was.Owner))
	}
	return head + fmt.Sprintf("version %d is a new one under the same number; plan again", e.Now.Version)
}

// Unwrap gives ErrConflict.
func (e *conflictError) Unwrap() error { return ErrConflict }

// OwnedBy describes who owns a secret: "owned by" the owner, or "unmanaged" for NoOwner.
func OwnedBy(o Owner) string {
	if o == NoOwner {
		return "unmanaged"
	}
	return "owned by " + string(o)
}

// NotOwnerError is the owner of a secret that was not to be taken over.
type NotOwnerError struct {
	Address Address
	// Owner equals NoOwner for an unmanaged secret.
	Owner Owner
}

func (e *NotOwnerError) Error() string {
	if e.Owner == NoOwner {
		return fmt.Sprintf("%s %s already exists and is unmanaged; adopt it to take it over", e.Address.Kind, e.Address)
	}
	return fmt.Sprintf("%s %s is owned by %s; adopt it to take it over%s", e.Address.Kind, e.Address, e.Owner, AfterTakeover(e.Owner))
}

// AfterTakeover is what follows a takeover from owner, as the end of a sentence: the
// former owner's program must stop wanting the secret, but not before it is taken over,
// because it would delete the value. It is empty where nothing has to follow.
func AfterTakeover(owner Owner) string {
	switch kind, _, _ := strings.Cut(string(owner), "/"); kind {
	case "terraform":
		return ", and remove it from that Terraform configuration only after that"
	case "gitops":
		return ", and remove it from the files of that source only after that"
	}
	return ""
}

// Unwrap gives ErrNotOwner.
func (e *NotOwnerError) Unwrap() error { return ErrNotOwner }

// notAuthenticError is a secret whose own record is not authentic.
type notAuthenticError struct{ Address Address }

func (e *notAuthenticError) Error() string {
	return fmt.Sprintf("%s %s: record not authentic: its MAC is missing or invalid, so another writer may have changed it; adopt it to write the value again",
		e.Address.Kind, e.Address)
}

// Unwrap gives ErrNotOwner: the owner that wrote the current version is not known.
func (e *notAuthenticError) Unwrap() error { return ErrNotOwner }

// undeleteError is why a secret cannot be undeleted.
type undeleteError struct {
	Address Address
	Cause   string
}

func (e *undeleteError) Error() string {
	return fmt.Sprintf("%s %s cannot be undeleted: %s", e.Address.Kind, e.Address, e.Cause)
}

// Unwrap gives ErrNotDeleted.
func (e *undeleteError) Unwrap() error { return ErrNotDeleted }

// noRecordError is a change of a version that its record does not contain, with the
// cause.
type noRecordError struct {
	Address Address
	// Done is "written" or "released".
	Done    string
	Written Written
	Cause   error
}

func (e *noRecordError) Error() string {
	return fmt.Sprintf("%s %s was %s at version %d, but the record was not updated: %s; the next run repairs or reports it",
		e.Address.Kind, e.Address, e.Done, e.Written.Version, e.Cause)
}

// Unwrap gives ErrNoRecord and the cause.
func (e *noRecordError) Unwrap() []error { return []error{ErrNoRecord, e.Cause} }

// MissingCapabilityError is the part of a policy that a token needs in addition.
type MissingCapabilityError struct {
	// Address is what the request was for; without a name it is a whole scope.
	Address Address
	// Rules are lines of Vault policy, in HCL. Each is complete: Vault applies only the
	// most specific rule for a path, so it repeats what the token already has there.
	Rules []string
	// Command prints all rules for the workflow, or for the connections of the domain;
	// empty for none.
	Command string
	// NoneGranted means that the token has no capability on the paths at all, as where the
	// mount or prefix is mistyped: Vault does not distinguish that from a missing policy.
	NoneGranted bool
}

func (e *MissingCapabilityError) Error() string {
	text := e.subject() + ": missing capability in the Vault policy:"
	for _, rule := range e.Rules {
		text += "\n  " + rule
	}
	all := "this workflow"
	if e.Address.Kind != Secret {
		all = "the connections of this domain, and for every workflow unless you add --workflow"
	}
	if e.Command != "" {
		text += "\nAdd it to the policy; the other rules there must stay. To print all rules for " + all + ":\n  " + e.Command
	}
	if e.NoneGranted {
		text += "\nThe token has no capability there. If this is the wrong path, correct mount and prefix (of relay-sync: vault.mount, vault.prefix)"
	}
	return text
}

// subject names a secret or connection, or the scope if there is no name.
func (e *MissingCapabilityError) subject() string {
	if e.Address.Name == "" {
		return e.Address.Scope.Title()
	}
	return e.Address.Kind.String() + " " + e.Address.String()
}

// Unwrap gives ErrMissingCapability.
func (e *MissingCapabilityError) Unwrap() error { return ErrMissingCapability }

// Unavailable reports whether Vault, or the network to it, is unavailable, so that the
// same request may succeed later without any change.
func Unavailable(err error) bool {
	failed, ok := errors.AsType[*kv.Error](err)
	return ok && failed.Temporary()
}

// AffectsAll reports whether an error is not about one secret: the next request
// would fail alike, because Vault is sealed, unreachable or not trusted, the mount is not
// a KV version 2 mount, or Vault rejects the token.
func AffectsAll(err error) bool {
	failed, ok := errors.AsType[*kv.Error](err)
	return ok && failed.AffectsAll() || errors.Is(err, ErrMount) || errors.Is(err, ErrTokenRejected)
}

// SharedCause is the cause of an error that affects all, without the object of the request
// that failed: equal for each of many failures, so that they can be reported once. It is
// empty for an error about one secret.
func SharedCause(err error) string {
	failed, isKV := errors.AsType[*kv.Error](err)
	mount, isMount := errors.AsType[*mountError](err)
	switch {
	case isMount:
		return mount.Error()
	case errors.Is(err, ErrTokenRejected):
		return ErrTokenRejected.Error()
	case isKV && failed.AffectsAll():
		return failed.Cause.Error()
	}
	return ""
}
