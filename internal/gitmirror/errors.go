// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitmirror

import "errors"

// What callers may want to tell apart. Each is wrapped by an error that says more.
var (
	// ErrUnreachable means that the remote could not be asked, or that its answer broke off: this may pass.
	ErrUnreachable = errors.New("the remote cannot be reached")
	// ErrDenied means that the remote does not take the credentials, or wants some.
	ErrDenied = errors.New("the remote does not let us in")
	// ErrNotTrusted means that the remote did not prove to be the one that is meant: its certificate or host key is not
	// one that is trusted.
	ErrNotTrusted = errors.New("the remote is not trusted")
	// ErrRefused means that the remote understood and will not.
	ErrRefused = errors.New("the remote refuses")
	// ErrNoRef means that the remote has no such branch or tag.
	ErrNoRef = errors.New("the remote has no such branch or tag")
	// ErrTooLarge means that a limit on what is fetched was reached.
	ErrTooLarge = errors.New("too large")
)
