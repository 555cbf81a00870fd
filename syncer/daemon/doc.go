// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package daemon is the client of a running daemon: of the command line and of the web
// page. It reaches the daemon at its Unix socket, at its endpoint without a login, or at its
// remote_access, with TLS and a token.
//
// # Promises
//
// Each request has a deadline, except for a sync, which takes as long as it takes. Each
// answer is bounded. The files of the certificate authorities and of the token are read
// again when they change. A token is sent with TLS only, except to this machine itself. An
// error names the address and a next step, and contains neither the token nor a text of the
// other side, except for the cause why the daemon did not sync, which is made printable.
//
// # What this package must not do
//
// It must not decide who may see an answer: the daemon answers with its own rights.
package daemon
