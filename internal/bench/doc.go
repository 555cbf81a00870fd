// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package bench measures the time of the provider for many secrets, the time of the same
// Vault requests without the provider, relay-sync beside sops publish, and the starts of the
// programs: "make bench".
//
// It contains only benchmarks. It must not assert times, because machines differ.
package bench
