// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package plan decides what a sync does. From what a commit wants, what Vault has and
// the policies of the source, Make produces one action for each secret.
//
// The package is pure: it reaches no network, no process and no client of Vault, and
// it never sees a value. deps_test.go checks the imports.
package plan
