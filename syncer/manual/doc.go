// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package manual sets, lists and deletes secrets for a person at a terminal.
//
// # Promises
//
// It gives the guarantees of the controller: it reads no value back, it changes a
// secret of another owner only to adopt it, and it makes no change that the audit
// file cannot record. The owner of a written secret is the person that Vault knows
// by the token.
//
// A value comes from a prompt without echo, from standard input or from a file,
// never from an argument: the process list and the shell history show arguments. For
// the same reason a token is never an argument.
package manual
