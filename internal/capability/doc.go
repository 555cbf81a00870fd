// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package capability is the one table of what Vault's KV version 2 engine requires of a
// token: for each operation, the capabilities on the paths of its requests.
//
// internal/secrets reads it to find missing capabilities before the first request, and
// internal/policy to write policies. It imports neither, and does no I/O.
package capability
