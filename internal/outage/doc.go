// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package outage tests what the programs of this project do while Vault fails: a daemon, an
// apply of relay-sync, an apply of Terraform and a session of the web page run at the same time, and
// Vault changes its active node, is sealed, is killed, has a full disk, ends tokens or has a wrong
// clock. It has nothing but tests.
package outage
