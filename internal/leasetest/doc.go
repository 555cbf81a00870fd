// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package leasetest is a fake of the Kubernetes API for tests of the election.
//
// It is for tests only.
package leasetest
