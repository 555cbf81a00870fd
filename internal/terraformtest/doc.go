// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package terraformtest runs the provider under the real command lines: OpenTofu
// from bin/, and Terraform where it is installed.
//
// The provider under test is always current: it is the test binary itself, so the race
// detector checks the provider, too. Under Terraform, if the race detector is on, it is
// the release build. Nothing is downloaded, and no setting of the developer's shell,
// home or CLI configuration has an effect.
//
// It must only be imported by tests, and knows no resource of the provider.
package terraformtest
