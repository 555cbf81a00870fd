// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitmirror

import "errors"

// What callers may want to tell apart. Each is wrapped by an error that says more.
var (
	// ErrUnreachable means that the remote could not be asked, or that its answer broke off: this may pass.
	ErrUnreachable = errors.New("the remote cannot be reached")
	// ErrAuthentication means that the remote does not take the credentials, or wants some.
	ErrAuthentication = errors.New("the remote does not let us in")
	// ErrUntrusted means that the remote did not prove to be the one that is meant: its certificate or host key is not
	// one that is trusted.
	ErrUntrusted = errors.New("the remote is not trusted")
	// ErrRejected means that the remote understood and will not.
	ErrRejected = errors.New("the remote refuses")
	// ErrRefNotFound means that the remote has no such branch or tag.
	ErrRefNotFound = errors.New("the remote has no such branch or tag")
	// ErrTooLarge means that a limit on what is fetched was reached.
	ErrTooLarge = errors.New("too large")
)
