// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package certtest makes certificates for servers on this machine.
//
// It is for tests only.
package certtest
