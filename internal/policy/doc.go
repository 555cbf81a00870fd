// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package policy writes the Vault policies of those who touch workflow secrets.
//
// It promises that a role gets what it needs and nothing else: no role both
// writes and reads values, and no name can widen a rule to other workflows. The
// text is the same for the same grant, whatever the order of its names.
//
// A role's rules stand in one table here. The README, the dev Vault's policies
// and the lines that internal/secrets names when a capability is lacking are
// compared with it by tests, and every role tries every action on a real Vault.
//
// It must stay pure: it asks nobody, and reads no file.
package policy
