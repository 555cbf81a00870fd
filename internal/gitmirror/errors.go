// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitmirror

import "errors"

// The kinds of failures. Each is wrapped by an error with more details.
var (
	// ErrUnreachable means that the remote did not answer, or that its answer broke off. A retry may succeed.
	ErrUnreachable = errors.New("remote not reachable")
	// ErrAuthentication means that the remote requires credentials or rejected those that it got.
	ErrAuthentication = errors.New("remote authentication failed")
	// ErrUntrusted means that the remote's certificate or host key is not a trusted one.
	ErrUntrusted = errors.New("remote not trusted")
	// ErrRejected means that the remote understood the request and rejected it.
	ErrRejected = errors.New("remote rejected the request")
	// ErrRefNotFound means that the remote has no such branch or tag.
	ErrRefNotFound = errors.New("branch or tag not found in the remote")
	// ErrTooLarge means that the remote sent more than a limit allows.
	ErrTooLarge = errors.New("too large")
)
