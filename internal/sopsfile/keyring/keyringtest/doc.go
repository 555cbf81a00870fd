// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package keyringtest is a fake of the key services of clouds and of Vault's transit
// engine, for tests.
//
// It serves the requests that encrypt and decrypt a data key, over TLS and with a real
// cipher. It checks tokens, but no signatures of requests.
package keyringtest
