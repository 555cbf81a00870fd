// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package ldaptest provides a real LDAP server for tests, with people who can bind and
// nothing else.
//
// It must only be imported by tests.
package ldaptest
