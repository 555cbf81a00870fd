// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package vault is the connection to Vault: TLS, token, timeouts, retries,
// limits, and the few KV v2 calls that this product makes.
//
// It promises
//   - that nothing here reads a value: there is no call for GET on data/, for
//     subkeys, for rollback or for PATCH on data/;
//   - that a data write is sent once. It is repeated only where Vault says that
//     it did not run it (429). Whether an unanswered write happened is the
//     caller's question, and kv.Error.OutcomeUnknown tells it so;
//   - that an error names the operation, the path, the status and what to do,
//     and holds none of Vault's own text: an answer can quote a request.
//
// It is the only package that imports github.com/hashicorp/vault/api, and it
// must not know what a workflow, an owner or a record is.
package vault
