// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package oidctest provides a real OpenID provider with a login page for tests.
//
// A test that needs the provider has one or fails; it is never skipped. No provider
// outlives the test process.
//
// It must only be imported by tests.
package oidctest
