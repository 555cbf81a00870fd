// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package readers tests that programs of others read what this project writes, byte for byte:
// Vault's own program and its agent, consul-template, vals, External Secrets and Relay's reader,
// beside relay-step. The guide "How steps read" states what these tests find.
//
// The tests have the build tag readers, because the programs take minutes to build: make
// readers-check builds and runs them. internal/tools pins vault, vals and consul-template;
// internal/externalsecrets and internal/relayreader are programs around the others' code.
package readers
