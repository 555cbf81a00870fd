// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package kv

import (
	"errors"
	"fmt"
	"slices"
)

// What can be wrong with a request. Match with errors.Is; the text is the advice.
var (
	// ErrNotFound: no entry at the path (404).
	ErrNotFound = errors.New("nothing is there")
	// ErrNoMount: no secrets engine at the mount (404, "no handler for route").
	ErrNoMount = errors.New("no KV v2 secrets engine is mounted there; check mount and namespace")
	// ErrCASMismatch: the check-and-set version is not the current one (400).
	ErrCASMismatch = errors.New("check-and-set mismatch: the secret has changed")
	// ErrRejected: Vault understood the request and refuses it (other 4xx).
	ErrRejected = errors.New("Vault refuses the request; its audit log says why")
	// ErrInvalidToken: Vault does not know the token (403).
	ErrInvalidToken = errors.New("the Vault token is invalid, revoked or expired; get a new one")
	// ErrPermissionDenied: the token's policies do not allow it (403).
	ErrPermissionDenied = errors.New("permission denied; the token's policy lacks a capability for this path")
	// ErrLoginFailed: Vault does not accept the credentials of the login, or has no such auth
	// mount (400, 401, 403).
	ErrLoginFailed = errors.New("Vault refuses these credentials; check the role, the secret and the auth mount")
	// ErrRateLimited: over a rate limit quota, also after retries (429).
	ErrRateLimited = errors.New("Vault's rate limit is reached; lower the concurrency or raise the quota")
	// ErrSealed: Vault is sealed (503).
	ErrSealed = errors.New("Vault is sealed; unseal it and try again")
	// ErrUnavailable: no answer that settles anything (5xx, timeout, broken connection).
	ErrUnavailable = errors.New("Vault does not answer properly; check its health and try again")
	// ErrUnreachable: no connection could be made.
	ErrUnreachable = errors.New("nothing answers at this address; check address, port and network")
	// ErrTLS: the server's certificate is not trusted or not for this name.
	ErrTLS = errors.New("the TLS certificate of Vault is not trusted; check the CA certificate and the host name in the address")
	// ErrMalformed: the answer is not what Vault's API describes.
	ErrMalformed = errors.New("the answer is not Vault's; check that the address is Vault's API")
)

// Error is a request that did not succeed.
type Error struct {
	// Op says what was attempted: "reading the metadata of".
	Op string
	// Path is the API path, or the address where no connection could be made.
	Path string
	// Status is the HTTP status, 0 where there was no answer.
	Status int
	// Cause is one of the sentinels above.
	Cause error
}

// Error says what failed, where, and what to do. It never quotes Vault.
func (e *Error) Error() string {
	if e.Status == 0 {
		return fmt.Sprintf("%s %s: %s", e.Op, e.Path, e.Cause)
	}
	return fmt.Sprintf("%s %s: %s (HTTP %d)", e.Op, e.Path, e.Cause, e.Status)
}

// Unwrap gives the sentinel.
func (e *Error) Unwrap() error { return e.Cause }

// OutcomeUnknown reports whether the request may have been carried out all the
// same: anything but a 2xx or 4xx answer, except where the connection was never
// made or Vault says that it is sealed, which it does before it looks at a
// request.
func (e *Error) OutcomeUnknown() bool {
	if e.HasCause(ErrUnreachable, ErrTLS, ErrSealed) {
		return false
	}
	return e.HasCause(ErrMalformed) || e.Status == 0 || e.Status >= 500
}

// Temporary reports whether the same request may succeed later without anybody
// changing it or the token's policy.
func (e *Error) Temporary() bool {
	return e.HasCause(ErrUnreachable, ErrSealed, ErrRateLimited, ErrUnavailable)
}

// HasCause reports whether the cause is one of these.
func (e *Error) HasCause(reasons ...error) bool { return slices.Contains(reasons, e.Cause) }
