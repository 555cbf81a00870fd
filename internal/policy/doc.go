// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package policy writes the Vault policies of those who use workflow secrets.
//
// A role gets what it needs and nothing else: no role both writes and reads values, and
// no name can widen a rule to other workflows. The text for a grant does not depend on
// the order of its names.
//
// Which operations a role may do is decided here; what an operation requires of Vault is
// in internal/capability, which the capability check of internal/secrets reads too.
// Tests compare the README and the policies of the dev Vault with the result, and try
// every action with every role on a real Vault.
//
// The package is pure: it sends nothing and reads no file.
package policy
