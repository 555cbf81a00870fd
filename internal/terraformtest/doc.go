// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package terraformtest runs the provider under the real command lines: OpenTofu
// from bin/, and Terraform where it is installed.
//
// It promises that the provider under test is never stale: it is the test binary
// itself, so that the race detector sees the provider too, and under Terraform, where
// the race detector is on, the program as it is built for users; that nothing is downloaded; and that no setting of the
// developer's shell, home or CLI configuration has an influence.
//
// It must only be imported by tests, and knows no resource of the provider.
package terraformtest
