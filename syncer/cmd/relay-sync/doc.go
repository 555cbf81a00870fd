// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Command relay-sync writes workflow secrets from SOPS files in git to Vault.
//
// It contains flags and wiring only: package syncer does the work, and package render
// formats the output. Texts for people go to the terminal, and JSON, where a command
// has it, to standard output. It must not contain decisions.
package main
