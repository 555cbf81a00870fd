// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package faulttest lets tests try each fault of the network, of a proxy or of Vault at each
// request of an operation. It is only for tests. What must hold afterwards is theirs to assert.
package faulttest
