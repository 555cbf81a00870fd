// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package curltest stands in for curl, so that tests can run the commands of guides and demos
// on a machine without it.
//
// It is for tests only.
package curltest
