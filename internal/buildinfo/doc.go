// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package buildinfo determines which build of a program runs: its version, commit and
// toolchain. A release sets the version at link time; a build of go install has the version
// of the module, and one in a checkout the commit (runtime/debug).
package buildinfo
