// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package metadataapi evaluates one step of a Relay workflow file, and serves Relay's metadata
// API for it, so that ni and Relay's SDKs work in a job without Kubernetes.
//
// Relay's own packages parse and evaluate expressions (relay-core, pkg/expr): one rule decides
// what a step gets, here and in Relay. relay-core's handler of the API would add 25 MB of
// Kubernetes to the program, so the handler is this package's own. It promises:
//
//   - A step gets what its spec, env and when name, and the secrets of its workflow that it
//     asks for by name, as in Relay.
//   - Everything that does not resolve is known before the command starts, with the line.
//   - No error contains a value, nor a name that an expression made of a value.
//   - Requests need the token of METADATA_API_URL, which only the command has.
//
// It must not write to Vault, and must not print a value.
package metadataapi
