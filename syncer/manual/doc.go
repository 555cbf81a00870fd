// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package manual sets, lists and deletes secrets for a person: at a terminal, or at a page
// that has a client of the person already.
//
// # Promises
//
// It gives the guarantees of the controller: it reads no value back, it changes a
// secret of another owner only to adopt it, and it makes no change that the audit
// file cannot record. The owner of a written secret is the person that Vault knows
// by the token.
//
// A change of what a page showed is made only if nothing has changed since: the version,
// its creation time and the owner are the same.
//
// At a terminal, a value comes from a prompt without echo, from standard input or from a file,
// never from an argument: the process list and the shell history show arguments. For
// the same reason a token is never an argument.
package manual
