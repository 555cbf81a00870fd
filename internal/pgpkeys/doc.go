// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package pgpkeys reads files of OpenPGP keys (RFC 9580) as gpg --export writes them, for keys
// that verify and for keys that decrypt.
package pgpkeys
