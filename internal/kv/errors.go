// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package kv

import (
	"errors"
	"fmt"
	"slices"
)

// The causes of failed requests. Match with errors.Is.
var (
	// ErrNotFound: no entry at the path (404).
	ErrNotFound = errors.New("not found")
	// ErrNoMount: no secrets engine at the mount (404, "no handler for route").
	ErrNoMount = errors.New("no KV v2 secrets engine found at this mount; check mount and namespace")
	// ErrCASMismatch: the check-and-set version is not the current one (400).
	ErrCASMismatch = errors.New("check-and-set parameter did not match: another writer has changed the secret")
	// ErrRejected: Vault rejected a valid request (other 4xx).
	ErrRejected = errors.New("Vault rejected the request; see Vault's audit log for the cause")
	// ErrInvalidToken: the token does not exist (403).
	ErrInvalidToken = errors.New("the Vault token is invalid, expired or revoked; get a new one")
	// ErrPermissionDenied: the token's policies do not allow it (403).
	ErrPermissionDenied = errors.New("permission denied; add the missing capability for this path to the policy of the token")
	// ErrLoginFailed: the credentials are invalid, or the auth mount does not exist
	// (400, 401, 403).
	ErrLoginFailed = errors.New("authentication failed; check the role, the credentials and the auth mount")
	// ErrRateLimited: a rate limit quota is exceeded, also after retries (429).
	ErrRateLimited = errors.New("Vault's rate limit is exceeded; lower the concurrency or raise the quota")
	// ErrSealed: Vault is sealed (503).
	ErrSealed = errors.New("Vault is sealed; unseal it")
	// ErrUnavailable: no usable response (5xx, 408, 499, timeout, lost connection).
	ErrUnavailable = errors.New("Vault is unavailable; check its health")
	// ErrUnreachable: the connection failed.
	ErrUnreachable = errors.New("connection failed; check address, port and network")
	// ErrTLS: the server's certificate is not trusted or not for this name.
	ErrTLS = errors.New("the TLS certificate of Vault is not trusted; check the CA certificate and the host name in the address")
	// ErrMalformed: the response does not follow Vault's API.
	ErrMalformed = errors.New("the response is not that of Vault's API; check the address")
)

// Error is a failed request.
type Error struct {
	// Op is the operation, such as "read the metadata of".
	Op string
	// Path is the API path, or the address if the connection failed.
	Path string
	// Status is the HTTP status; 0 without a response.
	Status int
	// Cause is one of the errors above, context.Canceled, or the redirect that was not
	// followed.
	Cause error
}

// Error returns operation, path, cause, a hint and the status. It never quotes Vault.
func (e *Error) Error() string {
	if e.Status == 0 {
		return fmt.Sprintf("%s %s: %s", e.Op, e.Path, e.Cause)
	}
	return fmt.Sprintf("%s %s: %s (HTTP %d)", e.Op, e.Path, e.Cause, e.Status)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// OutcomeUnknown reports whether Vault may have executed the request: after anything
// but a 2xx, 3xx or 4xx response of Vault, except if the connection failed or Vault is
// sealed, which it checks before a request.
func (e *Error) OutcomeUnknown() bool {
	if e.HasCause(ErrUnreachable, ErrTLS, ErrSealed) {
		return false
	}
	return e.HasCause(ErrMalformed) || e.Status == 0 || AnswerLost(e.Status)
}

// AnswerLost reports whether a status is that of a request that Vault may have executed
// although its answer was lost: a server error, and what a proxy answers after a timeout
// (408) or a closed connection (nginx's 499).
func AnswerLost(status int) bool {
	return status >= 500 || status == 408 || status == 499
}

// Temporary reports whether the same request can succeed later without a change of it
// or of the token's policy.
func (e *Error) Temporary() bool {
	return e.HasCause(ErrUnreachable, ErrSealed, ErrRateLimited, ErrUnavailable)
}

// HasCause reports whether the cause is one of these.
func (e *Error) HasCause(causes ...error) bool { return slices.Contains(causes, e.Cause) }
