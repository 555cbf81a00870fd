// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package bench measures what the provider takes for many secrets, beside the bare
// Vault calls that the same work needs, in the same run, and how long its start takes:
// "make bench".
//
// It asserts nothing about time, because machines differ, and there is nothing in
// it but the benchmarks.
package bench
