// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Command demo shows the product at work, from nothing: `make demo`.
//
// With the argument web, `make demo-web`, it starts the web page on a sample: workflows,
// sources, connections, drift, what is missing, expires or is pending approval, and a
// person of each role. It runs until a signal.
//
// Everything that it shows is real: a Vault core, sops, git, relay-sync and
// Terraform or OpenTofu, with their own output. It checks each step by exit code,
// by output, and by the values that the workflow's own token reads. The first
// unexpected result ends the demo with the whole output and exit code 1. It leaves
// no process and no file, also after a signal.
//
// The demo has three roles that the product does not have: the administrator of
// Vault, a step that reads secrets, and a person who overwrites them by hand. It
// must not use the network beyond the loopback or any setting of the user, and must
// not show a value in the output of the writing side.
//
// It runs on Unix.
package main
