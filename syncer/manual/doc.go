// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package manual is what a person at a terminal does with the secrets of a
// workflow: set, list, delete.
//
// It promises what the controller promises: no value is read back, what another
// owner holds is left alone unless it is adopted, and a change that the audit file
// cannot take is not made. Who writes is the person that Vault knows by the token.
//
// A value comes from a prompt that does not show it, from standard input or from a
// file, never from an argument, which the process list and the shell's history show.
// No token is an argument either.
package manual
