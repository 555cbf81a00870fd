// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package vaulttest gives tests a real Vault, the tokens of every role, the
// deeds of outsiders, and a proxy in front of it that records what was asked
// and breaks connections on demand.
//
// It promises that a test that needs Vault has one or fails, never that it is
// skipped; that tests can share one Vault in parallel as long as each keeps to
// its own Workflow; and that no Vault outlives the test process.
//
// It must only be imported by tests. It speaks plain HTTP on purpose: a fault
// in the project's own client must not hide itself here.
package vaulttest
