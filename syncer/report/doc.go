// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package report is the outcome of syncs and of the other operations of the
// controller, as data: what render prints and what the daemon serves. It holds no
// value of a secret.
package report

// FormatVersion is the version of everything that relay-sync prints as JSON or serves,
// and of audit lines. Within 1.x fields are only added.
const FormatVersion = "1.0"
