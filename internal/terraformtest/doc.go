// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package terraformtest runs the provider under the real command lines: OpenTofu
// from bin/, and Terraform where it is installed (Each), or under one of them (One).
//
// The provider under test is always current: the test binary itself, or, if the race
// detector is on, the release build. A test of what the provider does at the same time
// asks for the race detector in the provider, too (CLI.Raced). Nothing is downloaded, and no setting of the developer's shell,
// home or CLI configuration has an effect.
//
// It must only be imported by tests, and knows no resource of the provider.
package terraformtest
