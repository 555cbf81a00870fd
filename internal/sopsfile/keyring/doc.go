// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package keyring has the decryption keys of one source. It decrypts the data keys in
// SOPS files, which contain one entry for each recipient.
//
// Local kinds are age (X25519, post-quantum, SSH) and PGP, with keys from files. Remote
// kinds are AWS KMS, GCP KMS, Azure Key Vault and Vault's transit engine, where the key
// stays on a server that decrypts the entry. A kind works only if it is configured.
//
// # Guarantees
//
//   - Only the configuration selects the server, the credentials and the keys. An entry
//     of a file is looked up by its whole id in the list of configured keys. The role,
//     profile and server in the file are never used, and an encryption context must be
//     the configured one.
//   - Nothing comes from the environment, a home directory, an agent or a command. Only
//     with "ambient: true" the library of a cloud searches the usual locations of a
//     workload identity, the environment included.
//   - An error names the recipient, a class, and an HTTP status or an error code of the
//     service. Texts of responses, which can quote requests, are dropped.
//   - Decrypted keys stay in memory for one hour at most, in a bounded cache of their
//     source. A key server is called only for entries that are not in the cache.
//   - A server that does not respond costs a bounded time, independent of the number of
//     files.
//
// # What it must not do
//
// It must not depend on the types of SOPS or on manifests, use proxies, follow
// redirects, or encrypt.
package keyring
