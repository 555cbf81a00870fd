// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Command demo shows the product at work, from nothing: `make demo`.
//
// It promises that everything it shows is real: a Vault core, sops, git,
// relay-sync and Terraform (or OpenTofu), run as a person would run them, with
// what they said. Each step is checked by exit code, by text and by what the
// workflow's own token reads; the first that is not as expected ends the demo
// with the whole output and exit code 1. Whatever the end, also by a signal, no
// process and no file is left.
//
// It plays three parts that the product itself never plays: the administrator
// of Vault, a step that reads secrets, and somebody who changes them by hand.
// It must not use the network beyond the loopback, nor any setting of the
// person who runs it, nor show output in which the writing side tells a value.
//
// It runs on Unix.
package main
