// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package tidy removes the metadata of names that are dead and that every owner has
// released: Vault lists a deleted secret for ever, and readers that list a folder stop at it.
//
// It guarantees:
//
//   - A name is removed only if it was dead and released for the time that the caller
//     gives, at two reads at least ten minutes apart, with a mark in between. Every writer of
//     this product refuses to write to a marked name, and reads an old observation again, so
//     none loses a value. A writer outside the protocol can, in the moment of the removal.
//   - It removes only what has a record of this product, of any owner, and of a connection
//     only the bodies that its records name.
//
// It reads no value and writes none. It must not know Terraform, git or SOPS.
package tidy
