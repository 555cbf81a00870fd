// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package vaultclient makes the client of internal/secrets that writes to a Vault:
// the settings, the logins, and Connect.
//
// The provider and the controller use it in place of internal/vault, which they must
// not import. It is a package of its own so that internal/secrets, whose decisions
// are pure, links neither HTTP nor the Vault library.
package vaultclient
