// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package terraformtest runs the provider under the real command lines: OpenTofu
// from bin/, and Terraform where it is installed.
//
// It promises that the provider under test is the test binary itself, so that
// there is nothing to build and nothing stale, and the race detector sees the
// provider too; that nothing is downloaded; and that no setting of the
// developer's shell, home or CLI configuration has an influence.
//
// It must only be imported by tests, and knows no resource of the provider.
package terraformtest
