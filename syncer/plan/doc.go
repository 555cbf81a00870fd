// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package plan decides what a sync does: from what a commit wants, what Vault has
// and the policies of the source it makes actions. It is pure.
package plan
