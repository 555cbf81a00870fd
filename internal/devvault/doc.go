// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Command devvault runs a real HashiCorp Vault core for the demo and the
// tests, so that no check of this project rests on an imitation of Vault.
//
// It promises the API of Vault 1.14 with KV version 2 and the token, AppRole,
// userpass, JWT and certificate auth methods, on a loopback address only, and
// one line of JSON on standard output once it serves. With -prepare it also
// holds a KV v2 mount and the policies of Relay's writing and reading side. With
// -tls it serves over TLS, under an authority of its own that also issued a
// client certificate.
//
// It must not be used for production data: it writes its root token and unseal
// key to standard output, has no audit device, and TLS only by a flag.
//
// It is a Go module of its own because Vault's several hundred dependencies
// must never reach the provider's go.mod.
package main
