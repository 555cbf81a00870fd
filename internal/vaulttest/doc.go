// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package vaulttest provides a real Vault for tests: tokens of every role, outside
// changes, and a proxy that records requests and breaks connections on demand.
//
// A test that needs Vault has one or fails; it is never skipped. Tests can share one
// Vault in parallel if each uses its own Workflow. No Vault outlives the test process.
//
// It must only be imported by tests. It does not use the project's own client, so that
// a fault of that client cannot hide here.
package vaulttest
