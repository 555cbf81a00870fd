// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package kv

import (
	"context"
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
	// ErrMetadataCAS: metadata_cas is not the current metadata version, or it is missing
	// where the mount requires it (400, OpenBao).
	ErrMetadataCAS = errors.New("metadata check-and-set parameter did not match: another writer has changed the metadata")
	// ErrNoVersion: the answer to a data write has no version, as that of KV version 1.
	ErrNoVersion = errors.New("Vault answered the write without a version, so the mount is not a KV version 2 secrets engine. " +
		"The value may now be at this path; look for it with an administrator's token and delete it there")
	// ErrUnsupported: the secrets engine does not have this operation (405).
	ErrUnsupported = errors.New("the secrets engine at this mount does not support the operation")
	// ErrRejected: Vault rejected a valid request (other 4xx).
	ErrRejected = errors.New("Vault rejected the request; see Vault's audit log for the cause")
	// ErrInvalidToken: the token does not exist (403).
	ErrInvalidToken = errors.New("the Vault token is invalid, expired or revoked; get a new one")
	// ErrPermissionDenied: the token's policies do not allow it (403).
	ErrPermissionDenied = errors.New("permission denied; add the missing capability for this path to the policy of the token")
	// ErrProxyDenied: a server in front of Vault denied the request: the response is not
	// Vault's (401, 403, 407).
	ErrProxyDenied = errors.New("a proxy or gateway in front of Vault denied the request, not Vault itself; check its rules and the address")
	// ErrLoginFailed: the credentials are invalid, or the auth mount does not exist
	// (400, 401, 403).
	ErrLoginFailed = errors.New("authentication failed; check the role, the credentials and the auth mount")
	// ErrRateLimited: a rate limit quota is exceeded, also after retries (429).
	ErrRateLimited = errors.New("Vault's rate limit is exceeded; lower the concurrency or raise the quota")
	// ErrSealed: Vault is sealed (503).
	ErrSealed = errors.New("Vault is sealed; unseal it")
	// ErrUnavailable: no usable response (5xx, 408, 499, timeout, lost connection), or that of a
	// standby that cannot serve the request yet (412, 473).
	ErrUnavailable = errors.New("Vault is unavailable; check its health")
	// ErrUnreachable: the connection failed.
	ErrUnreachable = errors.New("connection failed; check address, port and network")
	// ErrHostNotFound: the host name of the address has no IP address.
	ErrHostNotFound = errors.New("host name not found; check the address and the name servers of this machine")
	// ErrProxyUnreachable: the configured proxy did not connect to Vault.
	ErrProxyUnreachable = errors.New("connection through the configured proxy failed; check the proxy and its rules for this address")
	// ErrTLS: the server's certificate is from an unknown authority. It also matches
	// ErrTLSName and ErrTLSInvalid.
	ErrTLS = errors.New("the TLS certificate of Vault is not trusted; check the CA certificate")
	// ErrTLSName: the server's certificate is for another host name.
	ErrTLSName error = &tlsError{"the TLS certificate of Vault is not trusted: it is not for the host name in the address, or for the TLS server name if one is set; use a name that it is for"}
	// ErrTLSInvalid: the server's certificate has expired, or is not valid for a server.
	ErrTLSInvalid error = &tlsError{"the TLS certificate of Vault is not trusted: it has expired or is not valid; renew it, and check the clock of this machine"}
	// ErrNotTLS: an https address of a server without TLS.
	ErrNotTLS = errors.New("the server does not use TLS at this port; begin the address with http://, or check the port")
	// ErrNeedsTLS: an http address of a server with TLS (400).
	ErrNeedsTLS = errors.New("the server requires TLS at this port; begin the address with https://")
	// ErrMalformed: the response does not follow Vault's API.
	ErrMalformed = errors.New("the response is not that of Vault's API; check the address")
)

// ErrCanceled: the context ended before the response. It is context.Canceled, as text for a
// person.
var ErrCanceled error = canceledError{}

type canceledError struct{}

func (canceledError) Error() string { return "canceled" }
func (canceledError) Unwrap() error { return context.Canceled }

// tlsError is a certificate that is not accepted for another reason than its authority.
type tlsError struct{ text string }

func (e *tlsError) Error() string { return e.text }
func (e *tlsError) Unwrap() error { return ErrTLS }

// unconnected are the causes of a failed connection: no request was sent.
var unconnected = []error{
	ErrUnreachable, ErrHostNotFound, ErrProxyUnreachable, ErrTLS, ErrTLSName, ErrTLSInvalid, ErrNotTLS, ErrNeedsTLS,
}

// Error is a failed request.
type Error struct {
	// Op is the operation, such as "read the metadata of".
	Op string
	// Path is the API path, or the address if the connection failed.
	Path string
	// Status is the HTTP status; 0 without a response.
	Status int
	// Cause is one of the errors above, or the redirect that was not
	// followed.
	Cause error
	// Detail is what this program knows beyond the cause, as a sentence; often empty.
	Detail string
}

// Error returns operation, path, cause, a hint, the status and the detail. It never quotes Vault.
func (e *Error) Error() string {
	text := fmt.Sprintf("%s %s: %s", e.Op, e.Path, e.Cause)
	if e.Status != 0 {
		text += fmt.Sprintf(" (HTTP %d)", e.Status)
	}
	if e.Detail != "" {
		text += ". " + e.Detail
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// OutcomeUnknown reports whether Vault may have executed the request: after anything
// but a 2xx, 3xx or 4xx response of Vault, except if the connection failed or Vault is
// sealed, which it checks before a request.
func (e *Error) OutcomeUnknown() bool {
	if e.HasCause(unconnected...) || e.HasCause(ErrSealed) {
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
	return e.HasCause(ErrUnreachable, ErrHostNotFound, ErrProxyUnreachable, ErrSealed, ErrRateLimited, ErrUnavailable, ErrMetadataCAS)
}

// Refused reports whether Vault has decided against the request: the token, the mount or the entry
// does not permit it. Any other failure may be over soon, such as the page of a proxy, a
// redirect or a certificate of one of several servers.
func (e *Error) Refused() bool {
	return e.HasCause(ErrPermissionDenied, ErrInvalidToken, ErrLoginFailed, ErrNotFound, ErrNoMount, ErrUnsupported, ErrRejected, ErrCanceled)
}

// AffectsAll reports whether every other request would fail alike: it is about the
// connection, the token or the mount, and not about one entry.
func (e *Error) AffectsAll() bool {
	return e.HasCause(unconnected...) || e.HasCause(ErrSealed, ErrNoMount, ErrNoVersion, ErrInvalidToken, ErrLoginFailed)
}

// HasCause reports whether the cause is one of these.
func (e *Error) HasCause(causes ...error) bool { return slices.Contains(causes, e.Cause) }
