// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package vault has the Vault client: login, token, timeouts, retries, limits, and the
// few KV v2 requests of this product.
//
// It promises:
//
//   - Nothing here reads a value: there is no GET on data/, no subkeys, no rollback and
//     no PATCH on data/. Get reads the path that it is given, for internal/step alone.
//   - A data write is sent once. It is repeated only after a 429, with which Vault has
//     not executed it. kv.Error.OutcomeUnknown reports that a write may have happened;
//     the caller has to find out.
//   - A client of Clients has the token of one person. It does not log in, and Close does
//     not revoke the token. What they share are connections, and no token.
//   - An error has the operation, the path, the status and a hint. It contains no text
//     of Vault's: a response can quote a request.
//
// It is the only package that imports github.com/hashicorp/vault/api. It must not know
// what a workflow, an owner or a record is.
package vault
