// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package kv describes Vault's KV version 2 secrets engine as data: entries, their
// metadata and versions, the answers to requests, and the errors.
//
// It lies between internal/secrets, which decides what to send, and internal/vault,
// which sends it. It does no I/O and imports neither, so that code that only judges
// metadata links no Vault client.
package kv
