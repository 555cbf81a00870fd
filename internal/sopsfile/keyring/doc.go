// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package keyring holds the decryption keys of one source and opens with them the
// data keys that SOPS files carry, one entry for each recipient.
//
// Local kinds are age (X25519, post-quantum, SSH) and PGP, from key files. Remote
// kinds are AWS KMS, GCP KMS, Azure Key Vault and Vault's transit engine, where the
// key stays with a server that opens the entry. A kind works only if the
// configuration sets it.
//
// # What it promises
//
//   - The configuration alone says which server is called, with which credentials,
//     for which key. A file's entry is looked up, by its whole id, in the list of
//     keys of the configuration; its role, profile and server are never used, and an
//     encryption context must be the configured one.
//   - Nothing comes from the environment, a home folder, an agent or a command. Only
//     "ambient: true" lets a cloud's library look for a workload identity where that
//     cloud puts one, the environment included.
//   - An error names the recipient, a class and an HTTP status or a code of the
//     service's own list. The answers' texts, which can quote requests, are dropped.
//   - Opened keys stay in memory, in a bounded cache of their source, for an hour at
//     the most. Files are opened again only by remote keys' entries not in it.
//   - A server that does not answer costs a bounded time, however many files want it.
//
// # What it must not do
//
// It knows nothing of SOPS's types or of manifests, never uses proxies or follows
// redirects, and never encrypts.
package keyring
