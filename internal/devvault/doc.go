// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Command devvault runs a real HashiCorp Vault core for the demo and the tests. No test
// of this project uses an imitation of Vault.
//
// It serves the API of Vault 1.14 with KV version 2 and the token, AppRole, userpass,
// JWT, OIDC, Kubernetes, LDAP and certificate auth methods, on a loopback address only. When it
// is ready, it prints one line of JSON on standard output. With -prepare it has a KV v2 mount and
// the policies of Relay's writing and reading side. With -tls it serves over TLS, with
// its own certificate authority, which also issues a client certificate. With -nodes it runs
// a cluster in memory: one node is active, and the others forward requests to it.
//
// It must not be used for production data: it writes its root token and unseal
// key to standard output, has no audit device, and uses TLS only with a flag.
//
// It is a Go module of its own, to keep Vault's several hundred dependencies out of the
// provider's go.mod.
package main
